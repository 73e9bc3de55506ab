package testimage

import (
	"image"
	"math"
)

// Badge is a round sticker with a leaf, w by h pixels: opaque inside, half
// transparent in its soft shadow and wholly transparent around it. What is
// transparent is black underneath, as many programs leave it, so a reader that
// forgets about transparency shows black.
func Badge(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, max(w, 0), max(h, 0)))
	r := float64(min(w, h)) * 0.42
	for y := range h {
		for x := range w {
			dx := (float64(x) + 0.5 - float64(w)/2) / r
			dy := (float64(y) + 0.5 - float64(h)/2) / r
			d := math.Hypot(dx, dy)
			soft := 1.5 / r // the rim is anti-aliased over one and a half pixels
			cover := 1 - step(1-soft, 1+soft/4, d)
			shadow := 0.55 * (1 - step(0.9, 1.14, math.Hypot(dx-0.03, dy-0.06)))
			alpha := cover + (1-cover)*shadow
			if alpha == 0 {
				continue
			}
			t := sticker(dx, dy, d).times(cover / alpha)
			i := img.PixOffset(x, y)
			img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] =
				level(t.r), level(t.g), level(t.b), level(alpha)
		}
	}
	return img
}

// sticker is the badge's colour, in units of its radius.
func sticker(dx, dy, d float64) tone {
	if d > 0.93 {
		return tone{0.97, 0.96, 0.92}
	}
	green := mix(tone{0.24, 0.62, 0.44}, tone{0.06, 0.36, 0.30}, (dy+1)/2)
	// The leaf is the lens between two circles, leaning to the right.
	across, along := dx*0.83+dy*0.56, dx*0.56-dy*0.83
	lens := max(math.Hypot(across-0.42, along), math.Hypot(across+0.42, along))
	if lens < 0.78 {
		leaf := mix(tone{0.98, 0.95, 0.72}, tone{0.90, 0.86, 0.45}, (along+0.7)/1.4)
		vein := math.Abs(across) < 0.018 ||
			math.Abs(math.Mod(along+2-0.8*math.Abs(across), 0.16)-0.08) < 0.012 && lens < 0.72
		if vein {
			return green
		}
		return leaf
	}
	if math.Abs(across) < 0.02 && along < 0 && along > -0.82 {
		return tone{0.90, 0.86, 0.45}
	}
	return green
}
