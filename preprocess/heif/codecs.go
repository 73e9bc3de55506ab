package heif

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
)

// What the C functions of the modules give (libheif's heif.h).
const (
	rgb, grey                   = 1, 2   // else planes
	chroma420, chroma422        = 1, 2   // else 4:4:4
	rowsOf, atLeast             = 16, 64 // rows are a multiple, of at least so many pixels
	wasmBase                    = 4 << 20
	pixelHEVC, pixelAV1, deeper = 16, 24, 12
)

// hevcLimit is how much memory an instance may take for tiles of a size, in bytes.
func hevcLimit(size image.Point) int {
	padded := (size.X + 64) * (size.Y + 64)
	return bounded(wasmBase + padded*(pixelHEVC+3*perInstance(size)))
}

func (p *Picture) av1Limit() int {
	per := pixelAV1
	if p.deep {
		per += deeper
	}
	return bounded(wasmBase + len(p.c.data) + (p.canvas.X+64)*(p.canvas.Y+64)*per)
}

// bounded keeps to what a module can take at all.
func bounded(n int) int {
	if n < 0 {
		return 1<<32 - 1<<16
	}
	return min(n, 1<<32-1<<16)
}

var errDecode = errors.New("the decoder gave up")

// decodeHEVC decodes a file of one picture.
func (in *instance) decodeHEVC(ctx context.Context, file []byte, size image.Point) (image.Image, error) {
	from := in.put(ctx, file)
	told := in.alloc(ctx, 5*4) // width, height, colours, chroma, premultiplied
	decode := func(headOnly uint64, to uint32) bool {
		t := uint64(told)
		return in.call(ctx, "decode", uint64(from), uint64(len(file)), headOnly,
			t, t+4, t+8, t+12, t+16, uint64(to)) != 0
	}
	if !decode(1, 0) {
		return nil, in.failed()
	}
	if got := image.Pt(in.number(told), in.number(told+4)); got != size {
		return nil, fmt.Errorf("the tile is %v, and not %v as it says", got, size)
	}
	kind, chroma := in.number(told+8), in.number(told+12)
	f := frameOf(size, kind, chroma)
	to := in.alloc(ctx, f.bytes())
	if !decode(0, to) {
		return nil, in.failed()
	}
	pix := in.take(to, f.bytes())
	in.call(ctx, "free", uint64(to))
	in.call(ctx, "free", uint64(told))
	in.call(ctx, "free", uint64(from))
	if in.err != nil {
		return nil, in.err
	}
	return f.image(pix), nil
}

func (in *instance) failed() error {
	if in.err != nil {
		return in.err
	}
	return errDecode
}

// frame is how pixels lie in the module's memory.
type frame struct {
	size, chromaSize     image.Point
	kind, chroma         int
	stride, chromaStride int
}

func frameOf(size image.Point, kind, chroma int) frame {
	f := frame{size: size, kind: kind, chroma: chroma, stride: padded(size.X, 1)}
	switch {
	case kind == rgb:
		f.stride = padded(size.X, 4)
	case kind == grey:
	case chroma == chroma420:
		f.chromaSize = image.Pt((size.X+1)/2, (size.Y+1)/2)
	case chroma == chroma422:
		f.chromaSize = image.Pt((size.X+1)/2, size.Y)
	default:
		f.chromaSize = size
	}
	if f.chromaSize != (image.Point{}) {
		f.chromaStride = padded(f.chromaSize.X, 1)
	}
	return f
}

// padded gives the bytes of a row.
func padded(n, bytes int) int {
	return (max(n, atLeast)*bytes + rowsOf - 1) / rowsOf * rowsOf
}

func (f frame) bytes() int {
	return f.stride*f.size.Y + 2*f.chromaStride*f.chromaSize.Y
}

func (f frame) image(pix []byte) image.Image {
	r := image.Rectangle{Max: f.size}
	switch f.kind {
	case rgb:
		return &image.NRGBA{Pix: pix, Stride: f.stride, Rect: r}
	case grey:
		return &image.Gray{Pix: pix, Stride: f.stride, Rect: r}
	}
	ratio := image.YCbCrSubsampleRatio444
	switch f.chroma {
	case chroma420:
		ratio = image.YCbCrSubsampleRatio420
	case chroma422:
		ratio = image.YCbCrSubsampleRatio422
	}
	y, c := f.stride*f.size.Y, f.chromaStride*f.chromaSize.Y
	return &image.YCbCr{
		Y: pix[:y:y], Cb: pix[y : y+c : y+c], Cr: pix[y+c:],
		YStride: f.stride, CStride: f.chromaStride, SubsampleRatio: ratio, Rect: r,
	}
}

// decodeAV1 decodes the whole file. What it says of turning is left to the caller.
func (p *Picture) decodeAV1(ctx context.Context) (image.Image, error) {
	in, err := av1.open(ctx, p.av1Limit())
	if err != nil {
		return nil, err
	}
	defer in.close(ctx)
	from := in.put(ctx, p.c.data)
	told := in.alloc(ctx, 4*4+8) // width, height, depth, count; how long it is shown
	decode := func(headOnly uint64, to uint32) bool {
		t := uint64(told)
		return in.call(ctx, "decode", uint64(from), uint64(len(p.c.data)), headOnly, 0,
			t, t+4, t+8, t+12, t+16, uint64(to)) != 0
	}
	if !decode(1, 0) {
		return nil, in.failed()
	}
	if got := image.Pt(in.number(told), in.number(told+4)); got != p.canvas {
		return nil, fmt.Errorf("the picture is %v, and not %v as it says", got, p.canvas)
	}
	deep := in.number(told+8) > 8
	if deep && !p.deep {
		return nil, errors.New("the picture has more bits than it says")
	}
	bytes := 4
	if deep {
		bytes = 8
	}
	n := bytes * p.canvas.X * p.canvas.Y
	to := in.alloc(ctx, n)
	// The function also says yes when there is no frame: a mark tells.
	mark := []byte("no frame")
	if in.err == nil {
		in.module.Memory().Write(to, mark)
		in.module.Memory().Write(told+16, mark)
	}
	if !decode(0, to) {
		return nil, in.failed()
	}
	if seen := in.take(told+16, 8); slices.Equal(seen, mark) {
		return nil, in.failed()
	}
	pix := in.take(to, n)
	if in.err != nil {
		return nil, in.err
	}
	r := image.Rectangle{Max: p.canvas}
	if !deep {
		return &image.RGBA{Pix: pix, Stride: 4 * r.Dx(), Rect: r}, nil
	}
	for i := 0; i+1 < len(pix); i += 2 { // Go keeps the high byte first
		pix[i], pix[i+1] = pix[i+1], pix[i]
	}
	return &image.RGBA64{Pix: pix, Stride: 8 * r.Dx(), Rect: r}, nil
}
