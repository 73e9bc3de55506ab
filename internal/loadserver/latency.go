package loadserver

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// Latency is how long answers take: a log-normal distribution, or a constant.
type Latency struct {
	// Median is the constant where P95 is 0.
	Median time.Duration
	// P95 is what 95% of the requests stay under.
	P95 time.Duration
	// P99 makes the tail beyond P95 heavier or lighter than a log-normal one: 99%
	// stay under it. 0 leaves the tail alone, which is 190 ms for a median of 48
	// and a P95 of 127.
	P99 time.Duration
}

// The 95th and 99th percentile of the standard normal distribution.
const (
	z95 = 1.6448536269514722
	z99 = 2.3263478740408408
)

func (l Latency) check() error {
	sound := l.P95 == 0 && l.P99 == 0 || l.Median > 0 && l.P95 >= l.Median && (l.P99 == 0 || l.P99 >= l.P95)
	if l.Median < 0 || !sound {
		return errors.New("latency: the median is positive, P95 is not below it, and P99 not below that")
	}
	return nil
}

// draw gives one latency.
func (l Latency) draw(r *rand.Rand) time.Duration {
	if l.P95 == 0 {
		return l.Median
	}
	z := r.NormFloat64()
	from, at, slope := l.Median, 0.0, math.Log(float64(l.P95)/float64(l.Median))/z95
	if l.P99 != 0 && z > z95 {
		from, at, slope = l.P95, z95, math.Log(float64(l.P99)/float64(l.P95))/(z99-z95)
	}
	return time.Duration(float64(from) * math.Exp(slope*(z-at)))
}

// Slowdown is a server that has more to do than it can do at once.
type Slowdown struct {
	// After is when it begins, counted from the first request.
	After time.Duration
	// Beyond is how many requests in flight go at full speed; 0 means that all
	// do.
	Beyond int
	// Factor multiplies the latency of a request that comes while more are in
	// flight. 0 means a queue: in flight divided by Beyond, so that what the
	// server answers a second does not grow and every waiting request makes the
	// others wait longer.
	Factor float64
}

func (s Slowdown) check() error {
	if s.After < 0 || s.Beyond < 0 || s.Factor < 0 {
		return errors.New("slowdown: no setting is negative")
	}
	return nil
}

// stretch gives a latency as it is with so many requests in flight.
func (s Slowdown) stretch(d time.Duration, inFlight int, since time.Duration) time.Duration {
	if s.Beyond == 0 || inFlight <= s.Beyond || since < s.After {
		return d
	}
	factor := s.Factor
	if factor == 0 {
		factor = float64(inFlight) / float64(s.Beyond)
	}
	return time.Duration(float64(d) * factor)
}

// Faults are shares of all requests, from 0 to 1; their sum is at most 1.
type Faults struct {
	// Hang takes the request and does not answer until the client gives up.
	Hang float64
	// Reset breaks the connection (TCP RST) at half the latency.
	Reset float64
	// Error answers 500 after the latency.
	Error float64
	// RateLimited answers 429 at once, whatever the limit says.
	RateLimited float64
}

func (f Faults) check() error {
	if min(f.Hang, f.Reset, f.Error, f.RateLimited) < 0 || f.Hang+f.Reset+f.Error+f.RateLimited > 1 {
		return errors.New("faults: shares are from 0 to 1, and so is their sum")
	}
	return nil
}

// fate is what happens to a request.
type fate int

const (
	answered fate = iota
	hung
	reset
	failed
	limited
	// abandoned is never drawn: the client gave up.
	abandoned
)

// draw gives one request's fate.
func (f Faults) draw(r *rand.Rand) fate {
	p := r.Float64()
	switch {
	case p < f.Hang:
		return hung
	case p < f.Hang+f.Reset:
		return reset
	case p < f.Hang+f.Reset+f.Error:
		return failed
	case p < f.Hang+f.Reset+f.Error+f.RateLimited:
		return limited
	}
	return answered
}

// lot gives the latency and the fate of the nth request. They depend on the seed
// and on n alone, so that no lock is needed to draw them in order.
func (o Options) lot(n uint64) (time.Duration, fate) {
	// The multiplier (2^64 over the golden ratio) sets the generators' states far
	// apart.
	r := rand.New(rand.NewPCG(o.Seed, n*0x9e3779b97f4a7c15))
	return o.Latency.draw(r), o.Faults.draw(r)
}
