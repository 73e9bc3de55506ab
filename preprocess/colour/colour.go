// Package colour converts pictures to sRGB, which is what a JPEG without a profile
// is taken for: by people's screens and by models.
//
// What the colours of a picture are is told by an ICC profile (FromICC) or by
// primaries and a curve (FromCurve). Profiles of three curves and a matrix, which
// nearly all photos have, and grey ones become tables that are exact; those of
// tables in more dimensions (of printers, with CMYK) become a grid that is
// interpolated. A profile that says what sRGB says gives no Conversion at all, so
// that it costs nothing.
//
// The intent is relative colorimetric with black point compensation, as photo
// programs have it by default; what sRGB cannot show is clipped.
//
// The package knows neither file formats nor where in them profiles are.
//
// Sources: ICC.1:2022 (profiles), IEC 61966-2-1 (sRGB), ITU-T H.273 (colours by
// number). Profiles are read by github.com/kovidgoyal/imaging/prism/meta/icc.
package colour

import (
	"image"
	"math"
	"sync"
)

// Conversion turns colours into sRGB. A nil one changes nothing. It may be used by
// several goroutines.
type Conversion struct {
	pixels pixels // of grey and RGB
	inks   *grid  // of CMYK
}

// pixels converts rows of pixels.
type pixels interface {
	// row converts pixels of 8 bits in place: R, G, B, and a byte that it leaves
	// alone.
	row(pix []byte)
	// deepRow converts pixels of 16 bits, R, G, B and A, the high byte first, into
	// those of 8. dst may begin where src does.
	deepRow(dst, src []byte)
}

// near is how many levels of 255 a colour may change for a conversion to be left
// out: less than a JPEG of good quality changes.
const near = 2

// changes reports whether p changes any colour by more than near.
func changes(p pixels) bool {
	const step = 15
	var pix [(255/step + 1) * 4]byte
	for r := 0; r < 256; r += step {
		for g := 0; g < 256; g += step {
			for i := range len(pix) / 4 {
				pix[4*i], pix[4*i+1], pix[4*i+2] = byte(r), byte(g), byte(i*step)
			}
			p.row(pix[:])
			for i := range len(pix) / 4 {
				if far(pix[4*i], r) || far(pix[4*i+1], g) || far(pix[4*i+2], i*step) {
					return true
				}
			}
		}
	}
	for v := range 256 { // curves differ most in the dark
		px := []byte{byte(v), byte(v), byte(v), 255}
		if p.row(px); far(px[0], v) || far(px[1], v) || far(px[2], v) {
			return true
		}
	}
	return false
}

func far(got byte, want int) bool { return int(got)-want > near || want-int(got) > near }

// of gives the conversion by p, nil if that is none.
func of(p pixels) *Conversion {
	if !changes(p) {
		return nil
	}
	return &Conversion{pixels: p}
}

// NRGBA converts img in place. Transparency stays.
func (c *Conversion) NRGBA(img *image.NRGBA) {
	if c == nil || c.pixels == nil {
		return
	}
	for y := range img.Rect.Dy() {
		c.pixels.row(img.Pix[y*img.Stride:][:4*img.Rect.Dx()])
	}
}

// Gray converts img in place, if its profile is one of grey.
func (c *Conversion) Gray(img *image.Gray) {
	if !c.OfGrey() {
		return
	}
	g := c.pixels.(*grey)
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride:][:img.Rect.Dx()]
		for i, v := range row {
			row[i] = g.table[v]
		}
	}
}

// OfGrey reports whether it is by one curve, as Gray needs.
func (c *Conversion) OfGrey() bool {
	if c == nil {
		return false
	}
	_, ok := c.pixels.(*grey)
	return ok
}

// OfInks reports whether it is for CMYK.
func (c *Conversion) OfInks() bool { return c != nil && c.inks != nil }

// CMYK gives img, with 255 for all ink, as sRGB, by a conversion that is for CMYK.
// It takes over img's pixels.
func (c *Conversion) CMYK(img *image.CMYK) *image.NRGBA {
	for y := range img.Rect.Dy() {
		c.inks.inkRow(img.Pix[y*img.Stride:][:4*img.Rect.Dx()])
	}
	return &image.NRGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}
}

// Deep gives a picture of 16 bits as sRGB of 8, so that no more than the result is
// rounded; ok is false of other pictures. It takes over img's pixels.
func (c *Conversion) Deep(img image.Image) (out image.Image, ok bool) {
	if c == nil || c.pixels == nil {
		return img, false
	}
	switch img := img.(type) {
	case *image.NRGBA64:
		return c.deep(img.Pix, img.Stride, img.Rect), true
	case *image.RGBA64:
		straighten(img)
		return c.deep(img.Pix, img.Stride, img.Rect), true
	case *image.Gray16:
		if g, grey := c.pixels.(*grey); grey {
			return g.deepGray(img), true
		}
	}
	return img, false
}

func (c *Conversion) deep(pix []byte, stride int, r image.Rectangle) *image.NRGBA {
	w := r.Dx()
	for y := range r.Dy() {
		c.pixels.deepRow(pix[y*4*w:][:4*w], pix[y*stride:][:8*w])
	}
	return &image.NRGBA{Pix: pix[:r.Dy()*4*w], Stride: 4 * w, Rect: r}
}

// straighten takes the transparency out of the colours, which were multiplied by it.
func straighten(img *image.RGBA64) {
	for i := 0; i+7 < len(img.Pix); i += 8 {
		px := img.Pix[i : i+8 : i+8]
		a := uint32(px[6])<<8 | uint32(px[7])
		if a == 0 || a == 0xffff {
			continue
		}
		for c := 0; c < 6; c += 2 {
			v := min((uint32(px[c])<<8|uint32(px[c+1]))*0xffff/a, 0xffff)
			px[c], px[c+1] = byte(v>>8), byte(v)
		}
	}
}

// encode is the curve of sRGB, from light to level, both 0 to 1 (IEC 61966-2-1).
func encode(v float64) float64 {
	switch {
	case v <= 0:
		return 0
	case v >= 1:
		return 1
	case v <= 0.0031308:
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// decode is the other way round.
func decode(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// levels are those of sRGB for light in steps of 1/lightSteps: fine enough for the
// darkest levels, where one is 5 steps.
var levels = sync.OnceValue(func() *[lightSteps + 1]uint8 {
	t := new([lightSteps + 1]uint8)
	for i := range t {
		t[i] = uint8(255*encode((float64(i)+0.5)/lightSteps) + 0.5)
	}
	return t
})

const (
	lightBits  = 14
	lightSteps = 1 << lightBits
)
