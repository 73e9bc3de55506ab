package heif

import "image"

// colour says how samples stand for colours: the matrix, primaries and curve by
// their numbers in ITU-T H.273, 0 where they are not told, and whether samples take
// all levels.
type colour struct {
	matrix           int
	full             bool
	primaries, curve int
}

const unspecified = 2

// unknown is what holds where nothing is told: levels of video, and Rec. 601 as
// nearly all take it (ITU-T H.265, E.3.1 leaves it open).
var unknown = colour{matrix: unspecified}

// told reads a colr property (ISO/IEC 14496-12, 12.1.5), which goes before what the
// stream tells.
func told(colr []byte) (colour, bool) {
	if len(colr) < 11 || string(colr[:4]) != "nclx" {
		return colour{}, false
	}
	u16 := func(at int) int { return int(colr[at])<<8 | int(colr[at+1]) }
	return colour{matrix: u16(8), full: colr[10]&0x80 != 0, primaries: u16(4), curve: u16(6)}, true
}

// weights gives the share of red and blue in the luma (ITU-T H.273, table 4).
func (c colour) weights() (kr, kb float64) {
	switch c.matrix {
	case 1:
		return 0.2126, 0.0722
	case 4:
		return 0.30, 0.11
	case 7:
		return 0.212, 0.087
	case 9, 10:
		return 0.2627, 0.0593
	}
	return 0.299, 0.114
}

// toJPEG turns samples into those that image.YCbCr stands for: Rec. 601, all
// levels. Grey stays grey, so chroma depends on chroma only.
func (c colour) toJPEG(img *image.YCbCr) {
	kr, kb := c.weights()
	const jr, jb = 0.299, 0.114
	if c.full && kr == jr {
		return
	}
	luma, chroma, black := 1.0, 1.0, 0.0
	if !c.full {
		luma, chroma, black = 255.0/219, 255.0/224, 16
	}
	kg, jg := 1-kr-kb, 1-jr-jb
	// R = Y + r*Cr, B = Y + b*Cb, G = Y - (kr*r*Cr + kb*b*Cb)/kg
	r, b := 2*(1-kr)*chroma, 2*(1-kb)*chroma
	yCb := jb*b - jg*kb*b/kg
	yCr := jr*r - jg*kr*r/kg
	cbCb, cbCr := (b-yCb)/(2*(1-jb)), -yCr/(2*(1-jb))
	crCb, crCr := -yCb/(2*(1-jr)), (r-yCr)/(2*(1-jr))
	var level [256]float64
	for i := range level {
		level[i] = (float64(i) - black) * luma
	}
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			i, j := img.YOffset(x, y), img.COffset(x, y)
			cb, cr := float64(img.Cb[j])-128, float64(img.Cr[j])-128
			img.Y[i] = whole(level[img.Y[i]] + yCb*cb + yCr*cr)
		}
	}
	for i := range img.Cb {
		cb, cr := float64(img.Cb[i])-128, float64(img.Cr[i])-128
		img.Cb[i] = whole(128 + cbCb*cb + cbCr*cr)
		img.Cr[i] = whole(128 + crCb*cb + crCr*cr)
	}
}

func whole(v float64) uint8 { return uint8(min(max(v+0.5, 0), 255)) }

// toLevels does so for grey.
func (c colour) toLevels(img *image.Gray) {
	if c.full {
		return
	}
	for i, v := range img.Pix {
		img.Pix[i] = whole((float64(v) - 16) * 255 / 219)
	}
}
