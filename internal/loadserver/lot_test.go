package loadserver

import (
	"math"
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestSeedMakesLatenciesAndFaults(t *testing.T) {
	o := Options{
		Seed:    1,
		Latency: Latency{Median: 48 * time.Millisecond, P95: 127 * time.Millisecond, P99: 203 * time.Millisecond},
		Faults:  Faults{Hang: 0.01, Reset: 0.02, Error: 0.03, RateLimited: 0.04},
	}
	const n = 200_000
	latencies := make([]time.Duration, n)
	fates := map[fate]int{}
	for i := range latencies {
		d, f := o.lot(uint64(i))
		if again, sameFate := o.lot(uint64(i)); again != d || sameFate != f {
			t.Fatalf("request %d: %s and %s", i, d, again)
		}
		latencies[i] = d
		fates[f]++
	}
	other := o
	other.Seed = 2
	if d, _ := other.lot(0); d == latencies[0] {
		t.Error("another seed gives the same latency")
	}
	slices.Sort(latencies)
	near := func(what string, got, want, within float64) {
		if math.Abs(got/want-1) > within {
			t.Errorf("%s is %g, want %g", what, got, want)
		}
	}
	for q, want := range map[float64]float64{0.5: 48, 0.95: 127, 0.99: 203} {
		near("quantile", latencies[int(q*n)].Seconds()*1000, want, 0.02)
	}
	for f, want := range map[fate]float64{hung: 0.01, reset: 0.02, failed: 0.03, limited: 0.04, answered: 0.9} {
		near("share", float64(fates[f])/n, want, 0.06)
	}
}

func TestBucketFillsEvenlyAndWindowAtOnce(t *testing.T) {
	t0 := time.Unix(1000, 0)
	// asks counts the requests let through, one every half second.
	asks := func(l *limiter, from time.Time, n int) (through int) {
		for i := range n {
			if l.take("k", 1, from.Add(time.Duration(i)*time.Second/2), http.Header{}) {
				through++
			}
		}
		return through
	}
	bucket := newLimiter(Limit{Requests: 60, Burst: 10})
	// 10 saved up and one a second for the minute.
	if got := asks(bucket, t0, 120); got != 69 {
		t.Errorf("the bucket let %d through in the first minute", got)
	}
	if got := asks(bucket, t0.Add(time.Minute), 120); got != 60 {
		t.Errorf("the bucket let %d through in the second minute", got)
	}
	window := newLimiter(Limit{Requests: 60, Window: true})
	if got := asks(window, t0, 119); got != 60 {
		t.Errorf("the window let %d through in its first minute", got)
	}
	h := http.Header{}
	if window.take("k", 1, t0.Add(59500*time.Millisecond), h) {
		t.Error("the window let one more through")
	}
	if got := h.Get("Retry-After") + " " + h.Get("X-Ratelimit-Reset-Requests"); got != "1 500ms" {
		t.Errorf("told %q", got)
	}
	if got := asks(window, t0.Add(time.Minute), 119); got != 60 {
		t.Errorf("the window let %d through in its second minute", got)
	}
}
