package heif

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// A WebAssembly function runs as machine code that Go can neither interrupt nor
// stop: a crafted picture could keep it busy for ever, and the garbage collector
// with it. (wazero's own way of ending one asks Go at every turn of every loop,
// which takes five times as long.) So the modules are changed before they are
// compiled: every loop counts its turns down, and after turnsPerTick of them asks
// the host, which is where a picture's time ends.
//
// The host is asked by the import that ends a program, with a status of its own:
// the numbers of all functions stay what they are.
//
// Source: WebAssembly Core Specification 2.0, chapter 5, "Binary Format".

const (
	// tick is the status that stands for the question to the host.
	tick = 0x7e11
	// turnsPerTick is less than a millisecond's worth, and what asking costs is
	// not to be seen.
	turnsPerTick = 1 << 17
)

// The identifiers of sections, and the opcodes that are written here.
const (
	sectionImport, sectionGlobal, sectionCode = 2, 6, 10

	opLoop, opIf, opEnd, opCall    = 0x03, 0x04, 0x0b, 0x10
	opGlobalGet, opGlobalSet       = 0x23, 0x24
	opI32Const, opI32Eqz, opI32Sub = 0x41, 0x45, 0x6b
	typeI32, noType, mutable       = 0x7f, 0x40, 1
)

var errModule = errors.New("the decoder's module is not as it should be")

// metered gives a module whose loops ask the host now and then.
func metered(module []byte) (out []byte, err error) {
	const head = 8 // magic number and version
	if len(module) < head {
		return nil, errModule
	}
	m := meter{exit: -1, global: -1}
	out = slices.Clone(module[:head])
	for r := (&reader{b: module[head:]}); len(r.b) > 0 && !r.bad; {
		id := r.byte()
		body := r.take(r.number())
		switch id {
		case sectionImport:
			m.findExit(body)
		case sectionGlobal:
			body = m.addGlobal(body)
		case sectionCode:
			if m.exit < 0 || m.global < 0 {
				return nil, fmt.Errorf("%w: it imports no proc_exit, or has no globals", errModule)
			}
			if body, err = m.code(body); err != nil {
				return nil, err
			}
		}
		if r.bad {
			return nil, errModule
		}
		out = append(out, id)
		out = append(binary.AppendUvarint(out, uint64(len(body))), body...)
	}
	return out, nil
}

// meter knows the numbers of the function that asks, and of the global that counts.
type meter struct{ exit, global int }

// findExit finds the number of proc_exit. Only functions are imported.
func (m *meter) findExit(section []byte) {
	r := &reader{b: section}
	for i := range r.number() {
		r.take(r.number())
		name := r.take(r.number())
		kind := r.byte()
		r.number() // its type
		if r.bad || kind != 0 {
			return
		}
		if string(name) == "proc_exit" {
			m.exit = i
		}
	}
}

// addGlobal adds the counter behind the globals that there are.
func (m *meter) addGlobal(section []byte) []byte {
	r := &reader{b: section}
	m.global = r.number()
	out := binary.AppendUvarint(nil, uint64(m.global+1))
	out = append(out, r.b...)
	out = append(out, typeI32, mutable)
	return append(appendConst(out, turnsPerTick), opEnd)
}

// question is what a loop begins with.
func (m *meter) question() (out []byte) {
	global := func(op byte) { out = binary.AppendUvarint(append(out, op), uint64(m.global)) }
	global(opGlobalGet)
	out = append(appendConst(out, 1), opI32Sub)
	global(opGlobalSet)
	global(opGlobalGet)
	out = append(out, opI32Eqz, opIf, noType)
	out = appendConst(out, turnsPerTick)
	global(opGlobalSet)
	out = append(appendConst(out, tick), opCall)
	return append(binary.AppendUvarint(out, uint64(m.exit)), opEnd)
}

// appendConst appends an i32.const of a number that is not negative.
func appendConst(out []byte, n int) []byte {
	out = append(out, opI32Const)
	for n >= 0x40 { // signed LEB128: the last byte's bit 6 is the sign
		out, n = append(out, byte(n)|0x80), n>>7
	}
	return append(out, byte(n))
}

// code gives a code section with the question in all loops.
func (m *meter) code(section []byte) ([]byte, error) {
	r := &reader{b: section}
	n := r.number()
	out := binary.AppendUvarint(make([]byte, 0, 2*len(section)), uint64(n))
	question := m.question()
	for range n {
		body := r.take(r.number())
		if r.bad {
			return nil, errModule
		}
		changed, err := insert(body, question)
		if err != nil {
			return nil, err
		}
		out = append(binary.AppendUvarint(out, uint64(len(changed))), changed...)
	}
	return out, nil
}

// insert puts the question behind the start of every loop of a function.
func insert(body, question []byte) ([]byte, error) {
	r := &reader{b: body}
	for range r.number() { // groups of local variables
		r.number()
		r.byte()
	}
	var out []byte
	from := body
	for len(r.b) > 0 {
		op := r.byte()
		r.immediates(op)
		if r.bad {
			return nil, fmt.Errorf("%w: it has an instruction %#x", errModule, op)
		}
		if op == opLoop {
			out = append(append(out, from[:len(from)-len(r.b)]...), question...)
			from = r.b
		}
	}
	return append(out, from...), nil
}
