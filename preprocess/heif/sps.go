package heif

// sequence is what a video stream's header tells of its pictures.
type sequence struct {
	width, height int
	chroma        int // 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4
	depth         int // bits of a sample
	colour        colour
}

// sequenceOf finds the header of the pictures in an hvcC property (ISO/IEC 14496-15,
// 8.3.3.1). It gives false where there is none that can be read.
func sequenceOf(hvcC []byte) (s sequence, ok bool) {
	if len(hvcC) < 23 {
		return s, false
	}
	r := &cursor{b: hvcC[22:]}
	for range r.number(1) {
		const sps = 33
		kind := r.number(1) & 63
		for range r.number(2) {
			n := int(r.number(2))
			if r.short || n > len(r.b) {
				return s, false
			}
			if kind == sps {
				return readSequence(r.b[:n])
			}
			r.b = r.b[n:]
		}
	}
	return s, false
}

// bits reads a stream's header bit by bit (ITU-T H.265, 7.2 and 9.2). Beyond the
// end it gives zeros and is short.
type bits struct {
	b     []byte
	at    int
	short bool
}

func (b *bits) u(n int) (v int) {
	for range n {
		if b.at >= 8*len(b.b) {
			b.short = true
			return 0
		}
		v = v<<1 | int(b.b[b.at/8]>>(7-b.at%8)&1)
		b.at++
	}
	return v
}

func (b *bits) flag() bool { return b.u(1) == 1 }

func (b *bits) ue() int {
	zeros := 0
	for !b.flag() {
		if zeros++; b.short || zeros > 31 {
			b.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + b.u(zeros)
}

func (b *bits) skip(n int) {
	if b.at += n; b.at > 8*len(b.b) {
		b.short = true
	}
}

// unescaped takes out the bytes that keep a start code from coming up (7.4.2).
func unescaped(nal []byte) []byte {
	out := make([]byte, 0, len(nal))
	for i, x := range nal {
		if x == 3 && i >= 2 && nal[i-1] == 0 && nal[i-2] == 0 {
			continue
		}
		out = append(out, x)
	}
	return out
}

// readSequence reads a sequence parameter set (ITU-T H.265, 7.3.2.2).
func readSequence(nal []byte) (s sequence, ok bool) {
	b := &bits{b: unescaped(nal)}
	b.skip(16 + 4)
	layers := b.u(3)
	b.skip(1)
	readProfile(b, layers)
	b.ue()
	s.chroma = b.ue()
	if s.chroma == 3 {
		b.skip(1)
	}
	s.width, s.height = b.ue(), b.ue()
	if b.flag() { // the conformance window
		for range 4 {
			b.ue()
		}
	}
	s.depth = 8 + max(b.ue(), b.ue())
	ok = !b.short && s.width > 0 && s.height > 0
	s.colour = unknown
	if ok {
		readColour(b, layers, &s)
	}
	return s, ok
}

// readProfile skips the profile (7.3.3).
func readProfile(b *bits, layers int) {
	b.skip(88 + 8)
	var skip int
	for range layers {
		if b.flag() {
			skip += 88
		}
		if b.flag() {
			skip += 8
		}
	}
	if layers > 0 {
		skip += 2 * (8 - layers)
	}
	b.skip(skip)
}

// readColour goes on to the colours (annex E), where the way there is a plain one.
func readColour(b *bits, layers int, s *sequence) {
	order := b.ue() + 4 // bits of a picture's number
	from := layers
	if b.flag() {
		from = 0
	}
	for range 3 * (layers - from + 1) {
		b.ue()
	}
	for range 6 { // sizes of blocks and depths of their trees
		b.ue()
	}
	if scaled := b.flag(); scaled && b.flag() { // by lists of its own
		readScaling(b)
	}
	b.skip(2)
	if b.flag() { // uncompressed blocks
		b.skip(8)
		b.ue()
		b.ue()
		b.skip(1)
	}
	if b.ue() != 0 { // sets of pictures that others are made from: not in a still one
		return
	}
	if b.flag() {
		for range min(b.ue(), 32) {
			b.skip(order + 1)
		}
	}
	b.skip(2)
	if !b.flag() { // no more is told
		return
	}
	if b.flag() && b.u(8) == 255 { // the shape of a pixel
		b.skip(32)
	}
	if b.flag() {
		b.skip(1)
	}
	if !b.flag() {
		return
	}
	b.skip(3)
	full := b.flag()
	c := colour{matrix: unspecified, full: full}
	if b.flag() {
		c.primaries, c.curve, c.matrix = b.u(8), b.u(8), b.u(8)
	}
	if !b.short {
		s.colour = c
	}
}

// readScaling skips the lists of scaling factors (7.3.4).
func readScaling(b *bits) {
	for size := range 4 {
		step := 1
		if size == 3 {
			step = 3
		}
		for m := 0; m < 6; m += step {
			if !b.flag() {
				b.ue()
				continue
			}
			n := min(64, 1<<(4+size<<1))
			if size > 1 {
				b.ue()
			}
			for range n {
				b.ue() // signed, but as long
			}
		}
	}
}
