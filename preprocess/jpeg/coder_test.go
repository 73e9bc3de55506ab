package jpeg_test

import (
	"math/bits"
	"slices"
)

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
