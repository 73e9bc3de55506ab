package testimage

import (
	"image"
	"image/color"
	"math"
)

// hevc is a still H.265 picture, 4:2:0, whose blocks of 16 by 16 pixels are stored
// as they are (I_PCM), so that nothing is lost but chroma resolution.
//
// Source: ITU-T H.265: 7.3 for the headers, 9.3 for the arithmetic coder.
type hevc struct {
	w, h   int
	full   bool // all levels, else those of video
	matrix int  // ITU-T H.273
}

const hevcBlock = 16

// padded gives the size in whole blocks.
func (v hevc) padded() (int, int) {
	up := func(n int) int { return (n + hevcBlock - 1) / hevcBlock * hevcBlock }
	return up(v.w), up(v.h)
}

// config gives the hvcC box's content with the three headers (ISO/IEC 14496-15,
// 8.3.3.1).
func (v hevc) config() []byte {
	out := append([]byte{1, 3, 0x70, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 90, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f}, 3)
	for _, nal := range [][]byte{v.video(), v.sequence(), v.picture()} {
		out = append(out, 0x80|nal[0]>>1, 0, 1, byte(len(nal)>>8), byte(len(nal)))
		out = append(out, nal...)
	}
	return out
}

// nalBits writes the bits of a header.
type nalBits struct {
	out  []byte
	n    int
	hold byte
}

func (b *nalBits) u(n int, v uint64) {
	for i := n - 1; i >= 0; i-- {
		b.hold = b.hold<<1 | byte(v>>i&1)
		if b.n++; b.n == 8 {
			b.out, b.n, b.hold = append(b.out, b.hold), 0, 0
		}
	}
}

func (b *nalBits) ue(v ...int) {
	for _, v := range v {
		n := 0
		for (v+1)>>(n+1) > 0 {
			n++
		}
		b.u(n, 0)
		b.u(n+1, uint64(v+1))
	}
}

func (b *nalBits) align() {
	for b.n > 0 {
		b.u(1, 0)
	}
}

// nal adds the header of two bytes, and bytes that keep start codes from coming up.
func nal(kind int, body []byte) []byte {
	out := []byte{byte(kind << 1), 1}
	zeros := 0
	for _, x := range body {
		if zeros >= 2 && x <= 3 {
			out, zeros = append(out, 3), 0
		}
		if out = append(out, x); x == 0 {
			zeros++
		} else {
			zeros = 0
		}
	}
	return out
}

func (b *nalBits) done(kind int) []byte {
	b.u(1, 1)
	b.align()
	return nal(kind, b.out)
}

// profile is Main Still Picture, level 3.
func (b *nalBits) profile() {
	b.u(8, 3)
	b.u(32, 0x70000000)
	b.u(4, 0b1001)
	b.u(44, 0)
	b.u(8, 90)
}

func (v hevc) video() []byte {
	b := &nalBits{}
	b.u(4, 0)
	b.u(2, 3)
	b.u(9, 0)
	b.u(1, 1)
	b.u(16, 0xffff)
	b.profile()
	b.u(1, 1)
	b.ue(0, 0, 0)
	b.u(6, 0)
	b.ue(0)
	b.u(2, 0)
	return b.done(32)
}

func (v hevc) sequence() []byte {
	b := &nalBits{}
	w, h := v.padded()
	b.u(7, 0)
	b.u(1, 1)
	b.profile()
	b.ue(0, 1, w, h)
	b.u(1, 1)
	b.ue(0, (w-v.w)/2, 0, (h-v.h)/2) // what is not to be seen
	b.ue(0, 0, 0)
	b.u(1, 1)
	b.ue(0, 0, 0)
	b.ue(1, 0, 0, 2, 0, 0) // all blocks of 16
	b.u(4, 0b0001)         // of which some are stored as they are:
	b.u(8, 0x77)           // in 8 bits,
	b.ue(1, 0)             // of 16,
	b.u(1, 1)              // without smoothing
	b.ue(0)
	b.u(3, 0)
	b.u(1, 1) // colours
	b.u(2, 0)
	b.u(4, 0b1101)
	if v.full {
		b.u(1, 1)
	} else {
		b.u(1, 0)
	}
	b.u(1, 1)
	b.u(16, 0x0101)
	b.u(8, uint64(v.matrix))
	b.u(7, 0)
	b.u(1, 0)
	return b.done(33)
}

func (v hevc) picture() []byte {
	b := &nalBits{}
	b.ue(0, 0)
	b.u(7, 0)
	b.ue(0, 0, 0)
	b.u(3, 0)
	b.ue(0, 0)
	b.u(6, 0)
	b.u(1, 0)
	b.u(3, 0b101) // no smoothing between blocks
	b.u(2, 0)
	b.ue(0)
	b.u(2, 0)
	return b.done(34)
}

