package colour

import (
	"image"
	"sync"
)

// grey converts by one curve.
type grey struct {
	table [256]uint8
	curve func(float64) float64 // to levels of sRGB, both 0 to 1

	once sync.Once
	deep *[deepSteps]uint8
}

func newGrey(curve func(float64) float64) *grey {
	g := &grey{curve: curve}
	for v := range g.table {
		g.table[v] = level(curve(float64(v) / 255))
	}
	return g
}

func level(v float64) uint8 {
	if v != v {
		return 0 // no number
	}
	return uint8(255*min(max(v, 0), 1) + 0.5)
}

func (g *grey) row(pix []byte) {
	for ; len(pix) >= 4; pix = pix[4:] {
		pix[0], pix[1], pix[2] = g.table[pix[0]], g.table[pix[1]], g.table[pix[2]]
	}
}

// deepTable is made when it is first needed.
func (g *grey) deepTable() *[deepSteps]uint8 {
	g.once.Do(func() {
		g.deep = new([deepSteps]uint8)
		for v := range g.deep {
			g.deep[v] = level(g.curve(float64(v) / (deepSteps - 1)))
		}
	})
	return g.deep
}

func (g *grey) deepRow(dst, src []byte) {
	table := g.deepTable()
	for ; len(src) >= 8; src, dst = src[8:], dst[4:] {
		dst[0], dst[1], dst[2] = table[deepStep(src)], table[deepStep(src[2:])], table[deepStep(src[4:])]
		dst[3] = src[6]
	}
}

func (g *grey) deepGray(img *image.Gray16) *image.Gray {
	table, w := g.deepTable(), img.Rect.Dx()
	for y := range img.Rect.Dy() {
		dst, src := img.Pix[y*w:], img.Pix[y*img.Stride:]
		for x := range w {
			dst[x] = table[deepStep(src[2*x:])]
		}
	}
	return &image.Gray{Pix: img.Pix[:w*img.Rect.Dy()], Stride: w, Rect: img.Rect}
}
