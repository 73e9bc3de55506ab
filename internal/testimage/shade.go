package testimage

import (
	"image"
	"math"
)

// tone is a colour with red, green and blue from 0 to 1, in sRGB.
type tone struct{ r, g, b float64 }

func (t tone) times(f float64) tone { return tone{t.r * f, t.g * f, t.b * f} }

func (t tone) plus(o tone) tone { return tone{t.r + o.r, t.g + o.g, t.b + o.b} }

// mix goes from a to b as f goes from 0 to 1.
func mix(a, b tone, f float64) tone {
	f = min(max(f, 0), 1)
	return a.times(1 - f).plus(b.times(f))
}

// step rises smoothly from 0 at a to 1 at b.
func step(a, b, x float64) float64 {
	t := min(max((x-a)/(b-a), 0), 1)
	return t * t * (3 - 2*t)
}

// render asks shade for every pixel. It gets the pixel's centre, with v from 0
// at the top to 1 at the bottom and u in the same unit, so from 0 to w/h.
func render(w, h int, shade func(u, v float64) tone) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, max(w, 0), max(h, 0)))
	unit := 1 / float64(h)
	for y := range h {
		for x := range w {
			t := shade((float64(x)+0.5)*unit, (float64(y)+0.5)*unit)
			i := img.PixOffset(x, y)
			// Grain, as a sensor has: without it large areas are unlike any
			// photo, and compress too well.
			n := (hash(x, y, 99) - 0.5) * 0.02
			img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] =
				level(t.r+n), level(t.g+n), level(t.b+n), 255
		}
	}
	return img
}

func level(f float64) uint8 { return uint8(min(max(f, 0), 1)*255 + 0.5) }

// hash gives a number in [0, 1) that looks random and depends on its
// arguments only.
func hash(x, y, seed int) float64 {
	n := uint32(x)*0x9e3779b1 ^ uint32(y)*0x85ebca77 ^ uint32(seed)*0xc2b2ae3d
	n = (n ^ n>>15) * 0x2c1b3c6d
	n = (n ^ n>>12) * 0x297a2d39
	return float64(n^n>>15) / (1 << 32)
}

// noise is value noise in [0, 1) that changes over a length of 1.
func noise(x, y float64, seed int) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx), int(fy)
	tx, ty := step(0, 1, x-fx), step(0, 1, y-fy)
	top := hash(ix, iy, seed)*(1-tx) + hash(ix+1, iy, seed)*tx
	bottom := hash(ix, iy+1, seed)*(1-tx) + hash(ix+1, iy+1, seed)*tx
	return top*(1-ty) + bottom*ty
}

// cloud sums noise of ever smaller lengths, around 0 and mostly within ±0.5.
func cloud(x, y float64, octaves, seed int) float64 {
	sum, weight := 0.0, 0.5
	for i := range octaves {
		sum += (noise(x, y, seed+i) - 0.5) * 2 * weight
		x, y, weight = x*2.03, y*2.03, weight/2
	}
	return sum
}
