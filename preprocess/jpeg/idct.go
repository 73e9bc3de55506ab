package jpeg

import "encoding/binary"

// The inverse DCT is in two passes of whole numbers, down the columns and along
// the rows. As a pair of coefficients is one word, A + 2^32 B, each step is done
// for two columns, or two rows, at once: (A + 2^32 B) c = Ac + 2^32 Bc. That
// holds as long as neither A nor B passes 31 bits, which those of an undamaged
// picture do not; those of a damaged one give wrong samples, no more.

// Constants in fixed point of 13 bits, named for their value.
const (
	f0298 = 2446  // 0.298631336
	f0390 = 3196  // 0.390180644
	f0541 = 4433  // 0.541196100
	f0765 = 6270  // 0.765366865
	f0899 = 7373  // 0.899976223
	f1175 = 9633  // 1.175875602
	f1501 = 12299 // 1.501321110
	f1847 = 15137 // 1.847759065
	f1961 = 16069 // 1.961570560
	f2053 = 16819 // 2.053119869
	f2562 = 20995 // 2.562915447
	f3072 = 25172 // 3.072711026
)

// both is a word with the same number twice.
const both = 1<<32 + 1

const (
	// pass1 is what is kept of the fraction between the passes, in bits.
	pass1 = 2
	down1 = 13 - pass1
	down2 = 13 + pass1 + 3
	// round1 and round2 round what is shifted down; round2 also makes samples
	// of what is around 0.
	round1 = both << (down1 - 1)
	round2 = both * (128<<down2 + 1<<(down2-1))
)

// left and right are the numbers of a word, shifted down. (The right one had 1
// borrowed where the left one is negative; adding 2^31 gives it back.)
func left(w int64, down uint) int64  { return int64(int32(w)) >> down }
func right(w int64, down uint) int64 { return (w + 1<<31) >> 32 >> down }

// pairs makes of two words, the coefficients of two columns in two rows, those
// of two rows in two columns.
func pairs(top, bottom int64) (leftColumn, rightColumn int64) {
	return left(top, down1) + left(bottom, down1)<<32, right(top, down1) + right(bottom, down1)<<32
}

// idct8 writes 8 rows of 8 samples, and clears b.
func idct8(b *block, dst []byte, stride int) {
	for i := range 4 {
		x0, x1, x2, x3 := b[i], b[i+4], b[i+8], b[i+12]
		x4, x5, x6, x7 := b[i+16], b[i+20], b[i+24], b[i+28]
		if x1|x2|x3|x4|x5|x6|x7 == 0 {
			// Rounding gives back what is shifted up here.
			dc := x0 << 13
			for y := range 8 {
				b[i+4*y&31] = dc
			}
			continue
		}
		// The even part.
		z := (x2 + x6) * f0541
		e2, e3 := z-x6*f1847, z+x2*f0765
		e0, e1 := (x0+x4)<<13+round1, (x0-x4)<<13+round1
		a0, a3, a1, a2 := e0+e3, e0-e3, e1+e2, e1-e2
		// The odd part.
		z1, z2, z3, z4 := x7+x1, x5+x3, x7+x3, x5+x1
		z5 := (z3 + z4) * f1175
		z1, z2, z3, z4 = z1*-f0899, z2*-f2562, z5-z3*f1961, z5-z4*f0390
		o0, o1, o2, o3 := x7*f0298+z1+z3, x5*f2053+z2+z4, x3*f3072+z2+z3, x1*f1501+z1+z4
		b[i], b[i+28] = a0+o3, a0-o3
		b[i+4], b[i+24] = a1+o2, a1-o2
		b[i+8], b[i+20] = a2+o1, a2-o1
		b[i+12], b[i+16] = a3+o0, a3-o0
	}
	for i := 0; i < 32; i += 8 {
		t, u := (*[4]int64)(b[i:]), (*[4]int64)(b[i+4:])
		x0, x1 := pairs(t[0], u[0])
		x2, x3 := pairs(t[1], u[1])
		x4, x5 := pairs(t[2], u[2])
		x6, x7 := pairs(t[3], u[3])
		// The even part.
		z := (x2 + x6) * f0541
		e2, e3 := z-x6*f1847, z+x2*f0765
		e0, e1 := (x0+x4)<<13+round2, (x0-x4)<<13+round2
		a0, a3, a1, a2 := e0+e3, e0-e3, e1+e2, e1-e2
		// The odd part.
		z1, z2, z3, z4 := x7+x1, x5+x3, x7+x3, x5+x1
		z5 := (z3 + z4) * f1175
		z1, z2, z3, z4 = z1*-f0899, z2*-f2562, z5-z3*f1961, z5-z4*f0390
		o0, o1, o2, o3 := x7*f0298+z1+z3, x5*f2053+z2+z4, x3*f3072+z2+z3, x1*f1501+z1+z4
		at := i / 4 * stride
		s0, s1, s2, s3 := a0+o3, a1+o2, a2+o1, a3+o0
		s4, s5, s6, s7 := a3-o0, a2-o1, a1-o2, a0-o3
		binary.LittleEndian.PutUint64(dst[at:], samples8(
			left(s0, down2), left(s1, down2), left(s2, down2), left(s3, down2),
			left(s4, down2), left(s5, down2), left(s6, down2), left(s7, down2)))
		binary.LittleEndian.PutUint64(dst[at+stride:], samples8(
			right(s0, down2), right(s1, down2), right(s2, down2), right(s3, down2),
			right(s4, down2), right(s5, down2), right(s6, down2), right(s7, down2)))
	}
	*b = block{}
}

