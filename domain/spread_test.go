package domain_test

import (
	"math"
	"testing"

	"vlocal/domain"
)

func TestSpreadHasMeanAndDeviationOfTheSample(t *testing.T) {
	var s domain.Spread
	if s.Mean() != 0 || s.Deviation() != 0 {
		t.Errorf("of nothing: %v, %v", s.Mean(), s.Deviation())
	}
	for _, v := range []float64{2, 4, 4, 4, 5, 5, 7, 9} {
		s.Add(v)
	}
	if s.N != 8 || s.Mean() != 5 || math.Abs(s.Deviation()-math.Sqrt(32.0/7)) > 1e-12 {
		t.Errorf("%d values, mean %v, deviation %v", s.N, s.Mean(), s.Deviation())
	}
}
