package heif

// reader goes through a part of a WebAssembly module.
type reader struct {
	b   []byte
	bad bool // what was read is not there, or not known
}

func (r *reader) byte() byte {
	b := r.take(1)
	if r.bad {
		return 0
	}
	return b[0]
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

// number reads one of at most 32 bits without a sign (LEB128). One with a sign is
// passed by it, whatever it gives.
func (r *reader) number() int {
	v := uint64(0)
	for i := 0; ; i++ {
		b := r.byte()
		if r.bad || i == 10 {
			r.bad = true
			return 0
		}
		v |= uint64(b&0x7f) << (7 * min(i, 5))
		if b < 0x80 {
			return int(uint32(v))
		}
	}
}

func (r *reader) numbers(n int) {
	for range n {
		r.number()
	}
}

// immediates passes what follows an opcode (5.4).
func (r *reader) immediates(op byte) {
	switch {
	case op == 0xfc:
		r.moreImmediates()
	case op == 0xfd:
		r.vectorImmediates()
	case op == 0x0e: // br_table
		r.numbers(r.number())
		r.number()
	case op == 0x1c: // select with types
		r.numbers(r.number())
	case op == 0x11, 0x28 <= op && op <= 0x3e: // call_indirect, load and store
		r.numbers(2)
	case op == 0x43: // f32.const
		r.take(4)
	case op == 0x44: // f64.const
		r.take(8)
	case 0x02 <= op && op <= 0x04, op == 0x0c, op == 0x0d, op == opCall, 0x20 <= op && op <= 0x26,
		0x3f <= op && op <= 0x42, op == 0xd0, op == 0xd2:
		r.number()
	case op <= 0x01, op == 0x05, op == opEnd, op == 0x0f, op == 0x1a, op == 0x1b, 0x45 <= op && op <= 0xc4, op == 0xd1:
	default:
		r.bad = true
	}
}

// moreImmediates are those of saturating conversions, and of what works on whole
// memories and tables.
func (r *reader) moreImmediates() {
	switch op := r.number(); op {
	case 0, 1, 2, 3, 4, 5, 6, 7:
	case 8, 10, 12, 14: // memory.init, memory.copy, table.init, table.copy
		r.numbers(2)
	case 9, 11, 13, 15, 16, 17:
		r.number()
	default:
		r.bad = true
	}
}

// vectorImmediates are those of instructions on vectors (5.4.8).
func (r *reader) vectorImmediates() {
	switch op := r.number(); {
	case op <= 11, op == 92, op == 93: // load and store
		r.numbers(2)
	case op == 12, op == 13: // v128.const, i8x16.shuffle
		r.take(16)
	case 21 <= op && op <= 34: // a lane
		r.take(1)
	case 84 <= op && op <= 91: // load and store of a lane
		r.numbers(2)
		r.take(1)
	case op > 255:
		r.bad = true
	}
}
