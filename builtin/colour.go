package builtin

import "math"

// colour is a colour as the eye orders them: lightness 0 to 1, chroma from 0
// (grey) to about 0.32, hue in degrees.
//
// Source: Björn Ottosson, A perceptual color space for image processing (OKLab),
// https://bottosson.github.io/posts/oklab/
type colour struct {
	light, chroma, hue float64
}

// colourOf takes sRGB, 0 to 1.
func colourOf(r, g, b float64) colour {
	r, g, b = linear(r), linear(g), linear(b)
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	a := 1.9779984951*l - 2.4285922050*m + 0.4505937099*s
	bb := 0.0259040371*l + 0.7827717662*m - 0.8086757660*s
	hue := math.Atan2(bb, a) * 180 / math.Pi
	if hue < 0 {
		hue += 360
	}
	return colour{
		light:  0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		chroma: math.Hypot(a, bb),
		hue:    hue,
	}
}

// linear undoes sRGB's gamma (IEC 61966-2-1).
func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// hues are the names of colours by the end of their range in degrees.
var hues = []struct {
	to   float64
	name string
}{
	{10, "pink"}, {42, "red"}, {75, "orange"}, {115, "yellow"}, {160, "green"},
	{205, "turquoise"}, {280, "blue"}, {325, "purple"}, {360, "pink"},
}

// name is what people call the colour.
func (c colour) name() string {
	if c.chroma < 0.03 {
		switch {
		case c.light > 0.93:
			return "white"
		case c.light > 0.75:
			return "light grey"
		case c.light > 0.45:
			return "grey"
		case c.light > 0.22:
			return "dark grey"
		}
		return "black"
	}
	name := ""
	for _, h := range hues {
		if c.hue <= h.to {
			name = h.name
			break
		}
	}
	switch {
	case c.light < 0.2:
		return "black"
	case (name == "orange" || name == "red" || name == "yellow") && c.light < 0.62 && c.chroma < 0.12:
		return "brown"
	case (name == "orange" || name == "yellow") && c.light > 0.8 && c.chroma < 0.07:
		return "beige"
	case c.light < 0.4:
		return "dark " + name
	case c.light > 0.8 && name != "yellow":
		return "light " + name
	}
	return name
}
