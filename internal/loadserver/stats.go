package loadserver

import (
	"sync"
	"time"
)

// Stats is what a server has seen.
type Stats struct {
	// Requests is how many came; the others say what became of them. Those that
	// are in flight are not among the others yet.
	Requests, Answered, Limited, Failed, Reset, Hung int
	// Abandoned were given up by the client before their time.
	Abandoned int
	// Connections is how many were opened, MostInFlight how many requests were
	// held at one moment.
	Connections, MostInFlight int
	// Drawn is the sum of the latencies of the answered requests, as they were
	// drawn (and stretched by a slowdown): no client with n requests in flight
	// can have these answers in less than Drawn / n.
	Drawn time.Duration
	// Wasted is the time spent on requests that did not end in an answer.
	Wasted time.Duration
	// Seconds has what ended in each second since the first request.
	Seconds []Second
}

// Second is one second's part of Stats.
type Second struct {
	Answered, Limited int
	// MostInFlight is over the requests that came in this second.
	MostInFlight int
}

// counts collects Stats. A request takes its lock twice, for some nanoseconds.
type counts struct {
	mu       sync.Mutex
	first    time.Time
	inFlight int
	now      Stats
}

// begin counts a request in, and gives how many are in flight with it and how
// long the server has been at work.
func (c *counts) begin(now time.Time) (inFlight int, since time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first.IsZero() {
		c.first = now
	}
	c.now.Requests++
	c.inFlight++
	c.now.MostInFlight = max(c.now.MostInFlight, c.inFlight)
	second := c.second(now)
	second.MostInFlight = max(second.MostInFlight, c.inFlight)
	return c.inFlight, now.Sub(c.first)
}

// end counts it out.
func (c *counts) end(start, now time.Time, latency time.Duration, f fate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight--
	second := c.second(now)
	if f == answered {
		c.now.Answered++
		c.now.Drawn += latency
		second.Answered++
		return
	}
	c.now.Wasted += now.Sub(start)
	switch f {
	case limited:
		c.now.Limited++
		second.Limited++
	case failed:
		c.now.Failed++
	case reset:
		c.now.Reset++
	case hung:
		c.now.Hung++
	case abandoned:
		c.now.Abandoned++
	}
}

// second gives the current second's counts; c.mu is held.
func (c *counts) second(now time.Time) *Second {
	// Two requests may take the lock in another order than they came.
	i := int(max(now.Sub(c.first), 0) / time.Second)
	for len(c.now.Seconds) <= i {
		c.now.Seconds = append(c.now.Seconds, Second{})
	}
	return &c.now.Seconds[i]
}

func (c *counts) connected() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Connections++
}

// Stats gives what the server has seen so far.
func (s *Server) Stats() Stats {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	now := s.counts.now
	now.Seconds = append([]Second(nil), now.Seconds...)
	return now
}
