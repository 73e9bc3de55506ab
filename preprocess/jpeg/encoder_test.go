package jpeg_test

import (
	"encoding/binary"
	"math"

	"vlocal/preprocess/jpeg"
)

// picture is what the tests' encoder writes: coefficients that are made up, in
// any form that the standard has. What a decoder has to make of them is
// computed from the same coefficients, by the formula of T.81, A.3.3.
type picture struct {
	w, h     int
	sampling []jpeg.Sampling
	restart  int
	// scans is the order of a progressive picture; nil is a sequential one.
	scans []scan
	// apart gives each component of a sequential picture a scan of its own.
	apart bool
	// head is put before the frame header; names are the components' names.
	head  string
	names string
	wide  bool // 16 bits a quantization step
	frame byte // marker of the frame; 0 for the one that fits

	coefs [][][64]int // by component, block and zigzag order
}

type scan struct {
	of                  []int
	from, to, high, low int
}

// usual is the order of scans that libjpeg writes for three components.
var usual = []scan{
	{[]int{0, 1, 2}, 0, 0, 0, 1}, {[]int{0}, 1, 5, 0, 2}, {[]int{2}, 1, 63, 0, 1},
	{[]int{1}, 1, 63, 0, 1}, {[]int{0}, 6, 63, 0, 2}, {[]int{0}, 1, 63, 2, 1},
	{[]int{0, 1, 2}, 0, 0, 1, 0}, {[]int{2}, 1, 63, 1, 0}, {[]int{1}, 1, 63, 1, 0},
	{[]int{0}, 1, 63, 1, 0},
}

var zigzag = [64]int{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// step is the quantization step of a coefficient in zigzag order.
func step(k int) int { return 3 + k/2 }

func (p *picture) most() (s jpeg.Sampling) {
	for _, c := range p.sampling {
		s.H, s.V = max(s.H, c.H), max(s.V, c.V)
	}
	return s
}

func up(a, b int) int { return (a + b - 1) / b }

// blocks gives how many blocks hold component c, and how many its MCUs hold.
func (p *picture) blocks(c int) (across, down, padAcross, padDown int) {
	s, most := p.sampling[c], p.most()
	across, down = up(up(p.w*s.H, most.H), 8), up(up(p.h*s.V, most.V), 8)
	return across, down, up(p.w, 8*most.H) * s.H, up(p.h, 8*most.V) * s.V
}

// fill makes coefficients up: smooth shades, some blocks with detail, and now
// and then one of the largest.
func (p *picture) fill(seed uint64) *picture {
	next := func(n int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int(seed >> 33 % uint64(n))
	}
	p.coefs = nil
	for c := range p.sampling {
		_, _, w, h := p.blocks(c)
		plane := make([][64]int, w*h)
		for i := range plane {
			b := &plane[i]
			b[0] = int(700*math.Sin(float64(i%w)/3+float64(i/w)/5+float64(c))) / step(0)
			for range next(4) * next(9) {
				k := 1 + next(63)
				b[k] = (next(2*120) - 120) / step(k)
			}
			if next(20) == 0 {
				b[1+next(63)] = 1000 / step(40) * (1 - 2*next(2))
			}
		}
		p.coefs = append(p.coefs, plane)
	}
	return p
}

// want gives the samples of component c at n points a block, by the formula.
func (p *picture) want(c, n int) (pix []float64, width, height int) {
	across, down, pad, _ := p.blocks(c)
	width, height = across*n, down*n
	pix = make([]float64, width*height)
	var cosine [8][8]float64
	for x := range n {
		for u := range n {
			cosine[x][u] = math.Cos(float64((2*x+1)*u) * math.Pi / float64(2*n))
			if u == 0 {
				cosine[x][u] = math.Sqrt2 / 2
			}
		}
	}
	for i := range across * down {
		b := &p.coefs[c][i/across*pad+i%across]
		for xy := range n * n {
			sum := 0.0
			for k, z := range zigzag {
				if u, v := z%8, z/8; b[k] != 0 && u < n && v < n {
					sum += float64(b[k]*step(k)) * cosine[xy%n][u] * cosine[xy/n][v]
				}
			}
			at := (i/across*n+xy/n)*width + i%across*n + xy%n
			pix[at] = min(max(sum/4+128, 0), 255)
		}
	}
	return pix, width, height
}

// file writes the picture.
func (p *picture) file() []byte {
	out := []byte("\xff\xd8" + p.head)
	out = p.tables(out)
	marker := p.frame
	switch {
	case marker != 0:
	case p.scans != nil:
		marker = 0xc2
	default:
		marker = 0xc1
	}
	body := []byte{8}
	body = binary.BigEndian.AppendUint16(body, uint16(p.h))
	body = binary.BigEndian.AppendUint16(body, uint16(p.w))
	body = append(body, byte(len(p.sampling)))
	for c, s := range p.sampling {
		body = append(body, p.name(c), byte(s.H<<4|s.V), 0)
	}
	out = segment(out, marker, body)
	if p.restart > 0 {
		out = segment(out, 0xdd, binary.BigEndian.AppendUint16(nil, uint16(p.restart)))
	}
	for _, s := range p.order() {
		out = p.scan(out, s)
	}
	return append(out, 0xff, 0xd9)
}

func (p *picture) name(c int) byte {
	if p.names != "" {
		return p.names[c]
	}
	return byte(c + 1)
}

func (p *picture) tables(out []byte) []byte {
	body := []byte{0}
	for k := range 64 {
		if p.wide {
			body[0] = 0x10
			body = append(body, 0)
		}
		body = append(body, byte(step(k)))
	}
	return segment(out, 0xdb, body)
}

func (p *picture) order() []scan {
	if p.scans != nil {
		return p.scans
	}
	all := scan{to: 63}
	for c := range p.sampling {
		all.of = append(all.of, c)
	}
	if !p.apart {
		return []scan{all}
	}
	var each []scan
	for c := range p.sampling {
		each = append(each, scan{of: []int{c}, to: 63})
	}
	return each
}

func segment(out []byte, marker byte, body []byte) []byte {
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(2+len(body)))
	return append(out, body...)
}
