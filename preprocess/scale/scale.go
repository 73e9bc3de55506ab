// Package scale makes pictures smaller on the planes that they are stored in:
// grey, or Y, Cb and Cr as often as they are sampled. Nothing is converted to
// RGB and back.
//
// It is a separable filter, Lanczos with 3 lobes, made as wide as what is taken
// together (Turkowski, "Filters for Common Resampling Tasks", Graphics Gems,
// 1990), so that there is no moire. It works in whole numbers, with two samples
// in each word, and keeps a few rows beside the result.
//
// It also turns them upright on the way. It knows nothing of colour or of file
// formats, and starts no goroutines.
package scale

import (
	"image"
	"math"
)

// Extent is how much of a source is picture, in samples: up to half a sample, or
// seven eighths, less than the source has where the last ones lie partly beyond
// the picture's edge, as those of a JPEG do that was decoded at a part of its size.
type Extent struct{ Width, Height float64 }

// Of is an extent of all of r.
func Of(r image.Rectangle) Extent { return Extent{float64(r.Dx()), float64(r.Dy())} }

// Gray gives all of src at w by h pixels, each at least 1, and then turned upright
// as an EXIF orientation says; one that is not 2 to 8 changes nothing.
func Gray(src *image.Gray, w, h, orientation int) *image.Gray {
	return Of(src.Rect).Gray(src, w, h, orientation)
}

// YCbCr does the same with src, whose bounds begin at 0, 0. The result is 4:2:0.
func YCbCr(src *image.YCbCr, w, h, orientation int) *image.YCbCr {
	return Of(src.Rect).YCbCr(src, w, h, orientation)
}

// axes say how w by h samples are laid over an extent.
func (e Extent) axes(w, h int) (across, down axis) {
	return axis{n: w, span: e.Width / float64(w)}, axis{n: h, span: e.Height / float64(h)}
}

// Gray does what the function Gray does, with the extent of src.
func (e Extent) Gray(src *image.Gray, w, h, orientation int) *image.Gray {
	t := turnings[orientation]
	dst := image.NewGray(image.Rectangle{Max: image.Pt(t.size(w, h))})
	if b := src.Rect; !b.Empty() {
		across, down := e.axes(w, h)
		t.into(plane{dst.Pix, dst.Stride, dst.Rect.Dx(), dst.Rect.Dy()},
			plane{src.Pix[src.PixOffset(b.Min.X, b.Min.Y):], src.Stride, b.Dx(), b.Dy()}, across, down)
	}
	return dst
}

// YCbCr does what the function YCbCr does, with the extent of src.Y.
func (e Extent) YCbCr(src *image.YCbCr, w, h, orientation int) *image.YCbCr {
	t := turnings[orientation]
	dst := image.NewYCbCr(image.Rectangle{Max: image.Pt(t.size(w, h))}, image.YCbCrSubsampleRatio420)
	sw, sh := src.Rect.Dx(), src.Rect.Dy()
	if src.Rect.Empty() {
		return dst
	}
	across, down := e.axes(w, h)
	t.into(plane{dst.Y, dst.YStride, dst.Rect.Dx(), dst.Rect.Dy()}, plane{src.Y, src.YStride, sw, sh}, across, down)

	x, y := Sampled(src.SubsampleRatio)
	across, down = across.halved(x, t.backX), down.halved(y, t.backY)
	cw, ch := (sw+x-1)/x, (sh+y-1)/y
	dw, dh := t.size(across.n, down.n)
	t.into(plane{dst.Cb, dst.CStride, dw, dh}, plane{src.Cb, src.CStride, cw, ch}, across, down)
	t.into(plane{dst.Cr, dst.CStride, dw, dh}, plane{src.Cr, src.CStride, cw, ch}, across, down)
	return dst
}

// axis says how samples are laid over those of a source: n of them, each span
// wide, the first of them beginning at start spans.
type axis struct {
	n           int
	span, start float64
}

// halved gives the axis of Cb and Cr, with a sample for two pixels where the
// source has one for every so many. Read backwards, pairs of an odd number of
// pixels begin with half a pair.
func (a axis) halved(every int, back bool) axis {
	c := axis{n: (a.n + 1) / 2, span: a.span * 2 / float64(every)}
	if back && a.n%2 != 0 {
		c.start = -0.5
	}
	return c
}

// into resizes src, as stored, and writes it into dst, turned.
func (t turning) into(dst, src plane, across, down axis) {
	if t == (turning{}) {
		resize(dst, src, across, down)
		return
	}
	stored := plane{make([]byte, across.n*down.n), across.n, across.n, down.n}
	resize(stored, src, across, down)
	t.turned(dst, stored)
}

// Sampled gives how many pixels share a sample of Cb and one of Cr, across and down.
func Sampled(r image.YCbCrSubsampleRatio) (x, y int) {
	switch r {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}

type plane struct {
	pix    []byte
	stride int
	w, h   int
}

const lobes = 3

func lanczos(x float64) float64 {
	if x = math.Abs(x); x >= lobes {
		return 0
	}
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return lobes * math.Sin(x) * math.Sin(x/lobes) / (x * x)
}

// unit is what the weights of a sample add up to.
const (
	unitBits = 14
	unit     = 1 << unitBits
)

// filter says for each sample of a result of which samples it is made.
type filter struct {
	n       int // taps of each
	first   []int
	weights []int64 // n of each
}

// newFilter is for samples out of from.
func newFilter(a axis, from int) filter {
	n, wide := a.n, max(a.span, 1)
	f := filter{n: min(int(2*lobes*wide)+1, from), first: make([]int, n)}
	f.weights = make([]int64, n*f.n)
	exact := make([]float64, f.n)
	for i := range n {
		middle := (float64(i) + 0.5 + a.start) * a.span
		first := min(max(int(math.Ceil(middle-lobes*wide-0.5)), 0), from-f.n)
		sum, best := 0.0, 0
		for k := range exact {
			exact[k] = lanczos((float64(first+k) + 0.5 - middle) / wide)
			sum += exact[k]
			if exact[k] > exact[best] {
				best = k
			}
		}
		weights := f.weights[i*f.n:][:f.n]
		rest := int64(unit)
		for k := range exact {
			weights[k] = int64(math.Round(exact[k] / sum * unit))
			rest -= weights[k]
		}
		weights[best] += rest
		f.first[i] = first
	}
	return f
}
