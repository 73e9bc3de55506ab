package jpeg

import "sync"

// Options say how to decode. The zero value means the whole size, and to refuse
// what is damaged.
type Options struct {
	// MinWidth and MinHeight are in pixels. Of the sizes 1, 1/2, 1/4 and 1/8,
	// rounded up, the smallest is taken that is at least so large both ways.
	// Zero in both means the whole size.
	MinWidth, MinHeight int
	// Tolerant says to decode what is damaged as far as it goes.
	Tolerant bool
}

// Reduction is what a picture is divided by: 1, 2, 4 or 8.
func (o Options) Reduction(h Header) int {
	if o.MinWidth <= 0 && o.MinHeight <= 0 {
		return 1
	}
	r := 8
	for r > 1 && (ceilDiv(h.Width, r) < o.MinWidth || ceilDiv(h.Height, r) < o.MinHeight) {
		r /= 2
	}
	return r
}

// Size is that of the decoded picture, in pixels.
func (o Options) Size(h Header) (width, height int) {
	r := o.Reduction(h)
	return ceilDiv(h.Width, r), ceilDiv(h.Height, r)
}

// fixed is what decoding takes beside planes and coefficients, in bytes: tables
// and the window.
const fixed = 160 << 10

// Memory is how many bytes Decode takes at its peak, beside the file. Whoever
// then takes what Picture.Image has to convert needs Picture.ImageBytes more.
func Memory(h Header, o Options) int64 {
	sum := int64(fixed)
	for _, l := range layouts(h, o) {
		sum += l.bytes() + l.coefficients()*2
		if h.Progressive {
			sum += l.blocks() * 8
		}
	}
	return sum
}

// layout is the size of a component's plane.
type layout struct {
	n             int // points of the inverse DCT
	width, height int // in samples
	// across and down are the blocks that hold the component's samples; with
	// those that fill up its last MCUs they are padAcross and padDown.
	across, down       int
	padAcross, padDown int
	progressive        bool
}

func (l layout) blocks() int64 { return int64(l.padAcross) * int64(l.padDown) }
func (l layout) bytes() int64  { return l.blocks() * int64(l.n*l.n) }

// coefficients is how many are kept.
func (l layout) coefficients() int64 {
	if !l.progressive {
		return 0
	}
	return l.bytes()
}

// layouts follow T.81, A.1.1 and A.2: each component has its share of the size,
// rounded up, and is padded to whole blocks and MCUs.
func layouts(h Header, o Options) []layout {
	r, most := o.Reduction(h), h.largest()
	mcusX, mcusY := ceilDiv(h.Width, 8*most.H), ceilDiv(h.Height, 8*most.V)
	all := make([]layout, h.Components)
	for i, s := range h.Sampling[:h.Components] {
		all[i] = layout{
			n:           8 / r,
			width:       ceilDiv(h.Width*s.H, r*most.H),
			height:      ceilDiv(h.Height*s.V, r*most.V),
			across:      ceilDiv(ceilDiv(h.Width*s.H, most.H), 8),
			down:        ceilDiv(ceilDiv(h.Height*s.V, most.V), 8),
			padAcross:   mcusX * s.H,
			padDown:     mcusY * s.V,
			progressive: h.Progressive,
		}
	}
	return all
}

// plane is a component while it is decoded.
type plane struct {
	layout
	scale  *scale
	stride int
	pix    []byte

	// steps are the quantization steps by zigzag order, each in the lane of its
	// coefficient; quant are the same as the file has them.
	steps [128]int64
	quant *[64]uint16
	// missing says for each coefficient, by zigzag order, how many of its lower
	// bits are still to come, or unseen.
	missing [64]int8

	// A progressive picture's coefficients lie here until it is complete, n*n a
	// block; and for each block, by zigzag order, which of all 64 are not 0.
	coefs []int16
	some  []uint64
}

// quantize takes on a table, which counts from the component's first scan on.
func (p *plane) quantize(t *[64]uint16) {
	p.quant = t
	for k := range p.steps {
		p.steps[k] = int64(t[min(k, 63)]) << (32 * p.scale.lane[k])
	}
}

// Buffers are used again, as the next picture is often of the same size.
var (
	samplePool, coefPool, maskPool sync.Pool
	decoderPool                    = sync.Pool{New: func() any { return new(decoder) }}
)

// from gives n elements out of a pool, with anything in them.
func from[T any](pool *sync.Pool, n int64) []T {
	if p, ok := pool.Get().(*[]T); ok && int64(cap(*p)) >= n && int64(cap(*p)) <= 2*n+1<<16 {
		return (*p)[:n]
	}
	return make([]T, n)
}

func back[T any](pool *sync.Pool, s []T) {
	if s != nil {
		pool.Put(&s)
	}
}
