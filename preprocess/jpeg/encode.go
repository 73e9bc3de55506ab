package jpeg

import (
	"encoding/binary"
	"errors"
	"image"
	"math/bits"
)

// Encode appends a baseline JPEG to dst, without any metadata. img is an
// *image.Gray, or an *image.YCbCr with its samples as they are. quality is 1 to
// 100 and means what it means to image/jpeg and libjpeg; so are the tables.
func Encode(dst []byte, img image.Image, quality int) ([]byte, error) {
	b := img.Bounds()
	if b.Empty() || b.Dx() > 65535 || b.Dy() > 65535 {
		return nil, errors.New("a JPEG has 1 to 65,535 pixels a side")
	}
	e := encoder{out: dst}
	switch img := img.(type) {
	case *image.Gray:
		e.add(img.Pix[img.PixOffset(b.Min.X, b.Min.Y):], img.Stride, b.Dx(), b.Dy(), Sampling{1, 1})
	case *image.YCbCr:
		s, ok := samplings[img.SubsampleRatio]
		if !ok || b.Min != (image.Point{}) {
			return nil, errors.New("the picture's planes are not laid out as in a JPEG")
		}
		w, h := ceilDiv(b.Dx(), s.H), ceilDiv(b.Dy(), s.V)
		e.add(img.Y, img.YStride, b.Dx(), b.Dy(), s)
		e.add(img.Cb, img.CStride, w, h, Sampling{1, 1})
		e.add(img.Cr, img.CStride, w, h, Sampling{1, 1})
	default:
		return nil, errors.New("only grey and YCbCr pictures can be encoded")
	}
	e.writeHeaders(b.Dx(), b.Dy(), min(max(quality, 1), 100))
	e.writeScan(b.Dx(), b.Dy())
	return append(e.out, 0xff, mEOI), nil
}

var samplings = map[image.YCbCrSubsampleRatio]Sampling{}

func init() {
	for s, r := range ratios {
		samplings[r] = s
	}
}

// encoder writes one picture.
type encoder struct {
	out    []byte
	planes []source
	acc    uint64 // bits to write, from the top
	n      uint   // how many
	block  block
	edge   [64]byte
}

// source is a component's samples.
type source struct {
	Plane
	table    int // 0 for Y, 1 for Cb and Cr
	previous int32
	// A coefficient v becomes (|v| + half) * inverse >> 32, by zigzag order.
	half    [64]uint32
	inverse [64]uint64
}

func (e *encoder) add(pix []byte, stride, w, h int, s Sampling) {
	e.planes = append(e.planes, source{
		Plane: Plane{Pix: pix, Stride: stride, Width: w, Height: h, Sampling: s}, table: min(len(e.planes), 1),
	})
}

// steps are the quantization steps of T.81, K.1 and K.2, in zigzag order, for a
// quality of 50.
var steps = [2][64]uint8{
	{
		16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40,
		26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
		56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87,
		95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
	},
	{
		17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
	},
}

// stepsAt gives the steps for a quality, as libjpeg scales them.
func stepsAt(table, quality int) (all [64]byte) {
	scale := 200 - 2*quality
	if quality < 50 {
		scale = 5000 / quality
	}
	for k, s := range steps[table] {
		all[k] = byte(min(max((int(s)*scale+50)/100, 1), 255))
	}
	return all
}

func (e *encoder) segment(marker byte, body ...byte) {
	e.out = append(e.out, 0xff, marker)
	e.out = binary.BigEndian.AppendUint16(e.out, uint16(2+len(body)))
	e.out = append(e.out, body...)
}

func (e *encoder) writeHeaders(w, h, quality int) {
	e.out = append(e.out, 0xff, mSOI)
	tables := min(len(e.planes), 2)
	for i := range tables {
		all := stepsAt(i, quality)
		e.segment(mDQT, append([]byte{byte(i)}, all[:]...)...)
	}
	frame := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), byte(len(e.planes))}
	scan := []byte{byte(len(e.planes))}
	for i := range e.planes {
		p := &e.planes[i]
		frame = append(frame, byte(i+1), byte(p.Sampling.H<<4|p.Sampling.V), byte(p.table))
		scan = append(scan, byte(i+1), byte(p.table<<4|p.table))
		for k, step := range stepsAt(p.table, quality) {
			// A coefficient is 8 times too large.
			p.half[k] = uint32(step) * 4
			p.inverse[k] = (1<<32)/(uint64(step)*8) + 1
		}
	}
	e.segment(mSOF0, frame...)
	for i := range tables {
		e.segment(mDHT, append([]byte{byte(i)}, []string{lumaDC, chromaDC}[i]...)...)
		e.segment(mDHT, append([]byte{byte(0x10 | i)}, []string{lumaAC, chromaAC}[i]...)...)
	}
	e.segment(mSOS, append(scan, 0, 63, 0)...)
}

