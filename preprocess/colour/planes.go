package colour

import (
	"image"

	"vlocal/preprocess/scale"
)

// YCbCr converts img in place; its bounds begin at 0, 0. Pixels that share a sample
// of Cb and Cr share the mean of theirs afterwards.
//
// The way to RGB and back is that of JFIF: Rec. 601, all levels.
func (c *Conversion) YCbCr(img *image.YCbCr) {
	if c == nil || c.pixels == nil {
		return
	}
	p := planes{img: img, pixels: c.pixels, w: img.Rect.Dx()}
	p.across, p.down = scale.Sampled(img.SubsampleRatio)
	for y := range p.down {
		p.rows[y] = make([]byte, 4*p.w)
	}
	for y := 0; y < img.Rect.Dy(); y += p.down {
		p.band(y, min(p.down, img.Rect.Dy()-y))
	}
}

// planes goes through a picture, the rows of a row of Cb and Cr at a time.
type planes struct {
	img          *image.YCbCr
	pixels       pixels
	w            int
	across, down int
	rows         [2][]byte // as RGB
}

// band converts n rows from y on.
func (p *planes) band(y, n int) {
	chroma := y / p.down * p.img.CStride
	cb, cr := p.img.Cb[chroma:], p.img.Cr[chroma:]
	if s, ok := p.pixels.(*sums); ok && p.across == 2 && p.down == 2 {
		top, bottom := y*p.img.YStride, (y+n-1)*p.img.YStride
		half := (p.w + 1) / 2
		s.quads(p.img.Y[top:][:p.w], p.img.Y[bottom:][:p.w], cb[:half], cr[:half])
		return
	}
	for i := range n {
		luma := p.img.Y[(y+i)*p.img.YStride:][:p.w]
		rgbOf(p.rows[i], luma, cb, cr, p.across)
		p.pixels.row(p.rows[i])
		lumaOf(luma, p.rows[i])
	}
	p.means(cb, cr, n)
}

// The factors of Rec. 601 in 16 bits (JFIF 1.02).
const (
	crRed, cbGreen, crGreen, cbBlue = 91881, 22554, 46802, 116130
	half                            = 1 << 15
)

// rgbOf gives a row of RGB.
func rgbOf(pix, luma, cb, cr []byte, across int) {
	for x := 0; x < len(luma); x += across {
		b, r := int32(cb[x/across])-128, int32(cr[x/across])-128
		red, green, blue := crRed*r+half, -cbGreen*b-crGreen*r+half, cbBlue*b+half
		for _, v := range luma[x:min(x+across, len(luma))] {
			l := int32(v) << 16
			px := pix[:4]
			px[0], px[1], px[2] = clipped(l+red), clipped(l+green), clipped(l+blue)
			pix = pix[4:]
		}
	}
}

func clipped(v int32) byte { return byte(min(max(v>>16, 0), 255)) }

// lumaOf takes Y of a row of RGB.
func lumaOf(luma, pix []byte) {
	for i := range luma {
		px := pix[4*i:][:3]
		luma[i] = byte((19595*uint32(px[0]) + 38470*uint32(px[1]) + 7471*uint32(px[2]) + half) >> 16)
	}
}

// means takes Cb and Cr of n rows of RGB.
func (p *planes) means(cb, cr []byte, n int) {
	for x := 0; x < p.w; x += p.across {
		end := min(x+p.across, p.w)
		var r, g, b int32
		for _, row := range p.rows[:n] {
			for px := row[4*x : 4*end]; len(px) >= 4; px = px[4:] {
				r, g, b = r+int32(px[0]), g+int32(px[1]), b+int32(px[2])
			}
		}
		i := x / p.across
		cb[i], cr[i] = chromaOf(r, g, b, int32(n*(end-x)))
	}
}

// chromaOf takes Cb and Cr of the sum of n pixels.
func chromaOf(r, g, b, n int32) (cb, cr byte) {
	u, v := (-11059*r-21709*g+32768*b)/n, (32768*r-27439*g-5329*b)/n
	const middle = 128<<16 + half
	return byte(min((u+middle)>>16, 255)), byte(min((v+middle)>>16, 255))
}
