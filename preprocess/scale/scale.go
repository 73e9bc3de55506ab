// Package scale makes pictures smaller on the planes that they are stored in:
// grey, or Y, Cb and Cr as often as they are sampled. Nothing is converted to
// RGB and back.
//
// It is a separable filter, Lanczos with 3 lobes, made as wide as what is taken
// together (Turkowski, "Filters for Common Resampling Tasks", Graphics Gems,
// 1990), so that there is no moire. It works in whole numbers, with two samples
// in each word, and keeps a few rows beside the result.
//
// It owns no colour, orientation or file format, and starts no goroutines.
package scale

import (
	"image"
	"math"
)

// Gray gives src at w by h pixels, each at least 1.
func Gray(src *image.Gray, w, h int) *image.Gray {
	dst := image.NewGray(image.Rect(0, 0, w, h))
	b := src.Rect
	if b.Empty() {
		return dst
	}
	resize(
		plane{dst.Pix, dst.Stride, w, h},
		plane{src.Pix[src.PixOffset(b.Min.X, b.Min.Y):], src.Stride, b.Dx(), b.Dy()},
		float64(b.Dx())/float64(w), float64(b.Dy())/float64(h))
	return dst
}

// YCbCr gives src, whose bounds begin at 0, 0, at w by h pixels, each at least
// 1. The result is 4:2:0, which is what image/jpeg writes.
func YCbCr(src *image.YCbCr, w, h int) *image.YCbCr {
	dst := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	sw, sh := src.Rect.Dx(), src.Rect.Dy()
	if src.Rect.Empty() {
		return dst
	}
	spanX, spanY := float64(sw)/float64(w), float64(sh)/float64(h)
	resize(plane{dst.Y, dst.YStride, w, h}, plane{src.Y, src.YStride, sw, sh}, spanX, spanY)
	// A sample of Cb stands for several pixels, the last one perhaps for less.
	x, y := sampled(src.SubsampleRatio)
	cw, ch := (sw+x-1)/x, (sh+y-1)/y
	spanX, spanY = spanX*2/float64(x), spanY*2/float64(y)
	resize(plane{dst.Cb, dst.CStride, (w + 1) / 2, (h + 1) / 2}, plane{src.Cb, src.CStride, cw, ch}, spanX, spanY)
	resize(plane{dst.Cr, dst.CStride, (w + 1) / 2, (h + 1) / 2}, plane{src.Cr, src.CStride, cw, ch}, spanX, spanY)
	return dst
}

// sampled gives how many pixels a sample of Cb stands for, across and down.
func sampled(r image.YCbCrSubsampleRatio) (x, y int) {
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

// newFilter is for n samples out of from, each span times as wide as those.
func newFilter(n, from int, span float64) filter {
	wide := max(span, 1)
	f := filter{n: min(int(2*lobes*wide)+1, from), first: make([]int, n)}
	f.weights = make([]int64, n*f.n)
	exact := make([]float64, f.n)
	for i := range n {
		middle := (float64(i) + 0.5) * span
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
