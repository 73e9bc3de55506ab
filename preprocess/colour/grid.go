package colour

// grid holds sRGB for colours of three or four channels, in equal steps of each.
// Between them it interpolates in the simplex that a colour lies in (of three
// channels a tetrahedron), which keeps greys grey.
type grid struct {
	channels, points int      // points of each channel
	values           []sample // the last channel goes round first
	strides          [4]int
	places           [4][256]place // of samples of 8 bits
}

// sample is R, G and B in 16 bits.
type sample [3]uint16

// place is where on a channel's axis a sample lies: at is how many values come
// before the point below it, and rest how far it is from there to the next one, in
// 16 bits.
type place struct{ at, rest int }

const whole = 0xffff

// The points of a channel: as many as take some 250 and 500 kB.
const points3, points4 = 33, 17

// newGrid asks for each point; to gives R, G and B, 0 to 1, of channels from 0 to 1.
func newGrid(channels int, to func(in []float64) [3]float64) *grid {
	g := &grid{channels: channels, points: points3}
	if channels == 4 {
		g.points = points4
	}
	n := 1
	for c := channels - 1; c >= 0; c-- {
		g.strides[c] = n
		n *= g.points
	}
	g.values = make([]sample, n)
	in := make([]float64, channels)
	for i := range g.values {
		for c := range in {
			in[c] = float64(i/g.strides[c]%g.points) / float64(g.points-1)
		}
		for j, v := range to(in) {
			if v > 0 { // and a number
				g.values[i][j] = uint16(min(v, 1)*whole + 0.5)
			}
		}
	}
	for c := range channels {
		for v := range 256 {
			g.places[c][v] = g.place(c, v*257)
		}
	}
	return g
}

// place is for a sample of 16 bits.
func (g *grid) place(channel, v int) place {
	v *= g.points - 1
	cell := min(v/whole, g.points-2)
	return place{cell * g.strides[channel], v - cell*whole}
}

// at gives the colour in 16 bits.
func (g *grid) at(p [4]place) (out [3]int) {
	var order [4]int
	at := 0
	for c := range g.channels { // the largest rest first
		i := c
		for ; i > 0 && p[order[i-1]].rest < p[c].rest; i-- {
			order[i] = order[i-1]
		}
		order[i] = c
		at += p[c].at
	}
	left := whole
	for _, c := range order[:g.channels] {
		g.add(&out, at, left-p[c].rest)
		left = p[c].rest
		at += g.strides[c]
	}
	g.add(&out, at, left)
	for i := range out {
		out[i] /= whole
	}
	return out
}

func (g *grid) add(out *[3]int, at, weight int) {
	v := &g.values[at]
	for i := range out {
		out[i] += weight * int(v[i])
	}
}

func (g *grid) row(pix []byte) {
	for ; len(pix) >= 4; pix = pix[4:] {
		put(pix, g.at([4]place{g.places[0][pix[0]], g.places[1][pix[1]], g.places[2][pix[2]]}))
	}
}

func (g *grid) deepRow(dst, src []byte) {
	sixteen := func(c int) place { return g.place(c, int(src[2*c])<<8|int(src[2*c+1])) }
	for ; len(src) >= 8; src, dst = src[8:], dst[4:] {
		v, alpha := g.at([4]place{sixteen(0), sixteen(1), sixteen(2)}), src[6]
		put(dst, v)
		dst[3] = alpha
	}
}

// inkRow turns C, M, Y and K into R, G, B and no transparency.
func (g *grid) inkRow(pix []byte) {
	for ; len(pix) >= 4; pix = pix[4:] {
		put(pix, g.at([4]place{
			g.places[0][pix[0]], g.places[1][pix[1]], g.places[2][pix[2]], g.places[3][pix[3]],
		}))
		pix[3] = 255
	}
}

// put rounds 16 bits to 8.
func put(px []byte, v [3]int) {
	px[0], px[1], px[2] = byte((v[0]+128)/257), byte((v[1]+128)/257), byte((v[2]+128)/257)
}