// writeScan writes the blocks of each MCU.
func (e *encoder) writeScan(w, h int) {
	most := e.planes[0].Sampling
	for y := range ceilDiv(h, 8*most.V) {
		for x := range ceilDiv(w, 8*most.H) {
			for i := range e.planes {
				p := &e.planes[i]
				for v := range p.Sampling.V {
					for u := range p.Sampling.H {
						e.writeBlock(p, x*p.Sampling.H+u, y*p.Sampling.V+v)
					}
				}
			}
		}
	}
	// The last byte is filled up with ones (T.81, F.1.2.3).
	e.put(0x7f, 7)
	for e.n >= 8 {
		e.putByte()
	}
}

// samples gives the 64 samples of a block; beyond the edge the last ones go on.
func (e *encoder) samples(p *source, x, y int) (pix []byte, stride int) {
	x, y = 8*x, 8*y
	if x+8 <= p.Width && y+8 <= p.Height {
		return p.Pix[y*p.Stride+x:], p.Stride
	}
	for i := range e.edge {
		e.edge[i] = p.Pix[min(y+i/8, p.Height-1)*p.Stride+min(x+i%8, p.Width-1)]
	}
	return e.edge[:], 8
}

// writeBlock follows T.81, F.1.2.
func (e *encoder) writeBlock(p *source, x, y int) {
	pix, stride := e.samples(p, x, y)
	b := &e.block
	fdct(b, pix, stride)
	// The level is shifted here: 64 samples, each 128 less.
	dc := p.quantize(0, left(b[0], downColumns)-64*128)
	dcWords, words := &words[0][p.table], &words[1][p.table]
	e.putValue(dcWords, 0, dc-p.previous)
	p.previous = dc
	run := 0
	for k := 1; k < 64; k++ {
		z := zigzag[k&63]
		w := b[z>>1&31]
		v := left(w, downColumns)
		if z&1 != 0 {
			v = right(w, downColumns)
		}
		// Most are so small that they become 0.
		if half := int64(p.half[k]); v < half && v > -half {
			run++
			continue
		}
		q := p.quantize(k, v)
		for ; run > 15; run -= 16 {
			e.putWord(words, 0xf0)
		}
		e.putValue(words, run, min(max(q, -1023), 1023))
		run = 0
	}
	if run > 0 {
		e.putWord(words, 0)
	}
}

// quantize divides by the step, and rounds halves away from zero.
func (p *source) quantize(k int, v int64) int32 {
	sign := v >> 63
	q := int64(uint64((v^sign)-sign+int64(p.half[k])) * p.inverse[k] >> 32)
	return int32((q ^ sign) - sign)
}

// word is a Huffman code and its length.
type word struct {
	code uint32
	n    uint8
}

// words are the codes of the standard tables, by class, table and symbol.
var words [2][2][256]word

func init() {
	for class := range words {
		for i := range words[class] {
			c := standardCodes[class][i]
			code, at := uint32(0), 0
			for l := 1; l <= 16; l++ {
				for range c.count[l] {
					words[class][i][c.symbols[at]] = word{code, uint8(l)}
					code++
					at++
				}
				code <<= 1
			}
		}
	}
}

func (e *encoder) putWord(all *[256]word, symbol byte) {
	e.put(uint64(all[symbol].code), uint(all[symbol].n))
}

// putValue writes a run of zeros and the value behind it.
func (e *encoder) putValue(all *[256]word, run int, v int32) {
	sign := v >> 31
	size := uint(bits.Len32(uint32((v ^ sign) - sign)))
	w := all[byte(uint(run)<<4|size)]
	low := uint64(v+sign) & (1<<size - 1)
	e.put(uint64(w.code)<<size|low, uint(w.n)+size)
}

// put writes the lower n bits of v, 32 at the most.
func (e *encoder) put(v uint64, n uint) {
	e.n += n
	e.acc |= v << ((64 - e.n) & 63)
	if e.n >= 32 {
		e.flush()
	}
}

// flush writes 4 bytes, and a zero behind each 0xff (T.81, F.1.2.3).
func (e *encoder) flush() {
	top := uint32(e.acc >> 32)
	if hasFF := ^top; (hasFF-0x01010101)&^hasFF&0x80808080 == 0 {
		e.out = binary.BigEndian.AppendUint32(e.out, top)
		e.acc <<= 32
		e.n -= 32
		return
	}
	for range 4 {
		e.putByte()
	}
}

func (e *encoder) putByte() {
	c := byte(e.acc >> 56)
	if e.out = append(e.out, c); c == 0xff {
		e.out = append(e.out, 0)
	}
	e.acc <<= 8
	e.n -= 8
}
