package jpeg

import "encoding/binary"

// block holds the coefficients of a block, times their quantization steps, for
// the inverse DCT of n points: rows of n/2 words. Each word is a pair, the left
// coefficient and 2^32 times the right one, added. Sums and products with
// constants then work on both at once; see idct.go.
type block [32]int64

// scale says for n points where a coefficient lies in a block.
type scale struct {
	n int
	// last is the last coefficient in zigzag order that n points need.
	last int
	// word and lane are where in a block a coefficient goes, by zigzag order;
	// those that are not needed go where nobody looks. The codes of a damaged
	// picture can run on to 79; as in libjpeg these count as the last one.
	word [128]uint8
	lane [128]uint8
	// place is its index in a row of n*n, or -1.
	place [64]int8
}

var scales = map[int]*scale{1: newScale(1), 2: newScale(2), 4: newScale(4), 8: newScale(8)}

// zigzag is the order of coefficients in a file (T.81, figure A.6).
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

func newScale(n int) *scale {
	s := &scale{n: n}
	for k := range s.word {
		z := int(zigzag[min(k, 63)])
		x, y := z%8, z/8
		if x >= n || y >= n {
			s.word[k] = 31 // which only 8 points have a use for
			if k < 64 {
				s.place[k] = -1
			}
			continue
		}
		s.word[k], s.lane[k] = uint8((y*n+x)/2), uint8(x&1)
		if k < 64 {
			s.place[k] = int8(y*n + x)
			s.last = k
		}
	}
	return s
}

// read reads a block of a sequential scan (T.81, F.2.2). The DC coefficient
// comes beside b, which has to be zeros; some says that there is anything in it
// now. A code that is not in its table counts as the end of the block, and is
// not ok.
func (r *bitReader) read(p *part, b *block) (dc int64, some, ok bool) {
	r.ready()
	diff, ok := r.difference(p.dc)
	p.predicted += diff
	t, s := p.ac, p.scale
	fast, word, steps := &t.fast, &s.word, &p.steps
	acc, n, pos := r.acc, r.n, r.pos
	k := 1
	for last := s.last; k <= last; k++ {
		if n < 32 {
			acc |= binary.BigEndian.Uint64(r.buf[pos:]) >> (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		e := fast[acc>>(64-look)]
		if e != 0 && e&symbolOnly == 0 {
			acc <<= uint(e&takes) & 63
			n -= uint(e & takes)
			k += int(e >> 8 & 15)
			b[word[k&127]&31] += int64(e>>16) * steps[k&127]
			continue
		}
		symbol, length := byte(e>>8), uint(e&takes)
		if e == 0 {
			var found bool
			symbol, length, found = t.long(acc)
			ok = ok && found
		}
		acc <<= length & 63
		n -= length
		size := uint(symbol & 15)
		if size == 0 && symbol != 0xf0 {
			some = k > 1
			r.acc, r.n, r.pos = acc, n, pos
			return int64(int16(p.predicted)) * steps[0], some, ok
		}
		k += int(symbol >> 4)
		b[word[k&127]&31] += int64(extend(acc, size)) * steps[k&127]
		acc <<= size & 63
		n -= size
	}
	r.acc, r.n, r.pos = acc, n, pos
	if k < 64 {
		ok = r.pass(t, k) && ok
	}
	return int64(int16(p.predicted)) * steps[0], k > 1, ok
}

// pass goes over the coefficients of a block from k on.
func (r *bitReader) pass(t *table, k int) bool {
	fast, skip := &t.fast, &t.skip
	acc, n, pos := r.acc, r.n, r.pos
	ok := true
	for k < 64 {
		if n < 32 {
			acc |= binary.BigEndian.Uint64(r.buf[pos:]) >> (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		e := uint(skip[acc>>(64-look)])
		if covered := int(e >> 4 & 127); covered != 0 && k+covered <= 64 {
			acc <<= e & 15
			n -= e & 15
			k += covered
			if e&skipEnd != 0 {
				break
			}
			continue
		}
		one := fast[acc>>(64-look)]
		length, symbol := uint(one&takes), byte(one>>8)
		if one != 0 && one&symbolOnly == 0 {
			acc <<= length
			n -= length
			k += int(one>>8&15) + 1
			continue
		}
		if one == 0 {
			var found bool
			symbol, length, found = t.long(acc)
			ok = ok && found
		}
		size := uint(symbol & 15)
		acc <<= (length + size) & 63
		n -= length + size
		if size == 0 && symbol != 0xf0 {
			break
		}
		k += int(symbol>>4) + 1
	}
	r.acc, r.n, r.pos = acc, n, pos
	return ok
}
