package heif

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"vlocal/internal/testimage"
)

// spinning is a module whose function "spin" never ends.
var spinning = []byte("\x00asm\x01\x00\x00\x00" +
	"\x01\x08\x02\x60\x01\x7f\x00\x60\x00\x00" + // types: (i32) -> (), () -> ()
	"\x02\x24\x01\x16wasi_snapshot_preview1\x09proc_exit\x00\x00" +
	"\x03\x02\x01\x01" + // a function of the second type
	"\x05\x03\x01\x00\x01" + // a memory
	"\x06\x08\x01\x7f\x01\x41\x90\xf8\x03\x0b" + // a global, with a number of three bytes
	"\x07\x08\x01\x04spin\x00\x01" +
	"\x0a\x18\x01\x16\x01\x01\x7e" + // code, with a local variable
	"\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f\x21\x00" + // the least number of 64 bits
	"\x03\x40\x0c\x00\x0b" + // loop: again
	"\x0b")

func packed(t *testing.T, module []byte) *[]byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(module); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	out := b.Bytes()
	return &out
}

// Without the question in its loop nothing could end this.
func TestEndlessLoopEndsWithItsTime(t *testing.T) {
	in, err := newDecoder(packed(t, spinning)).open(t.Context(), wasmBase)
	if err != nil {
		t.Fatal(err)
	}
	defer in.close(t.Context())
	enough := errors.New("enough")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, enough)
	defer cancel()
	if in.call(ctx, "spin"); !errors.Is(in.err, enough) {
		t.Errorf("it ended with %v", in.err)
	}
}

func TestModuleThatCannotBeReadIsRefused(t *testing.T) {
	for _, name := range []string{"heic", "avif"} {
		code := map[string][]byte{"heic": heifWasm, "avif": avifWasm}[name]
		z, err := gzip.NewReader(bytes.NewReader(code))
		if err != nil {
			t.Fatal(err)
		}
		module, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := metered(module); err != nil || len(out) <= len(module) {
			t.Errorf("%s: %d bytes became %d: %v", name, len(module), len(out), err)
		}
	}
	for n := range len(spinning) - 1 {
		if out, err := metered(spinning[:n]); err == nil && len(out) > 8+len(spinning) {
			t.Errorf("%d bytes gave %d", n, len(out))
		}
	}
	for _, module := range [][]byte{nil, []byte("\x00asm\x01\x00\x00\x00\x0a\x02\x01"), append(bytes.Clone(spinning[:8]), spinning[len(spinning)-26:]...)} {
		if _, err := metered(module); !errors.Is(err, errModule) {
			t.Errorf("%q: %v", module, err)
		}
	}
	odd := bytes.Replace(spinning, []byte("\x03\x40\x0c\x00\x0b"), []byte("\x03\x40\xf0\x00\x0b"), 1)
	if _, err := metered(odd); !errors.Is(err, errModule) {
		t.Errorf("an instruction that nobody knows: %v", err)
	}
}

// soon is a context that is done after it was looked at so many times.
type soon struct {
	context.Context
	left int
}

func (s *soon) Err() error {
	if s.left--; s.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestTileIsStoppedWhileItIsDecoded(t *testing.T) {
	p, err := Open(testimage.HEIC(testimage.Landscape(320, 240), testimage.HEIF{}))
	if err != nil {
		t.Fatal(err)
	}
	var all mosaic
	parts, err := p.tiles()
	if err != nil {
		t.Fatal(err)
	}
	ctx := &soon{t.Context(), 2}
	if err := p.decodeTiles(ctx, parts, 0, 1, &all); !errors.Is(err, context.Canceled) || ctx.left != -1 {
		t.Errorf("%v, looked %d times more", err, -1-ctx.left)
	}
}
