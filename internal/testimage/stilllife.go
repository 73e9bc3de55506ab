package testimage

import (
	"image"
	"math"
)

// fruit is a lit ball; x is from the middle of the picture, all in picture
// heights.
type fruit struct {
	x, y, r float64
	skin    tone
	rough   float64
}

// fruits, the nearest last.
var fruits = []fruit{
	{-0.20, 0.47, 0.135, tone{0.93, 0.56, 0.10}, 0.9},
	{0.20, 0.49, 0.125, tone{0.72, 0.78, 0.22}, 0.2},
	{0.01, 0.45, 0.150, tone{0.80, 0.13, 0.11}, 0.2},
	{0.52, 0.735, 0.120, tone{0.95, 0.58, 0.12}, 0.9},
}

// StillLife is a bowl of fruit on a table by a window, w by h pixels.
func StillLife(w, h int) *image.NRGBA {
	mid := float64(w) / float64(max(h, 1)) / 2
	return render(w, h, func(u, v float64) tone {
		x := u - mid
		if t, ok := ball(fruits[3], x, v); ok {
			return t
		}
		if t, ok := bowl(x, v); ok {
			return t
		}
		for i := 2; i >= 0; i-- {
			if t, ok := ball(fruits[i], x, v); ok {
				return t
			}
		}
		if v < 0.62 {
			return wall(x, v)
		}
		return table(x, v)
	})
}

// bowl is blue glazed pottery: a half ellipse below its rim.
func bowl(x, v float64) (tone, bool) {
	const rim, wide, deep = 0.52, 0.40, 0.30
	lip := 0.022 * math.Sqrt(max(1-sq(x/wide), 0))
	below := v - rim - lip
	if below < 0 || sq(x/wide)+sq((v-rim)/deep) > 1 || v > 0.80 {
		return tone{}, false
	}
	nx, ny := x/wide, (v-rim)/deep
	light := max(0.25, 0.75-0.55*nx-0.35*ny)
	glaze := tone{0.16, 0.34, 0.52}
	if below > 0.055 && below < 0.085 || below > 0.1 && below < 0.107 {
		glaze = tone{0.86, 0.84, 0.76}
	}
	if below < 0.014 {
		glaze = tone{0.80, 0.84, 0.86}
	}
	shine := math.Exp(-sq((x+0.22)/0.035) - sq((v-0.62)/0.07))
	return glaze.times(light * 1.25).plus(tone{1, 1, 1}.times(0.45 * shine)), true
}

// ball is shaded by a window on the upper left.
func ball(f fruit, x, v float64) (tone, bool) {
	dx, dy := (x-f.x)/f.r, (v-f.y)/f.r
	if dx*dx+dy*dy > 1 {
		return tone{}, false
	}
	dz := math.Sqrt(1 - dx*dx - dy*dy)
	pores := 0.10 * f.rough * cloud(dx*22/(0.4+dz), dy*22/(0.4+dz), 2, 7)
	streaks := 0.18 * (1 - f.rough) * cloud(math.Atan2(dx, dz)*9, dy*2, 3, int(f.r*1e4))
	light := max(0, -0.52*dx-0.58*dy+0.63*dz+pores)
	t := f.skin.times((0.24 + 0.86*light) * (1 + streaks))
	shine := math.Pow(max(0, -0.34*dx-0.42*dy+0.84*dz), 60-40*f.rough)
	return t.plus(tone{1, 0.97, 0.9}.times(shine * (0.7 - 0.5*f.rough))), true
}

// wall is plaster, lit through a window with a cross bar.
func wall(x, v float64) tone {
	plaster := tone{0.70, 0.66, 0.58}.times(0.86 + 0.10*cloud(x*5, v*5, 5, 3) - 0.25*x)
	slant := x + v*0.35
	pane := step(-0.62, -0.60, slant) * (1 - step(-0.16, -0.14, slant)) *
		step(0.06, 0.075, v) * (1 - step(0.45, 0.465, v))
	bar := max(1-step(0.008, 0.016, math.Abs(slant+0.38)), 1-step(0.008, 0.016, math.Abs(v-0.25)))
	return plaster.plus(tone{0.24, 0.20, 0.12}.times(pane * (1 - bar)))
}

// table is wood whose grain runs across, with the shadows of what stands on it.
func table(x, v float64) tone {
	depth := (v - 0.62) / 0.38
	grain := cloud(x*2/(0.5+depth), 26*math.Sqrt(depth+0.05), 4, 5)
	rings := math.Sin(40*math.Sqrt(depth+0.1) + 5*grain)
	t := mix(tone{0.42, 0.25, 0.13}, tone{0.60, 0.39, 0.21}, 0.5+0.18*rings+0.5*grain)
	under := math.Exp(-sq((x-0.14)/0.42)-sq((v-0.81)/0.055)) +
		0.8*math.Exp(-sq((x-0.57)/0.13)-sq((v-0.855)/0.03))
	edge := step(0.62, 0.635, v)
	return t.times((1 - 0.7*min(under, 1)) * (0.6 + 0.4*edge) * (1.08 - 0.28*x))
}
