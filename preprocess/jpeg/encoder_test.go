package jpeg_test

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

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

// token is a symbol of a Huffman table and the bits behind it; or bits alone,
// or a restart marker.
type token struct {
	kind   int // 0: DC symbol, 1: AC symbol, 2: bits, 3: restart marker
	symbol byte
	bits   uint
	n      int
}

// coder gathers what a scan says.
type coder struct {
	scan
	progressive bool
	tokens      []token
	run         int    // EOBRUN
	held        []uint // correction bits of the run
}

func (c *coder) raw(bits []uint) {
	for _, b := range bits {
		c.tokens = append(c.tokens, token{2, 0, b, 1})
	}
}

func (c *coder) value(kind, run, v int) {
	n := bits.Len(uint(max(v, -v)))
	if v < 0 {
		v += 1<<n - 1
	}
	c.tokens = append(c.tokens, token{kind, byte(run<<4 | n), uint(v), n})
}

func (c *coder) endRun() {
	if c.run > 0 {
		n := bits.Len(uint(c.run)) - 1
		c.tokens = append(c.tokens, token{1, byte(n << 4), uint(c.run & (1<<n - 1)), n})
		c.raw(c.held)
	}
	c.run, c.held = 0, nil
}

// down drops the lower bits, towards zero.
func (c *coder) down(v int) int {
	if v < 0 {
		return -(-v >> c.low)
	}
	return v >> c.low
}

func (c *coder) first(b *[64]int) {
	run := 0
	for k := max(c.from, 1); k <= c.to; k++ {
		v := c.down(b[k])
		if v == 0 {
			run++
			continue
		}
		c.endRun()
		for ; run > 15; run -= 16 {
			c.value(1, 15, 0)
		}
		c.value(1, run, v)
		run = 0
	}
	if run > 0 {
		if c.run++; !c.progressive || c.run == 0x7fff {
			c.endRun()
		}
	}
}

// refine follows libjpeg's jcphuff.c: encode_mcu_AC_refine.
func (c *coder) refine(b *[64]int) {
	last := 0
	for k := c.from; k <= c.to; k++ {
		if v := c.down(b[k]); v == 1 || v == -1 {
			last = k
		}
	}
	run, held := 0, []uint(nil)
	for k := c.from; k <= c.to; k++ {
		v := c.down(b[k])
		if v == 0 {
			run++
			continue
		}
		for ; run > 15 && k <= last; run -= 16 {
			c.endRun()
			c.value(1, 15, 0)
			c.raw(held)
			held = nil
		}
		if v != 1 && v != -1 {
			held = append(held, uint(max(v, -v)&1))
			continue
		}
		c.endRun()
		c.value(1, run, v)
		c.raw(held)
		run, held = 0, nil
	}
	if run > 0 || len(held) > 0 {
		c.held = append(c.held, held...)
		if c.run++; c.run == 0x7fff || len(c.held) > 900 {
			c.endRun()
		}
	}
}

func (p *picture) scan(out []byte, s scan) []byte {
	c := coder{scan: s, progressive: p.scans != nil}
	var before [4]int
	count, restarts := 0, 0
	p.eachMCU(s, func(blocks [][2]int) {
		if p.restart > 0 && count == p.restart {
			c.endRun()
			c.tokens = append(c.tokens, token{kind: 3, symbol: byte(0xd0 + restarts&7)})
			count, before = 0, [4]int{}
			restarts++
		}
		count++
		for _, at := range blocks {
			b := &p.coefs[at[0]][at[1]]
			if s.from == 0 && s.high == 0 {
				v := b[0] >> s.low
				c.value(0, 0, v-before[at[0]])
				before[at[0]] = v
			} else if s.from == 0 {
				c.raw([]uint{uint(b[0]>>s.low) & 1})
			}
			if s.to > 0 && s.high == 0 {
				c.first(b)
			} else if s.to > 0 {
				c.refine(b)
			}
		}
	})
	c.endRun()
	return c.write(out, p)
}

// eachMCU gives the blocks of each MCU: component and index.
func (p *picture) eachMCU(s scan, f func([][2]int)) {
	if len(s.of) == 1 {
		across, down, pad, _ := p.blocks(s.of[0])
		for i := range across * down {
			f([][2]int{{s.of[0], i/across*pad + i%across}})
		}
		return
	}
	most := p.most()
	wide := up(p.w, 8*most.H)
	for i := range wide * up(p.h, 8*most.V) {
		var all [][2]int
		for _, c := range s.of {
			_, _, pad, _ := p.blocks(c)
			for j := range p.sampling[c].H * p.sampling[c].V {
				x := i%wide*p.sampling[c].H + j%p.sampling[c].H
				y := i/wide*p.sampling[c].V + j/p.sampling[c].H
				all = append(all, [2]int{c, y*pad + x})
			}
		}
		f(all)
	}
}

// lengths are how many codes there are of each length, from 1 bit on.
var lengths = [2][16]int{
	{0, 1, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
	{0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125},
}

// write puts out the scan's Huffman tables, made for it, its header and data.
func (c *coder) write(out []byte, p *picture) []byte {
	var codes [2]map[byte]token
	for class := range codes {
		var body []byte
		codes[class], body = c.huffman(class)
		out = segment(out, 0xc4, body)
	}
	head := []byte{byte(len(c.of))}
	for _, of := range c.of {
		head = append(head, p.name(of), 0)
	}
	out = segment(out, 0xda, append(head, byte(c.from), byte(c.to), byte(c.high<<4|c.low)))
	var acc uint64
	n := 0
	put := func(v uint, size int) {
		acc, n = acc<<size|uint64(v), n+size
		for ; n >= 8; n -= 8 {
			b := byte(acc >> (n - 8))
			if out = append(out, b); b == 0xff {
				out = append(out, 0)
			}
		}
	}
	flush := func() {
		if n > 0 {
			put(1<<(8-n)-1, 8-n)
		}
	}
	for _, t := range c.tokens {
		switch t.kind {
		case 3:
			flush()
			out = append(out, 0xff, t.symbol)
			continue
		case 0, 1:
			code := codes[t.kind][t.symbol]
			put(code.bits, code.n)
		}
		put(t.bits, t.n)
	}
	flush()
	return out
}

// huffman gives a code with short words for what is frequent, and its table.
func (c *coder) huffman(class int) (map[byte]token, []byte) {
	count := map[byte]int{}
	for _, t := range c.tokens {
		if t.kind == class {
			count[t.symbol]++
		}
	}
	var symbols []byte
	for s := range count {
		symbols = append(symbols, s)
	}
	slices.SortFunc(symbols, func(a, b byte) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return int(a) - int(b)
	})
	codes, body := map[byte]token{}, make([]byte, 17)
	body[0] = byte(class << 4)
	code, at := uint(0), 0
	for l, n := range lengths[class] {
		for range min(n, len(symbols)-at) {
			codes[symbols[at]] = token{bits: code, n: l + 1}
			body[l+1]++
			code++
			at++
		}
		code <<= 1
	}
	return codes, append(body, symbols[:at]...)
}
