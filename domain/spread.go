package domain

import "math"

// Spread sums up values: how many, their mean, and how far they lie apart. The
// zero value has none.
//
// Source: B. P. Welford, Note on a method for calculating corrected sums of
// squares and products, Technometrics 4 (1962).
type Spread struct {
	N             int
	mean, squares float64
}

// Add takes one more value.
func (s *Spread) Add(v float64) {
	s.N++
	d := v - s.mean
	s.mean += d / float64(s.N)
	s.squares += d * (v - s.mean)
}

// Mean gives the mean; 0 of no values.
func (s Spread) Mean() float64 { return s.mean }

// Deviation gives the standard deviation of what the values are a sample of; 0 of
// fewer than two.
func (s Spread) Deviation() float64 {
	if s.N < 2 {
		return 0
	}
	return math.Sqrt(s.squares / float64(s.N-1))
}