// samples8 is a row of samples, each brought into 0 to 255.
func samples8(a, b, c, d, e, f, g, h int64) uint64 {
	if uint64(a|b|c|d|e|f|g|h) > 255 {
		a, b, c, d, e, f, g, h = clamp(a), clamp(b), clamp(c), clamp(d), clamp(e), clamp(f), clamp(g), clamp(h)
	}
	return uint64(a | b<<8 | c<<16 | d<<24 | e<<32 | f<<40 | g<<48 | h<<56)
}

func samples4(a, b, c, d int64) uint32 {
	if uint64(a|b|c|d) > 255 {
		a, b, c, d = clamp(a), clamp(b), clamp(c), clamp(d)
	}
	return uint32(a | b<<8 | c<<16 | d<<24)
}

func clamp(v int64) int64 { return min(max(v, 0), 255) }

// idct4 writes 4 rows of 4 samples, and clears b.
func idct4(b *block, dst []byte, stride int) {
	var w [8]int64
	for i := range 2 {
		x0, x1, x2, x3 := b[i], b[i+2], b[i+4], b[i+6]
		b[i], b[i+2], b[i+4], b[i+6] = 0, 0, 0, 0
		z := (x1 + x3) * f0541
		o0, o1 := z+x1*f0765, z-x3*f1847
		e0, e1 := (x0+x2)<<13+round1, (x0-x2)<<13+round1
		w[i], w[i+6] = e0+o0, e0-o0
		w[i+2], w[i+4] = e1+o1, e1-o1
	}
	for i := range 2 {
		x0, x1 := pairs(w[4*i], w[4*i+2])
		x2, x3 := pairs(w[4*i+1], w[4*i+3])
		z := (x1 + x3) * f0541
		o0, o1 := z+x1*f0765, z-x3*f1847
		e0, e1 := (x0+x2)<<13+round2, (x0-x2)<<13+round2
		s0, s1, s2, s3 := e0+o0, e1+o1, e1-o1, e0-o0
		binary.LittleEndian.PutUint32(dst[2*i*stride:],
			samples4(left(s0, down2), left(s1, down2), left(s2, down2), left(s3, down2)))
		binary.LittleEndian.PutUint32(dst[(2*i+1)*stride:],
			samples4(right(s0, down2), right(s1, down2), right(s2, down2), right(s3, down2)))
	}
}

// idct2 writes 2 rows of 2 samples, and clears b.
func idct2(b *block, dst []byte, stride int) {
	top, bottom := b[0]+b[1], b[0]-b[1]
	b[0], b[1] = 0, 0
	for y, w := range [2]int64{top, bottom} {
		l, r := left(w, 0), right(w, 0)
		dst[y*stride], dst[y*stride+1] = level(l+r), level(l-r)
	}
}

// level makes a sample of 8 times what it is from 0.
func level(v int64) byte { return byte(clamp((v + 4 + 128<<3) >> 3)) }

// flat writes n rows of n samples of a block that has a DC coefficient only.
func flat(n int, dc int64, dst []byte, stride int) {
	v := level(dc)
	switch n {
	case 8:
		for range 8 {
			binary.LittleEndian.PutUint64(dst, uint64(v)*0x0101010101010101)
			dst = dst[min(stride, len(dst)):]
		}
	case 4:
		for range 4 {
			binary.LittleEndian.PutUint32(dst, uint32(v)*0x01010101)
			dst = dst[min(stride, len(dst)):]
		}
	case 2:
		dst[0], dst[1], dst[stride], dst[stride+1] = v, v, v, v
	case 1:
		dst[0] = v
	}
}

// draw writes the samples of a block, and clears b if some of it is not 0.
func (p *plane) draw(x, y int, dc int64, some bool, b *block) {
	n := p.scale.n
	dst := p.pix[y*n*p.stride+x*n:]
	if !some {
		flat(n, dc, dst, p.stride)
		return
	}
	b[0] += dc
	switch n {
	case 8:
		idct8(b, dst, p.stride)
	case 4:
		idct4(b, dst, p.stride)
	case 2:
		idct2(b, dst, p.stride)
	}
}