// leastLikely is the part of the range that the less likely bin takes, by the state
// of its context, where the range is 448 to 511 (H.265, table 9-52).
var leastLikely = [63]uint16{
	240, 227, 216, 205, 195, 185, 175, 166, 158, 150, 142, 135, 128, 122, 116, 110,
	104, 99, 94, 89, 85, 80, 76, 72, 69, 65, 62, 59, 56, 53, 50, 48,
	45, 43, 41, 39, 37, 35, 33, 31, 30, 28, 27, 25, 24, 23, 22, 21,
	20, 19, 18, 17, 16, 15, 14, 14, 13, 12, 12, 11, 11, 10, 9,
}

// coder is the arithmetic coder (H.265, 9.3.4.5), for likely bins and ends.
type coder struct {
	nalBits
	low, width uint32
	started    bool
	waiting    int
	state      int
}

func (c *coder) start() { c.low, c.width, c.started, c.waiting = 0, 510, false, 0 }

func (c *coder) put(bit uint64) {
	if c.started {
		c.u(1, bit)
	}
	c.started = true
	for ; c.waiting > 0; c.waiting-- {
		c.u(1, 1-bit)
	}
}

func (c *coder) renorm() {
	for c.width < 256 {
		switch {
		case c.low < 256:
			c.put(0)
		case c.low >= 512:
			c.low -= 512
			c.put(1)
		default:
			c.low -= 256
			c.waiting++
		}
		c.width, c.low = c.width<<1, c.low<<1
	}
}

// likely codes the more likely bin of the one context that is used here.
func (c *coder) likely() {
	c.width -= uint32(leastLikely[c.state])
	c.state = min(c.state+1, len(leastLikely)-1)
	c.renorm()
}

func (c *coder) end(yes bool) {
	c.width -= 2
	if !yes {
		c.renorm()
		return
	}
	c.low += c.width
	c.width = 2
	c.renorm()
	c.put(uint64(c.low >> 9 & 1))
	c.u(2, uint64(c.low>>7&3|1))
	c.align()
}

// stream gives the coded picture, with its length before it.
func (v hevc) stream(img image.Image, at image.Point) []byte {
	c := &coder{}
	c.u(2, 0b10)
	c.ue(0, 2, 0)
	c.u(1, 1)
	c.align()
	c.start()
	w, h := v.padded()
	for y := 0; y < h; y += hevcBlock {
		for x := 0; x < w; x += hevcBlock {
			if x+y > 0 {
				c.end(false)
			}
			c.likely() // one part
			c.end(true)
			c.out = append(c.out, v.samples(img, at.Add(image.Pt(x, y)))...)
			c.start()
		}
	}
	c.end(true)
	slice := nal(19, c.out)
	n := len(slice)
	return append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, slice...)
}

// samples gives a block's luma and chroma. What lies outside of the picture is as its
// edge.
func (v hevc) samples(img image.Image, at image.Point) []byte {
	const n = hevcBlock
	b := img.Bounds()
	out := make([]byte, n*n*3/2)
	for y := range n {
		for x := range n {
			px := image.Pt(min(b.Min.X+at.X+x, b.Max.X-1), min(b.Min.Y+at.Y+y, b.Max.Y-1))
			luma, cb, cr := v.convert(img.At(px.X, px.Y))
			out[y*n+x] = luma
			if x%2+y%2 == 0 {
				i := n*n + y/2*n/2 + x/2
				out[i], out[i+n*n/4] = cb, cr
			}
		}
	}
	return out
}

// convert gives a colour's samples (ITU-T H.273, 8.3).
func (v hevc) convert(of color.Color) (y, cb, cr uint8) {
	c := color.NRGBAModel.Convert(of).(color.NRGBA)
	kr, kb := 0.299, 0.114
	if v.matrix == 1 {
		kr, kb = 0.2126, 0.0722
	}
	r, g, b := float64(c.R), float64(c.G), float64(c.B)
	luma := kr*r + (1-kr-kb)*g + kb*b
	black, wide, chroma := 0.0, 1.0, 1.0
	if !v.full {
		black, wide, chroma = 16, 219.0/255, 224.0/255
	}
	whole := func(f float64) uint8 { return uint8(math.Round(min(max(f, 0), 255))) }
	return whole(black + wide*luma),
		whole(128 + chroma*(b-luma)/(2*(1-kb))),
		whole(128 + chroma*(r-luma)/(2*(1-kr)))
}
