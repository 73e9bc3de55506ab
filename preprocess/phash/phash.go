// Package phash tells alike pictures: it makes 64 bits of one, and those of alike
// pictures (another size, quality or format, a little lighter, a little off the
// edges) differ in few.
//
// It is the hash by the discrete cosine transform of C. Zauner, "Implementation and
// Benchmarking of Perceptual Image Hash Functions" (2010), section 3.2.1: the
// picture at 32 by 32 samples of brightness, its low frequencies, and of each
// whether it is above the median. Light and contrast change none of that, and fine
// detail is not in it.
package phash

import (
	"image"
	"image/color"
	"math"
	"slices"

	"vlocal/domain"
)

const (
	// side is the picture's, in samples.
	side = 32
	// low is how many frequencies count in each direction.
	low = 8
	// leastContrast is in levels. Of a picture whose frequencies are all weaker
	// there is nothing but noise to tell.
	leastContrast = 1.0
)

// Of gives the hash of a picture that stands upright; 0 for one with nothing in it,
// such as a blank page: that would be like every other.
func Of(img image.Image) domain.PerceptualHash {
	if img.Bounds().Empty() {
		return 0
	}
	f := frequencies(samples(img))
	flat := slices.Concat(f[:]...)[1:] // all but the mean
	weak := func(v float64) bool { return math.Abs(v) < leastContrast }
	if !slices.ContainsFunc(flat, func(v float64) bool { return !weak(v) }) {
		return 0
	}
	sorted := slices.Sorted(slices.Values(flat))
	median := sorted[len(sorted)/2]
	// The bit of the mean, which is always above, makes that no hash is 0.
	hash := domain.PerceptualHash(1) << (low*low - 1)
	for i, v := range flat {
		if v > median {
			hash |= 1 << i
		}
	}
	return hash
}

// cosines has the first waves of the transform (DCT-II), by frequency and sample.
var cosines = func() (c [low][side]float64) {
	for k := range c {
		for i := range c[k] {
			c[k][i] = math.Cos(math.Pi * float64(k) * (float64(i) + 0.5) / side)
		}
	}
	return c
}()

// frequencies gives the low ones, as the mean amplitude in levels.
func frequencies(s [side][side]float64) (f [low][]float64) {
	var across [side][low]float64
	for y := range s {
		for k := range low {
			for x, v := range s[y] {
				across[y][k] += v * cosines[k][x]
			}
		}
	}
	for j := range f {
		f[j] = make([]float64, low)
		for k := range low {
			for y := range across {
				f[j][k] += across[y][k] * cosines[j][y]
			}
			f[j][k] *= 2.0 / (side * side)
		}
	}
	return f
}

// maxRows and maxColumns bound what is looked at: some for each sample. Where the
// brightness need not be computed, all of a row is.
const maxRows, maxColumns = 8 * side, 8 * side

// samples gives the mean brightness of the parts that a picture falls into, side by
// side.
func samples(img image.Image) (s [side][side]float64) {
	rows := spread(img.Bounds().Dy(), maxRows)
	columns := spread(img.Bounds().Dx(), maxColumns)
	buffer := make([]byte, len(columns))
	for n, at := range rows {
		sums := parts(row(img, at, columns, buffer))
		// A row counts in each part that it lies in, by how much of it does.
		from, to := float64(n)*side/float64(len(rows)), float64(n+1)*side/float64(len(rows))
		for y := int(from); y < side && float64(y) < to; y++ {
			share := min(to, float64(y+1)) - max(from, float64(y))
			for x := range sums {
				s[y][x] += share * sums[x]
			}
		}
	}
	return s
}

// spread gives places out of so many, at most n, evenly.
func spread(of, n int) []int {
	at := make([]int, min(of, n))
	for i := range at {
		at[i] = (2*i + 1) * of / (2 * len(at))
	}
	return at
}

// parts gives the means of the parts that a row falls into. A pixel on the edge of
// two counts in both, by how much of it lies there.
func parts(row []byte) (means [side]float64) {
	width := float64(len(row)) / side
	sum := func(x float64) float64 { // of the pixel at x, up to there
		if i := int(x); i < len(row) {
			return (x - float64(i)) * float64(row[i])
		}
		return 0
	}
	for p := range means {
		from, to := float64(p)*width, float64(p+1)*width
		if p == side-1 {
			to = float64(len(row))
		}
		means[p] = (float64(total(row[int(from):int(to)])) - sum(from) + sum(to)) / width
	}
	return means
}

// total adds up samples, eight at a time: those of even places in four lanes of 16
// bits, those of odd places in four others.
func total(b []byte) (n uint64) {
	const lanes, most = 0x00ff00ff00ff00ff, 128 // words until a lane would overflow
	for len(b) >= 8 {
		var even, odd uint64
		for range min(len(b)/8, most) {
			w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
				uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
			even += w & lanes
			odd += w >> 8 & lanes
			b = b[8:]
		}
		for range 4 {
			n += even&0xffff + odd&0xffff
			even, odd = even>>16, odd>>16
		}
	}
	for _, v := range b {
		n += uint64(v)
	}
	return n
}

// row gives the brightness (ITU-R BT.601, as JPEG has it) of a row of a picture: all
// of it in place, or its columns in the buffer.
func row(img image.Image, y int, columns []int, buffer []byte) []byte {
	b := img.Bounds()
	switch img := img.(type) {
	case *image.YCbCr:
		return img.Y[img.YOffset(b.Min.X, b.Min.Y+y):][:b.Dx()]
	case *image.Gray:
		return img.Pix[img.PixOffset(b.Min.X, b.Min.Y+y):][:b.Dx()]
	case *image.RGBA:
		pix := img.Pix[img.PixOffset(b.Min.X, b.Min.Y+y):]
		for i, x := range columns {
			p := pix[4*x : 4*x+3 : 4*x+3]
			buffer[i] = byte((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
		}
	default:
		for i, x := range columns {
			buffer[i] = color.GrayModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y
		}
	}
	return buffer
}
