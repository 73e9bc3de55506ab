package colour

import "sync"

// sums converts colours of three curves and a matrix. What a level of red, green or
// blue adds to the light of red, green and blue in sRGB stands in a table, so that
// a pixel takes three look-ups, two additions and the curve of sRGB.
type sums struct {
	// table is by level plus below: what Y, Cb and Cr stand for can be darker than
	// black or brighter than white, which counts as those.
	table  [3][spread]parts
	levels *[lightSteps + 1]uint8
	light  light

	once sync.Once
	deep *[3][deepSteps]parts
}

// light gives the light of red, green and blue in sRGB that a level, 0 to 1, of a
// channel adds. All channels together give 1 for white.
type light func(channel int, level float64) [3]float64

// parts are three numbers of 21 bits, red in the lowest: light in steps of
// 1/partSteps, of which each has bias added so that none is negative.
type parts uint64

const (
	partBits  = 21
	partMask  = 1<<partBits - 1
	partSteps = 1 << 16
	// Colours of primaries far outside of sRGB add up to 2 of light, and to -1.
	most     = 5
	bias     = most * partSteps
	deepBits = 14
	// deepSteps are enough for light without a curve: the darkest level of sRGB
	// is 5 of them.
	deepSteps = 1 << deepBits

	below  = 256
	spread = 1024
)

func newSums(l light) *sums {
	s := &sums{light: l, levels: levels()}
	for c := range s.table {
		for v := range 256 {
			s.table[c][below+v] = pack(l(c, float64(v)/255))
		}
		for v := range spread {
			s.table[c][v] = s.table[c][min(max(v, below), below+255)]
		}
	}
	return s
}

func pack(v [3]float64) (p parts) {
	for i, x := range v {
		if x != x {
			x = 0 // no number
		}
		p |= parts(min(max(x, -most), most)*partSteps+bias+0.5) << (i * partBits)
	}
	return p
}

// level gives that of a sum of three parts.
func (s *sums) level(sum parts, channel int) uint8 {
	v := int(sum>>(channel*partBits)&partMask) - 3*bias
	return s.levels[min(max(v>>(16-lightBits), 0), lightSteps)]
}

func (s *sums) row(pix []byte) {
	r, g, b := &s.table[0], &s.table[1], &s.table[2]
	for ; len(pix) >= 4; pix = pix[4:] {
		sum := r[below+int(pix[0])] + g[below+int(pix[1])] + b[below+int(pix[2])]
		pix[0], pix[1], pix[2] = s.level(sum, 0), s.level(sum, 1), s.level(sum, 2)
	}
}

func (s *sums) deepRow(dst, src []byte) {
	s.once.Do(func() {
		s.deep = new([3][deepSteps]parts)
		for c := range s.deep {
			for v := range s.deep[c] {
				s.deep[c][v] = pack(s.light(c, float64(v)/(deepSteps-1)))
			}
		}
	})
	for ; len(src) >= 8; src, dst = src[8:], dst[4:] {
		sum := s.deep[0][deepStep(src)] + s.deep[1][deepStep(src[2:])] + s.deep[2][deepStep(src[4:])]
		dst[0], dst[1], dst[2], dst[3] = s.level(sum, 0), s.level(sum, 1), s.level(sum, 2), src[6]
	}
}

// deepStep gives the place in a table of deepSteps for a sample of 16 bits.
func deepStep(b []byte) int {
	return (int(b[0])<<8 | int(b[1])) * (deepSteps - 1) / 0xffff
}

// quads converts two rows of Y and one of Cb and Cr, where 2 x 2 pixels share those.
// The rows may be the same. It does what planes.band does, without the way over rows
// of RGB, as this is the way of nearly all photos.
func (s *sums) quads(top, bottom, cb, cr []byte) {
	last := len(top) - 1
	bottom, cr = bottom[:len(top)], cr[:len(cb)]
	for i := range cb {
		x := min(2*i, last)
		next := min(x+1, last)
		l := [4]byte{top[x], top[next], bottom[x], bottom[next]}
		u, v := int32(cb[i])-128, int32(cr[i])-128
		red, green, blue := crRed*v+half+below<<16, -cbGreen*u-crGreen*v+half+below<<16, cbBlue*u+half+below<<16
		var r, g, b uint32
		for k, y := range l {
			y := int32(y) << 16
			sum := s.table[0][uint32(y+red)>>16%spread] +
				s.table[1][uint32(y+green)>>16%spread] + s.table[2][uint32(y+blue)>>16%spread]
			pr, pg, pb := uint32(s.level(sum, 0)), uint32(s.level(sum, 1)), uint32(s.level(sum, 2))
			l[k] = byte((19595*pr + 38470*pg + 7471*pb + half) >> 16)
			r, g, b = r+pr, g+pg, b+pb
		}
		top[x], top[next], bottom[x], bottom[next] = l[0], l[1], l[2], l[3]
		cb[i], cr[i] = chromaOf(int32(r), int32(g), int32(b), 4)
	}
}
