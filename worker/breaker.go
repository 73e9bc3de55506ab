package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vlocal/domain"
)

const (
	// startFailures is how often in a row a server that never answered may be
	// unreachable until the run stops.
	startFailures = 5
	// troubled is how many different jobs in a row must fail for the server to
	// be in trouble, not the images; of one that never gave an answer, how many
	// requests.
	troubled = 20
	// startPatience bounds the wait for a server that never gave an answer.
	startPatience = time.Minute
)

// breaker watches whether a model answers at all. While it does not, what would ask
// it pauses, longer each time, and one request tries.
type breaker struct {
	options Options

	mu sync.Mutex
	// failures counts requests in a row that got no answer; jobs has the
	// different jobs among them, while they are few.
	failures int
	jobs     map[int64]struct{}
	// since is when the first of them ended.
	since time.Time
	// met says that the server was reached once in this run, answered that it
	// gave an answer.
	met, answered bool
	// open says that the run is paused, why, and how often it has waited; retry
	// is when to try again.
	open bool
	why  string
	// told says that somebody was told of the pause.
	told  bool
	waits int
	retry time.Time
	// probing says that a request is out to try.
	probing bool
	// changed is closed, and made anew, when those who wait should look again.
	changed chan struct{}
}

func newBreaker(o Options) *breaker {
	return &breaker{options: o, jobs: map[int64]struct{}{}, changed: make(chan struct{})}
}

// enter waits while the run is paused. It reports whether the caller's request is
// the one that tries whether the server is back; then leave must follow.
func (b *breaker) enter(ctx context.Context) (probe bool, err error) {
	for {
		entered, probe := b.tryEnter()
		if entered {
			return probe, nil
		}
		b.mu.Lock()
		wait := time.Until(b.retry)
		if b.probing {
			wait = time.Hour // until it has ended
		}
		changed := b.changed
		b.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
			timer.Stop()
			return false, context.Cause(ctx)
		}
		timer.Stop()
	}
}

// tryEnter is enter for who does not wait; entered says whether it went in.
func (b *breaker) tryEnter() (entered, probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.open:
		return true, false
	case !b.probing && time.Until(b.retry) <= 0:
		b.probing = true
		return true, true
	}
	return false, false
}

// leave ends a probe, whatever came of it.
func (b *breaker) leave(probe bool) {
	if !probe {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	b.wake()
}

// fail takes a request that got no answer, for a reason that passes with time. It
// gives what was decided, and whether it is time to stop the run.
func (b *breaker) fail(job int64, e *domain.Error) (decision string, stop bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.failures == 0 {
		b.since = now
	}
	b.failures++
	if len(b.jobs) < troubled {
		b.jobs[job] = struct{}{}
	}
	b.met = b.met || !e.Unreachable
	b.why = e.Err.Error()
	refused := e.Kind == domain.RateLimited // those slow down the pace, elsewhere
	if !refused && (b.open || e.Unreachable || len(b.jobs) >= troubled || !b.answered && b.failures >= troubled) {
		if !b.open && b.met { // of one that was never there, the end of the run tells
			decision, b.told = "paused: "+b.why, true
		}
		b.pause(now)
	}
	switch lasted := now.Sub(b.since); {
	case !b.met:
		return decision, b.failures >= startFailures
	case !b.open && !refused:
		return decision, false
	case !b.answered:
		return decision, lasted >= min(startPatience, b.options.Patience)
	default:
		return decision, lasted >= b.options.Patience
	}
}

// pause sets when to try again. The others of one round do not add to the wait.
func (b *breaker) pause(now time.Time) {
	if b.open && !now.After(b.retry) {
		return
	}
	b.open = true
	// Half of it is certain, so that the waits really grow.
	half := b.options.ceiling(b.waits) / 2
	b.retry = now.Add(half + jitter(half))
	b.waits++
	b.wake()
}

// over takes an answer: the server is there. It gives what was decided.
func (b *breaker) over() (decision string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.told {
		decision = fmt.Sprintf("goes on after %s", time.Since(b.since).Round(time.Second))
	}
	if b.open {
		defer b.wake()
	}
	b.told = false
	b.failures, b.waits, b.met, b.answered, b.open = 0, 0, true, true, false
	clear(b.jobs)
	return decision
}

// paused says when the run goes on to try, and why it waits; zero if it does not.
func (b *breaker) paused() (until time.Time, why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return time.Time{}, ""
	}
	return b.retry, b.why
}

func (b *breaker) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}
