package jpeg

import "encoding/binary"

const (
	roundRows    = both << (down1 - 1)
	downColumns  = 13 + pass1
	roundColumns = both << (downColumns - 1)
)

// fdct makes coefficients of 8 rows of 8 samples: each 8 times what T.81, A.3.3,
// has, in rows of 4 words as in block. It is the DCT of Loeffler, Ligtenberg
// and Moschytz in the fixed point of libjpeg's jfdctint.c, for two rows and
// then for two columns at once; see idct.go.
func fdct(b *block, src []byte, stride int) {
	for i := 0; i < 8; i += 2 {
		u := binary.LittleEndian.Uint64(src[i*stride:])
		v := binary.LittleEndian.Uint64(src[(i+1)*stride:])
		x0, x1, x2, x3 := spread(u, v, 0), spread(u, v, 8), spread(u, v, 16), spread(u, v, 24)
		x4, x5, x6, x7 := spread(u, v, 32), spread(u, v, 40), spread(u, v, 48), spread(u, v, 56)
		t0, t7, t1, t6 := x0+x7, x0-x7, x1+x6, x1-x6
		t2, t5, t3, t4 := x2+x5, x2-x5, x3+x4, x3-x4
		// The even part.
		s0, s3, s1, s2 := t0+t3, t0-t3, t1+t2, t1-t2
		z := (s2 + s3) * f0541
		y2, y6 := z+s3*f0765, z-s2*f1847
		// The odd part.
		z1, z2, z3, z4 := t4+t7, t5+t6, t4+t6, t5+t7
		z5 := (z3 + z4) * f1175
		z1, z2, z3, z4 = z1*-f0899, z2*-f2562, z5-z3*f1961, z5-z4*f0390
		y7, y5, y3, y1 := t4*f0298+z1+z3, t5*f2053+z2+z4, t6*f3072+z2+z3, t7*f1501+z1+z4
		top, bottom := (*[4]int64)(b[4*i:]), (*[4]int64)(b[4*i+4:])
		const up = 1 << down1 // as pairs shifts down
		top[0], bottom[0] = pairs((s0+s1)<<pass1*up, y1+roundRows)
		top[1], bottom[1] = pairs(y2+roundRows, y3+roundRows)
		top[2], bottom[2] = pairs((s0-s1)<<pass1*up, y5+roundRows)
		top[3], bottom[3] = pairs(y6+roundRows, y7+roundRows)
	}
	for i := range 4 {
		x0, x1, x2, x3 := b[i], b[i+4], b[i+8], b[i+12]
		x4, x5, x6, x7 := b[i+16], b[i+20], b[i+24], b[i+28]
		t0, t7, t1, t6 := x0+x7, x0-x7, x1+x6, x1-x6
		t2, t5, t3, t4 := x2+x5, x2-x5, x3+x4, x3-x4
		// The even part.
		s0, s3, s1, s2 := t0+t3, t0-t3, t1+t2, t1-t2
		z := (s2 + s3) * f0541
		y2, y6 := z+s3*f0765, z-s2*f1847
		// The odd part.
		z1, z2, z3, z4 := t4+t7, t5+t6, t4+t6, t5+t7
		z5 := (z3 + z4) * f1175
		z1, z2, z3, z4 = z1*-f0899, z2*-f2562, z5-z3*f1961, z5-z4*f0390
		y7, y5, y3, y1 := t4*f0298+z1+z3, t5*f2053+z2+z4, t6*f3072+z2+z3, t7*f1501+z1+z4
		const up = 1 << (downColumns - pass1)
		b[i], b[i+4] = (s0+s1)*up+roundColumns, y1+roundColumns
		b[i+8], b[i+12] = y2+roundColumns, y3+roundColumns
		b[i+16], b[i+20] = (s0-s1)*up+roundColumns, y5+roundColumns
		b[i+24], b[i+28] = y6+roundColumns, y7+roundColumns
	}
}

// spread makes a word of a sample of one row and the one below it.
func spread(u, v uint64, shift uint) int64 {
	return int64(u>>shift&255 | v>>shift&255<<32)
}
