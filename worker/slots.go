package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// window is the least time between two looks at the latency, and windowSize
	// the least number of answers.
	window     = time.Second
	windowSize = 20
	// slow is how many times the best mean latency makes fewer slots, quick what
	// makes more again.
	slow, quick = 2.0, 1.5
	// noise is how much longer an answer may take in any case: a server that
	// answers within milliseconds has no queue to speak of.
	noise = 20 * time.Millisecond
	// drift lets the best latency grow with each window, so that a server that
	// has become slower for good is one day as good as it gets.
	drift = 1.002
	// timeouts is the share of requests that time out which halves the slots.
	timeouts = 0.2
)

// slots are the places for requests in flight. Their number follows the latency:
// a server that takes longer because too much is asked of it at once answers no
// fewer requests with fewer slots, each sooner.
//
// Source of the idea: gradient and AIMD limits,
// https://github.com/Netflix/concurrency-limits
type slots struct {
	most int
	sem  *semaphore.Weighted

	mu sync.Mutex
	// limit is how many may be in use, withheld how many of the others are out
	// of the semaphore already.
	limit, withheld int
	// best is the lowest mean latency of a window.
	best time.Duration
	// Of the window that goes on:
	started         time.Time
	answers, missed int
	sum             time.Duration
}

func newSlots(n int) *slots {
	return &slots{most: n, limit: n, sem: semaphore.NewWeighted(int64(n))}
}

func (s *slots) acquire(ctx context.Context) error { return s.sem.Acquire(ctx, 1) }

func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.withheld < s.most-s.limit {
		s.withheld++
		return
	}
	s.sem.Release(1)
}

// now is how many may be in use.
func (s *slots) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit
}

// answered takes the latency of an answer, timedOut a request without one. They
// give what was decided.
func (s *slots) answered(latency time.Duration) string { return s.note(latency, false) }
func (s *slots) timedOut() string                      { return s.note(0, true) }

func (s *slots) note(latency time.Duration, missed bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.started.IsZero() {
		s.started = now
	}
	if missed {
		s.missed++
	} else {
		s.answers++
		s.sum += latency
	}
	// A round of all slots is enough where they are few.
	if s.answers+s.missed < min(windowSize, max(2*s.limit, 5)) || now.Sub(s.started) < window {
		return ""
	}
	text := s.judge()
	s.started, s.answers, s.missed, s.sum = now, 0, 0, 0
	return text
}

// judge looks at a whole window.
func (s *slots) judge() string {
	if all := s.answers + s.missed; float64(s.missed) >= timeouts*float64(all) {
		return s.set(s.limit/2, fmt.Sprintf("%d of %d requests timed out", s.missed, all))
	}
	mean := s.sum / time.Duration(s.answers)
	if s.best == 0 || mean < s.best {
		s.best = mean
	}
	ratio, longer := float64(mean)/float64(s.best), mean-s.best
	s.best = time.Duration(float64(s.best) * drift)
	switch {
	case ratio > slow && longer > noise:
		return s.set(s.limit*4/5, fmt.Sprintf("an answer takes %s, %.1f times as long as at best",
			mean.Round(time.Millisecond), ratio))
	case (ratio < quick || longer < noise/2) && s.limit < s.most:
		return s.set(s.limit+max(s.limit/10, 1), "answers come quickly again")
	}
	return ""
}

// set changes the limit, between one and all slots.
func (s *slots) set(limit int, why string) string {
	limit = min(max(limit, 1), s.most)
	if limit == s.limit {
		return ""
	}
	text := fmt.Sprintf("%d slots → %d: %s", s.limit, limit, why)
	s.limit = limit
	for s.withheld > s.most-s.limit {
		s.withheld--
		s.sem.Release(1)
	}
	return text
}
