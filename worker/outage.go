package worker

import (
	"sync"
	"time"
)

// startFailures is how often in a row a server that never answered may be
// unreachable until the run stops.
const startFailures = 5

// outage watches whether the server can be reached at all. While it cannot, the
// run waits, longer each time, and tries with one job.
type outage struct {
	mu sync.Mutex
	// failures counts attempts in a row that did not reach the server; waits
	// counts the pauses since the first of them.
	failures, waits int
	// since is when the first of them ended.
	since time.Time
	// answered says that the server was reached once in this run.
	answered bool
	// retry is when to try again.
	retry time.Time
}

// note takes a failure to reach the server, and reports whether it is time to
// stop.
func (o *outage) note(now time.Time, options Options) (giveUp bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failures == 0 {
		o.since = now
	}
	o.failures++
	if now.After(o.retry) { // the others of one round do not add to the wait
		// Half of it is certain, so that the waits really grow.
		half := options.ceiling(o.waits) / 2
		o.retry = now.Add(half + jitter(half))
		o.waits++
	}
	if !o.answered {
		return o.failures >= startFailures
	}
	return now.Sub(o.since) >= options.Patience
}

// over takes word from the server, whatever it said.
func (o *outage) over() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failures, o.waits, o.answered, o.retry = 0, 0, true, time.Time{}
}

// on reports whether the server could not be reached lately.
func (o *outage) on() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failures > 0
}

// retryAt is when the server may be tried again; zero when it can be reached.
func (o *outage) retryAt() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.retry
}
