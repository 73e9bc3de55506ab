package testimage

import (
	"image"
	"math"
)

// shore is the height of the far shore in Landscape, from the top.
const shore = 0.66

// Landscape is a mountain lake in the evening, w by h pixels. Its top is
// bright, its bottom dark and its left differs from its right, so a picture
// that is turned or mirrored can be told from an upright one.
func Landscape(w, h int) *image.NRGBA {
	wide := float64(w) / float64(max(h, 1))
	return render(w, h, func(u, v float64) tone {
		if t, ok := trees(u, v, wide); ok {
			return t
		}
		if bank := 0.9 + 0.04*cloud(u*3, 0, 4, 40); v > bank {
			blades := cloud(u*90, v*25, 3, 41)
			grass := mix(tone{0.16, 0.22, 0.09}, tone{0.34, 0.37, 0.13}, 0.5+blades)
			return grass.times(1 - 0.5*step(bank, 1.05, v))
		}
		if v < shore {
			return far(u, v, wide)
		}
		// The lake mirrors what is above, broken by ripples that grow towards
		// the viewer.
		near := (v - shore) / (1 - shore)
		ripple := cloud(u*6, math.Sqrt(v-shore)*90, 3, 50)
		mirrored := far(u+0.01*ripple*near, 2*shore-v+0.05*ripple*near, wide)
		t := mix(mirrored.times(0.82), tone{0.10, 0.20, 0.30}, 0.15+0.4*near)
		glint := step(0.28, 0.4, ripple) * math.Exp(-sq((u-wide*0.68)/0.12))
		return t.plus(tone{0.5, 0.38, 0.22}.times(glint))
	})
}

// far is the sky with the sun, and the ridges before it.
func far(u, v, wide float64) tone {
	for i := 3; i >= 0; i-- {
		n := float64(i)
		base := 0.36 + 0.085*n
		rough := 0.30 - 0.06*n
		ridge := base - rough*cloud(u*(1.6+0.8*n)+7*n, 0.5, 6, 10+i)*0.9
		if v < ridge {
			continue
		}
		haze := tone{0.72, 0.62, 0.62}
		rock := mix(tone{0.46, 0.47, 0.58}, tone{0.12, 0.22, 0.20}, n/3)
		light := 0.22 * cloud(u*14+v*20, v*30, 4, 20+i)
		t := rock.times(1 + light)
		if i < 2 && v < ridge+0.05+0.1*cloud(u*12, v*9, 3, 30) {
			t = mix(t, tone{0.95, 0.88, 0.88}, 0.55)
		}
		return mix(t, haze, step(0, 0.22, v-ridge)*0.5+0.18*(3-n)/3)
	}
	t := mix(tone{0.24, 0.42, 0.72}, tone{0.98, 0.80, 0.60}, step(-0.05, 0.5, v))
	d := math.Hypot(u-wide*0.68, v-0.26)
	t = t.plus(tone{0.9, 0.55, 0.25}.times(0.5 * math.Exp(-d*6)))
	veil := step(0, 0.35, cloud(u*1.6+3, v*7, 5, 60))
	t = mix(t, tone{1.0, 0.86, 0.78}, 0.6*veil)
	return mix(tone{1, 0.97, 0.86}, t, step(0.045, 0.055, d))
}

// trees are the firs on the near bank; not ok where none stands.
func trees(u, v, wide float64) (t tone, ok bool) {
	const spacing = 0.075
	first := int(u/spacing) - 2
	for i := first; i <= first+4; i++ {
		at := (float64(i) + 0.2 + 0.6*hash(i, 0, 70)) * spacing
		// A gap in the wood opens the view on the lake.
		if side := at / wide; side > 0.27 && side < 0.86 {
			continue
		}
		top := 0.34 + 0.28*hash(i, 1, 70)
		foot := 0.93 + 0.04*hash(i, 2, 70)
		if v < top || v > foot {
			continue
		}
		down := (v - top) / (foot - top)
		tier := math.Mod(down*11+hash(i, 3, 70), 1)
		half := 0.075 * (foot - top) * (down*1.6 + 0.35*tier*(0.3+down) + 0.02)
		half *= 1 + 0.5*cloud(u*160, v*160, 2, 71)
		if math.Abs(u-at) < half {
			light := 0.5 + 0.5*cloud(u*120, v*120, 3, 72) + (u-at)/max(half, 1e-9)*0.2
			return mix(tone{0.03, 0.07, 0.06}, tone{0.11, 0.20, 0.12}, light), true
		}
	}
	return tone{}, false
}

func sq(x float64) float64 { return x * x }
