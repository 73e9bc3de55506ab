package alike_test

import (
	"math/rand/v2"
	"testing"

	"vlocal/alike"
	"vlocal/domain"
)

// flipped gives a hash with n different bits turned.
func flipped(r *rand.Rand, h domain.PerceptualHash, n int) domain.PerceptualHash {
	for _, bit := range r.Perm(64)[:n] {
		h ^= 1 << bit
	}
	return h
}

// TestNearFindsWhatLookingAtAllFinds takes hashes of which many are near to each
// other.
func TestNearFindsWhatLookingAtAllFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var x alike.Index
	var all []domain.PerceptualHash
	for i := range 3000 {
		h := domain.PerceptualHash(r.Uint64())
		if i%3 != 0 {
			h = flipped(r, all[r.IntN(len(all))], r.IntN(20))
		}
		x.Add(int64(i), h)
		all = append(all, h)
	}
	for range 500 {
		h := flipped(r, all[r.IntN(len(all))], r.IntN(20))
		for within := 0; within <= alike.MaxWithin; within++ {
			want, nearest := int64(0), within+1
			for id, other := range all {
				if d := h.Distance(other); d < nearest {
					want, nearest = int64(id), d
				}
			}
			id, its, ok := x.Near(h, within)
			d := h.Distance(its)
			if ok != (nearest <= within) || ok && (id != want || d != nearest) {
				t.Fatalf("%016x within %d: %d at %d, %v; want %d at %d", uint64(h), within, id, d, ok, want, nearest)
			}
		}
	}
}

func TestUnknownIsLikeNothing(t *testing.T) {
	var x alike.Index
	x.Remove(1, 2)
	x.Add(1, 0)
	x.Add(2, 0b11)
	if id, _, ok := x.Near(0, 15); ok {
		t.Errorf("unknown is like %d", id)
	}
	if id, its, ok := x.Near(0b10, 2); id != 2 || its != 0b11 || !ok {
		t.Errorf("%d with %b, %v", id, its, ok)
	}
}

func TestWhatWasRemovedIsNotFound(t *testing.T) {
	var x alike.Index
	x.Add(1, 0b0111)
	x.Add(2, 0b1111)
	x.Remove(1, 0b0111)
	x.Remove(2, 0b0111) // which it has not
	if id, its, ok := x.Near(0b0111, 3); id != 2 || its != 0b1111 || !ok {
		t.Errorf("%d with %b, %v", id, its, ok)
	}
	x.Remove(2, 0b1111)
	if id, _, ok := x.Near(0b0111, 3); ok {
		t.Errorf("%d is still there", id)
	}
}

// BenchmarkAHundredThousand puts so many into an index, each looked for before.
func BenchmarkAHundredThousand(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 4))
	for b.Loop() {
		var x alike.Index
		for i := range 100_000 {
			h := domain.PerceptualHash(r.Uint64())
			x.Near(h, alike.Within)
			x.Add(int64(i), h)
		}
	}
}
