package builtin

import (
	"image"
	"image/color"
)

// plane is the luma of a picture, 0 to 255, row by row without gaps.
type plane struct {
	w, h int
	pix  []byte
}

// row gives the luma of row y.
func (p plane) row(y int) []byte { return p.pix[y*p.w : (y+1)*p.w] }

const (
	// planeSide and planeArea bound a plane, in pixels: more than what vlocal
	// sends, so that nothing is lost of that, and bounded whatever others send.
	planeSide, planeArea = 4096, 4_000_000
)

// planeOf gives the luma of a picture, made smaller by a whole factor if it is
// beyond the bounds.
func planeOf(img image.Image) plane {
	b := img.Bounds()
	by := max(1, (max(b.Dx(), b.Dy())+planeSide-1)/planeSide)
	for (b.Dx()/by)*(b.Dy()/by) > planeArea {
		by++
	}
	return full(img).shrunk(by)
}

// full gives the luma of every pixel. A JPEG's is there already.
func full(img image.Image) plane {
	b := img.Bounds()
	p := plane{b.Dx(), b.Dy(), make([]byte, b.Dx()*b.Dy())}
	switch m := img.(type) {
	case *image.YCbCr:
		for y := range p.h {
			copy(p.row(y), m.Y[m.YOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.Gray:
		for y := range p.h {
			copy(p.row(y), m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	default:
		for y := range p.h {
			row := p.row(y)
			for x := range row {
				row[x] = color.GrayModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y
			}
		}
	}
	return p
}

// shrunk gives the plane at 1/by of its size, each pixel the mean of by x by
// (fewer at the right and the lower end).
func (p plane) shrunk(by int) plane {
	if by == 1 {
		return p
	}
	out := plane{w: (p.w + by - 1) / by, h: (p.h + by - 1) / by}
	out.pix = make([]byte, out.w*out.h)
	sums := make([]int, out.w)
	for y := range out.h {
		clear(sums)
		rows := min(by, p.h-y*by)
		for dy := range rows {
			row := p.row(y*by + dy)
			for x := range sums {
				for _, v := range row[x*by : min((x+1)*by, p.w)] {
					sums[x] += int(v)
				}
			}
		}
		for x, sum := range sums {
			out.pix[y*out.w+x] = byte(sum / (rows * min(by, p.w-x*by)))
		}
	}
	return out
}
