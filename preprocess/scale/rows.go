package scale

// Two samples lie in one word, A + 2^32 B, so that each product with a weight
// is of both: (A + 2^32 B) w = Aw + 2^32 Bw. The sums stay within 31 bits: they
// are of samples of 8 bits, or of those times 2^between, and weights that add up
// to 2^14, and whose sizes add up to less than twice that.

const (
	// between is what is kept of the fraction between the directions, in bits.
	between    = 6
	downAcross = unitBits - between
	downDown   = unitBits + between

	both        = 1<<32 + 1
	roundAcross = both << (downAcross - 1)
	roundDown   = both << (downDown - 1)
)

// left and right are the samples of a word, shifted down. (The right one had 1
// borrowed where the left one is negative; adding 2^31 gives it back.)
func left(w int64, down uint) int64  { return int64(int32(w)) >> down }
func right(w int64, down uint) int64 { return (w + 1<<31) >> 32 >> down }

// resize makes dst of src.
func resize(dst, src plane, across, down axis) {
	if across == (axis{n: src.w, span: 1}) && down == (axis{n: src.h, span: 1}) {
		for y := range dst.h {
			copy(dst.pix[y*dst.stride:][:dst.w], src.pix[y*src.stride:][:src.w])
		}
		return
	}
	r := newRows(src, dst.w, newFilter(across, src.w))
	f := newFilter(down, src.h)
	r.keep(f.n)
	sums := make([]int64, r.words)
	for y := range dst.h {
		first := f.first[y]
		r.upTo(first + f.n)
		for i := range sums {
			sums[i] = roundDown
		}
		weights := f.weights[y*f.n:][:f.n]
		for k := 0; k < f.n; {
			k += r.add(sums, weights[k:], first+k)
		}
		put(dst.pix[y*dst.stride:][:dst.w], sums)
	}
}

// put writes the samples of a row.
func put(dst []byte, sums []int64) {
	for i, w := range sums {
		a, b := left(w, downDown), right(w, downDown)
		if uint64(a|b) > 255 {
			a, b = min(max(a, 0), 255), min(max(b, 0), 255)
		}
		if i*2+1 < len(dst) {
			dst[i*2], dst[i*2+1] = byte(a), byte(b)
		} else {
			dst[i*2] = byte(a)
		}
	}
}

// rows makes rows of a plane smaller across, two at once, and keeps the last.
type rows struct {
	src   plane
	f     filter
	words int // of a row that is made: two neighbours each
	done  int // rows made
	kept  [][]int64
	pair  []int64 // two rows of src, in the lanes
}

func newRows(src plane, w int, f filter) *rows {
	return &rows{src: src, f: f, words: (w + 1) / 2, pair: make([]int64, src.w)}
}

// keep makes room for n rows at once, and those made ahead.
func (r *rows) keep(n int) {
	all := make([]int64, (n+2)*r.words)
	for i := range n + 2 {
		r.kept = append(r.kept, all[i*r.words:][:r.words])
	}
}

func (r *rows) row(y int) []int64 { return r.kept[y%len(r.kept)] }

// upTo makes the rows before end.
func (r *rows) upTo(end int) {
	for r.done < end {
		a := r.src.pix[r.done*r.src.stride:][:r.src.w]
		b, second := a, r.row(r.done+1)
		if r.done+1 < r.src.h {
			b = r.src.pix[(r.done+1)*r.src.stride:][:r.src.w]
		}
		pair := r.pair[:len(a)]
		b = b[:len(a)]
		for x, v := range a {
			pair[x] = int64(v) | int64(b[x])<<32
		}
		r.across(r.row(r.done), second)
		r.done += 2
	}
}

// across makes two rows of the pair.
func (r *rows) across(first, second []int64) {
	n := r.f.n
	second = second[:len(first)]
	last := len(r.f.first) - 1
	for i := range first {
		x := 2 * i
		a := dot(r.pair[r.f.first[x]:][:n], r.f.weights[x*n:][:n])
		b := a
		if x < last {
			b = dot(r.pair[r.f.first[x+1]:][:n], r.f.weights[(x+1)*n:][:n])
		}
		first[i] = left(a, downAcross) + left(b, downAcross)<<32
		second[i] = right(a, downAcross) + right(b, downAcross)<<32
	}
}

// dot is long by hand: most filters have 7 to 13 taps.
func dot(samples, weights []int64) int64 {
	sum, more := int64(roundAcross), int64(0)
	if len(samples) >= 8 && len(weights) >= 8 {
		s, w := (*[8]int64)(samples), (*[8]int64)(weights)
		sum += s[0]*w[0] + s[1]*w[1] + s[2]*w[2] + s[3]*w[3]
		more += s[4]*w[4] + s[5]*w[5] + s[6]*w[6] + s[7]*w[7]
		samples, weights = samples[8:], weights[8:]
	}
	weights = weights[:len(samples)]
	for i, v := range samples {
		sum += v * weights[i]
	}
	return sum + more
}

// add adds the rows from y on, times their weights, to sums: 4 of them if there
// are as many weights, or 1. It gives how many.
func (r *rows) add(sums, weights []int64, y int) int {
	a := r.row(y)[:len(sums)]
	if len(weights) < 4 {
		w := weights[0]
		for i, v := range a {
			sums[i] += v * w
		}
		return 1
	}
	b, c, d := r.row(y + 1)[:len(sums)], r.row(y + 2)[:len(sums)], r.row(y + 3)[:len(sums)]
	v, w, x, z := weights[0], weights[1], weights[2], weights[3]
	for i := range sums {
		sums[i] += a[i]*v + b[i]*w + c[i]*x + d[i]*z
	}
	return 4
}
