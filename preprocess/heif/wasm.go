package heif

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	_ "unsafe" // for go:linkname

	_ "github.com/gen2brain/avif" // for its avifWasm
	_ "github.com/gen2brain/heic" // for its heifWasm
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// The modules as the two packages embed them. Their own functions give no say over
// memory, and write to the terminal.
//
//go:linkname heifWasm github.com/gen2brain/heic.heifWasm
var heifWasm []byte

//go:linkname avifWasm github.com/gen2brain/avif.decodeWasm
var avifWasm []byte

var hevc, av1 = newDecoder(&heifWasm), newDecoder(&avifWasm)

// decoder is a module that is compiled once, when it is first needed.
type decoder struct {
	compiled func() (compiled, error)
}

type compiled struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

func newDecoder(packed *[]byte) *decoder {
	return &decoder{sync.OnceValues(func() (compiled, error) { return compile(*packed) })}
}

func compile(packed []byte) (c compiled, err error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return c, err
	}
	code, err := io.ReadAll(z)
	if err != nil {
		return c, err
	}
	if code, err = metered(code); err != nil {
		return c, err
	}
	// What is compiled serves all pictures until the program ends.
	ctx := context.Background()
	c.runtime = wazero.NewRuntime(ctx)
	host := c.runtime.NewHostModuleBuilder(wasi_snapshot_preview1.ModuleName)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(host)
	host.NewFunctionBuilder().WithGoFunction(api.GoFunc(exit), []api.ValueType{api.ValueTypeI32}, nil).Export("proc_exit")
	if _, err = host.Instantiate(ctx); err != nil {
		return c, err
	}
	c.module, err = c.runtime.CompileModule(ctx, code)
	return c, err
}

// exit is the modules' proc_exit, with a status. The call of a function ends with
// what it panics with.
func exit(ctx context.Context, status []uint64) {
	if s := api.DecodeU32(status[0]); s != tick {
		panic(fmt.Errorf("it ended with status %d", s))
	}
	if err := context.Cause(ctx); err != nil {
		panic(err)
	}
}

// instance is a decoder with memory of its own. It is not for more than one
// goroutine.
type instance struct {
	module api.Module
	err    error // the first one
}

// open makes an instance that can take up to limit bytes.
func (d *decoder) open(ctx context.Context, limit int) (*instance, error) {
	c, err := d.compiled()
	if err != nil {
		return nil, fmt.Errorf("compiling the decoder: %w", err)
	}
	ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
		func(uint64, uint64) experimental.LinearMemory { return &memory{limit: limit} }))
	m, err := c.runtime.InstantiateModule(ctx, c.module, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, err
	}
	return &instance{module: m}, nil
}

func (in *instance) close(ctx context.Context) { _ = in.module.Close(ctx) }

// call gives the function's result, or 0 once something failed.
func (in *instance) call(ctx context.Context, function string, args ...uint64) uint64 {
	if in.err != nil {
		return 0
	}
	out, err := in.module.ExportedFunction(function).Call(ctx, args...)
	if err != nil {
		in.err = fmt.Errorf("the decoder stumbled over it: %w", firstLine{err})
		return 0
	}
	if len(out) == 0 {
		return 0
	}
	return out[0]
}

// firstLine leaves out the stack of the module, which tells a user nothing.
type firstLine struct{ error }

func (e firstLine) Error() string {
	line, _, _ := bytes.Cut([]byte(e.error.Error()), []byte("\n"))
	return string(line)
}

func (e firstLine) Unwrap() error { return e.error }

// alloc gives the place of n bytes of the instance's memory.
func (in *instance) alloc(ctx context.Context, n int) uint32 {
	at := uint32(in.call(ctx, "malloc", uint64(n)))
	if at == 0 && in.err == nil {
		in.err = errors.New("the decoder asks for more memory than its size allows")
	}
	return at
}

func (in *instance) put(ctx context.Context, b []byte) uint32 {
	at := in.alloc(ctx, len(b))
	if in.err == nil && !in.module.Memory().Write(at, b) {
		in.err = errOutside
	}
	return at
}

// number reads one of 32 bits.
func (in *instance) number(at uint32) int {
	v, ok := in.module.Memory().ReadUint32Le(at)
	if !ok && in.err == nil {
		in.err = errOutside
	}
	return int(v)
}

// take copies n bytes out.
func (in *instance) take(at uint32, n int) []byte {
	if in.err != nil {
		return nil
	}
	b, ok := in.module.Memory().Read(at, uint32(n))
	if !ok {
		in.err = errOutside
		return nil
	}
	return slices.Clone(b)
}

var errOutside = errors.New("the decoder points outside of its memory")

// memory is what an instance works in. It grows by more than is asked for, as each
// step copies all of it.
type memory struct {
	b     []byte
	limit int
}

// Reallocate gives nil where the limit is reached, which the module sees as no
// memory being left.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(m.limit) {
		return nil
	}
	if n := int(size); n > cap(m.b) {
		grown := make([]byte, n, min(max(2*cap(m.b), n), m.limit))
		copy(grown, m.b)
		m.b = grown
	}
	m.b = m.b[:size]
	return m.b
}

// Free lets go of the memory.
func (m *memory) Free() { m.b = nil }
