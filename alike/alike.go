// Package alike finds which of many perceptual hashes are near to one, without
// looking at all of them. It knows nothing of pictures or of where hashes come
// from.
package alike

import (
	"math/bits"
	"sync"

	"vlocal/domain"
)

// Within is in how many bits, of 64, the hashes of two pictures may differ that count
// as alike. On some 50 photos, drawings and scans, copies in another size, quality or
// format were up to 4 bits apart, and lighter ones or such as had lost 2 % of each
// edge mostly up to 6, now and then 10; different pictures were 16 or more.
const Within = 6

// MaxWithin is the most that can be asked for.
const MaxWithin = 15

// A hash is looked up by its four parts of 16 bits: where two hashes differ in few
// bits, some part differs in a quarter of those at most (M. Norouzi, A. Punjani and
// D. Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012).
const (
	parts    = 4
	partBits = 16
)

// entry is a hash in the index, and for each part the one before it that has the
// same. Places count from 1.
type entry struct {
	hash   domain.PerceptualHash
	id     int64
	before [parts]uint32
}

// Index holds hashes, each under the ID of its image: 32 bytes an image, and a
// megabyte. The zero value is empty. It is not safe for many goroutines.
type Index struct {
	entries []entry
	last    [parts][]uint32
}

func part(h domain.PerceptualHash, n int) uint16 { return uint16(h >> (n * partBits)) }

// Add puts a hash into the index. 0, which is unknown, is like nothing and not
// added.
func (x *Index) Add(id int64, h domain.PerceptualHash) {
	if h == 0 {
		return
	}
	e := entry{hash: h, id: id}
	place := uint32(len(x.entries)) + 1
	for n := range parts {
		if x.last[n] == nil {
			x.last[n] = make([]uint32, 1<<partBits)
		}
		e.before[n] = x.last[n][part(h, n)]
		x.last[n][part(h, n)] = place
	}
	x.entries = append(x.entries, e)
}

// Remove takes a hash out again.
func (x *Index) Remove(id int64, h domain.PerceptualHash) {
	if x.last[0] == nil {
		return
	}
	for at := x.last[0][part(h, 0)]; at != 0; at = x.entries[at-1].before[0] {
		if e := &x.entries[at-1]; e.id == id && e.hash == h {
			e.hash = 0 // it stays in the chains, and is like nothing
		}
	}
}

// Near gives the image whose hash is nearest, in at most so many bits (MaxWithin), and
// that hash; of several, the one that was added first.
func (x *Index) Near(h domain.PerceptualHash, within int) (id int64, its domain.PerceptualHash, ok bool) {
	if h == 0 || len(x.entries) == 0 {
		return 0, 0, false
	}
	best, nearest := uint32(0), within+1
	for n := range parts {
		for p := range near(part(h, n), within/parts) {
			for at := x.last[n][p]; at != 0; at = x.entries[at-1].before[n] {
				e := &x.entries[at-1]
				if e.hash == 0 {
					continue
				}
				if d := h.Distance(e.hash); d < nearest || d == nearest && at < best {
					best, nearest = at, d
				}
			}
		}
	}
	if best == 0 {
		return 0, 0, false
	}
	return x.entries[best-1].id, x.entries[best-1].hash, true
}

// near yields all numbers that differ from p in at most so many bits.
func near(p uint16, within int) func(yield func(uint16) bool) {
	return func(yield func(uint16) bool) {
		all, upTo := flips()
		for _, flip := range all[:upTo[within]] {
			if !yield(p ^ flip) {
				return
			}
		}
	}
}

// flips gives the numbers with up to MaxWithin/parts bits set, those with fewer
// first, and how many have at most so many.
var flips = sync.OnceValues(func() (all []uint16, upTo [MaxWithin/parts + 1]int) {
	for n := range upTo {
		for v := range 1 << partBits {
			if bits.OnesCount16(uint16(v)) == n {
				all = append(all, uint16(v))
			}
		}
		upTo[n] = len(all)
	}
	return all, upTo
})
