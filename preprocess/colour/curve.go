package colour

import (
	"errors"
	"math"
)

// Primaries are the colours of full red, green, blue and of white, by their x and y
// of CIE 1931.
type Primaries struct{ Red, Green, Blue, White [2]float64 }

// SRGB are those of sRGB and of Rec. 709.
var SRGB = Primaries{[2]float64{0.640, 0.330}, [2]float64{0.300, 0.600}, [2]float64{0.150, 0.060}, d65}

var (
	d65  = [2]float64{0.3127, 0.3290}
	illC = [2]float64{0.310, 0.316}
)

// numbered are the primaries of ITU-T H.273, table 2.
var numbered = map[int]Primaries{
	1:  SRGB,
	4:  {[2]float64{0.67, 0.33}, [2]float64{0.21, 0.71}, [2]float64{0.14, 0.08}, illC},
	5:  {[2]float64{0.64, 0.33}, [2]float64{0.29, 0.60}, [2]float64{0.15, 0.06}, d65},
	6:  {[2]float64{0.630, 0.340}, [2]float64{0.310, 0.595}, [2]float64{0.155, 0.070}, d65},
	7:  {[2]float64{0.630, 0.340}, [2]float64{0.310, 0.595}, [2]float64{0.155, 0.070}, d65},
	9:  {[2]float64{0.708, 0.292}, [2]float64{0.170, 0.797}, [2]float64{0.131, 0.046}, d65},
	11: {[2]float64{0.680, 0.320}, [2]float64{0.265, 0.690}, [2]float64{0.150, 0.060}, [2]float64{0.314, 0.351}},
	12: {[2]float64{0.680, 0.320}, [2]float64{0.265, 0.690}, [2]float64{0.150, 0.060}, d65},
	22: {[2]float64{0.630, 0.340}, [2]float64{0.295, 0.605}, [2]float64{0.155, 0.077}, d65},
}

// FromNumbers gives the conversion from colours by their numbers in ITU-T H.273: of
// primaries (ColourPrimaries) and of the curve (TransferCharacteristics). It is nil
// for sRGB and what differs little from it, and for what is unknown or unspecified.
//
// The curves of television (1, 6, 14, 15) are taken for that of sRGB, as programs
// that show stills do. Those of a wider range of light (16 and 18: PQ and HLG) would
// need their highlights to be brought down by a rule that nobody has agreed on; such
// pictures stay as they are.
func FromNumbers(primaries, curve int) *Conversion {
	p, ok := numbered[primaries]
	if !ok {
		p = SRGB
	}
	var linear func(float64) float64
	switch curve {
	case 1, 2, 6, 13, 14, 15:
		linear = decode
	case 4:
		linear = power(2.2)
	case 5:
		linear = power(2.8)
	case 8:
		linear = power(1)
	case 17:
		linear = power(2.6)
	default:
		return nil
	}
	c, err := fromCurve(p, linear)
	if err != nil {
		return nil // not with these primaries
	}
	return c
}

// FromGamma gives the conversion from colours whose light is a level to the power
// of gamma. It is nil for what differs little from sRGB. The error says that there
// are no such colours.
func FromGamma(p Primaries, gamma float64) (*Conversion, error) {
	if !sensible(gamma) {
		return nil, errGamma
	}
	return fromCurve(p, power(gamma))
}

// FromGreyGamma is the same for grey.
func FromGreyGamma(gamma float64) (*Conversion, error) {
	if !sensible(gamma) {
		return nil, errGamma
	}
	return of(newGrey(func(v float64) float64 { return encode(math.Pow(v, gamma)) })), nil
}

var errGamma = errors.New("a gamma that no picture has")

func sensible(gamma float64) bool { return gamma >= 0.1 && gamma <= 10 }

// AdobeRGB is for the colours of Adobe RGB (1998), which cameras tell in EXIF. It
// has a gamma of 2 51/256.
func AdobeRGB() *Conversion {
	p := SRGB
	p.Green = [2]float64{0.21, 0.71}
	c, err := FromGamma(p, 2+51.0/256)
	if err != nil {
		return nil // not with these numbers
	}
	return c
}

func power(gamma float64) func(float64) float64 {
	return func(v float64) float64 { return math.Pow(v, gamma) }
}

func fromCurve(p Primaries, linear func(float64) float64) (*Conversion, error) {
	to, ok := p.toPCS()
	if !ok {
		return nil, errors.New("primaries that no colours have")
	}
	m := fromPCS.product(to)
	return of(newSums(func(channel int, level float64) [3]float64 {
		var in [3]float64
		in[channel] = linear(level)
		return m.times(in)
	})), nil
}

// fromPCS turns XYZ of the white D50, in which profiles are connected, into the light
// of red, green and blue in sRGB.
var fromPCS = func() matrix {
	to, _ := SRGB.toPCS()
	m, _ := to.inverse()
	return m
}()

// toPCS turns light into XYZ of D50 (SMPTE RP 177, and the way of Bradford as in
// ICC.1:2022, annex E).
func (p Primaries) toPCS() (matrix, bool) {
	xyz := func(c [2]float64) [3]float64 { return [3]float64{c[0] / c[1], 1, (1 - c[0] - c[1]) / c[1]} }
	for _, c := range [][2]float64{p.Red, p.Green, p.Blue, p.White} {
		if !(c[0] >= -1 && c[0] <= 2 && c[1] > 0.001 && c[1] <= 2) {
			return matrix{}, false
		}
	}
	m := columns(xyz(p.Red), xyz(p.Green), xyz(p.Blue))
	back, ok := m.inverse()
	if !ok {
		return matrix{}, false
	}
	white := xyz(p.White)
	m = m.scaled(back.times(white))
	bradford := matrix{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}
	back, _ = bradford.inverse()
	d50, from := bradford.times([3]float64{0.9642, 1, 0.8249}), bradford.times(white)
	for i := range from {
		if from[i] == 0 {
			return matrix{}, false
		}
		d50[i] /= from[i]
	}
	return back.scaled(d50).product(bradford).product(m), true
}

// matrix has rows.
type matrix [3][3]float64

func columns(a, b, c [3]float64) (m matrix) {
	for i := range m {
		m[i] = [3]float64{a[i], b[i], c[i]}
	}
	return m
}

func (m matrix) times(v [3]float64) (out [3]float64) {
	for i, row := range m {
		out[i] = row[0]*v[0] + row[1]*v[1] + row[2]*v[2]
	}
	return out
}

// scaled multiplies the columns.
func (m matrix) scaled(by [3]float64) matrix {
	for i := range m {
		for j := range by {
			m[i][j] *= by[j]
		}
	}
	return m
}

// product does n first, then m.
func (m matrix) product(n matrix) matrix {
	var c [3][3]float64
	for j := range c {
		c[j] = m.times([3]float64{n[0][j], n[1][j], n[2][j]})
	}
	return columns(c[0], c[1], c[2])
}

func (m matrix) inverse() (matrix, bool) {
	cross := func(a, b [3]float64) [3]float64 {
		return [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
	}
	a := columns(cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1]))
	det := m[0][0]*a[0][0] + m[0][1]*a[1][0] + m[0][2]*a[2][0]
	if math.Abs(det) < 1e-9 {
		return matrix{}, false
	}
	return a.scaled([3]float64{1 / det, 1 / det, 1 / det}), true
}
