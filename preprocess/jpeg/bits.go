package jpeg

import (
	"bytes"
	"encoding/binary"
	"math"
)

const (
	// window is how many bytes of a scan are unstuffed ahead.
	window = 16 << 10
	// reach is more than a block can take, in bytes: 64 codes of 17 bits with
	// 15 of value, and what lies in the accumulator. So it is enough to look
	// after the window once a block.
	reach = 512
)

// bitReader reads the entropy-coded data of a scan. Behind a marker, or the end of
// the data, come zeros without end, as in libjpeg.
type bitReader struct {
	acc uint64 // the next bits, from the top
	n   uint   // how many of them are sure to be there
	pos int    // in buf, of the byte behind them
	low int    // from this pos on, fill has to be called
	end int    // of the bytes in buf

	ended bool // a marker or the end of the data lies behind buf[:end]
	src   []byte
	at    int // in src, of what is behind buf[:end]
	buf   [window + 2*reach]byte
}

// start begins at an offset of src. Nothing before it counts.
func (r *bitReader) start(src []byte, at int) {
	r.acc, r.n, r.pos, r.end, r.ended = 0, 0, 0, 0, false
	r.src, r.at = src, at
	r.fill()
}

// fill makes sure that the bytes of a block are there.
func (r *bitReader) fill() {
	copy(r.buf[:], r.buf[r.pos:r.end])
	r.end -= r.pos
	r.pos = 0
	for r.end < window && !r.ended {
		r.unstuff()
	}
	r.low = r.end - reach
	if r.ended {
		clear(r.buf[max(r.end, 0) : max(r.end, 0)+2*reach])
		r.low = math.MaxInt
	}
}

// unstuff takes on bytes up to one of 0xff (T.81, B.1.1.5).
func (r *bitReader) unstuff() {
	rest := r.src[r.at:]
	rest = rest[:min(len(rest), window-r.end)]
	i := bytes.IndexByte(rest, 0xff)
	if i < 0 {
		i = len(rest)
	}
	copy(r.buf[r.end:], rest[:i])
	r.end, r.at = r.end+i, r.at+i
	switch {
	case r.at+1 >= len(r.src):
		r.ended = r.at == len(r.src) || r.src[r.at] == 0xff
	case i == len(rest): // the window is full
	case r.src[r.at+1] == 0:
		r.buf[r.end] = 0xff
		r.end, r.at = r.end+1, r.at+2
	case r.src[r.at+1] == 0xff:
		r.at++ // a fill byte
	default:
		r.ended = true
	}
}

// ready has to be called before each block.
func (r *bitReader) ready() {
	if r.pos >= r.low {
		r.fill()
	}
}

// over says whether more bits were taken than there are.
func (r *bitReader) over() bool {
	return r.ended && r.pos*8-int(r.n) > r.end*8
}

// discard goes behind the last byte before the marker, and gives how many were
// not taken.
func (r *bitReader) discard() (left int) {
	left = (r.end*8 - (r.pos*8 - int(r.n))) / 8
	for !r.ended {
		r.end, r.pos = 0, 0
		r.unstuff()
		left += r.end
	}
	r.stop(r.at)
	return max(left, 0)
}

// stop goes to an offset where no more data is.
func (r *bitReader) stop(at int) {
	r.acc, r.n, r.pos, r.end, r.ended, r.at = 0, 0, 0, 0, true, at
}

// more makes sure of 32 bits.
func (r *bitReader) more() {
	if r.n < 32 {
		r.acc |= binary.BigEndian.Uint64(r.buf[r.pos:]) >> (r.n & 63)
		r.pos += int((63 - r.n) >> 3)
		r.n |= 56
	}
}

// take gives the next n bits, 1 to 16.
func (r *bitReader) take(n uint) int32 {
	r.more()
	v := int32(r.acc >> ((64 - n) & 63))
	r.acc <<= n & 63
	r.n -= n
	return v
}

// difference reads a DC difference (T.81, F.2.2.1). Of a code that is not in
// the table it says so, and goes on with 0.
func (r *bitReader) difference(t *table) (v int32, ok bool) {
	r.more()
	e := t.fast[r.acc>>(64-look)]
	if e != 0 && e&symbolOnly == 0 {
		r.acc <<= e & takes
		r.n -= uint(e & takes)
		return e >> 16, true
	}
	symbol, n, ok := byte(e>>8), uint(e&takes), true
	if e == 0 {
		symbol, n, ok = t.long(r.acc)
	}
	r.acc <<= n
	r.n -= n
	size := uint(symbol & 15)
	v = extend(r.acc, size)
	r.acc <<= size
	r.n -= size
	return v, ok
}

// extend gives the value of the size bits at the top of acc (T.81, F.2.2.1:
// RECEIVE and EXTEND), for a size of 0 to 15.
func extend(acc uint64, size uint) int32 {
	positive := int64(acc) >> 63
	return int32(acc>>1>>((63-size)&63)) - int32(1<<(size&63)-1)&^int32(positive)
}

// symbol reads a run of zeros and the value behind it, or the end of a block or
// band, where the run is what T.81 calls the exponent of EOBn. A code that is
// not in the table counts as an end, and is not ok. There have to be 32 bits.
func (r *bitReader) symbol(t *table) (run int, v int32, end, ok bool) {
	e := t.fast[r.acc>>(64-look)]
	if e != 0 && e&symbolOnly == 0 {
		r.acc <<= e & takes
		r.n -= uint(e & takes)
		return int(e >> 8 & 15), e >> 16, false, true
	}
	symbol, n, ok := byte(e>>8), uint(e&takes), true
	if e == 0 {
		symbol, n, ok = t.long(r.acc)
	}
	size := uint(symbol & 15)
	v = extend(r.acc<<n, size)
	r.acc <<= n + size
	r.n -= n + size
	return int(symbol >> 4), v, size == 0 && symbol != 0xf0, ok
}
