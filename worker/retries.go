package worker

import (
	"sync"

	"vlocal/domain"
)

const (
	// retryShare is the part of all requests that may be tries again, a fifth;
	// those that the provider asked to come later do not count. Small runs may
	// always have leastRetries.
	retryShare   = 5
	leastRetries = 50
	// lately is how many results are looked at to tell an image's fault from the
	// server's, and lateEnough how many there must be.
	lately, lateEnough = 50, 20
	// sharedTrouble is the share of failures among them from which on it is the
	// server's, and patient what the tries at a job are multiplied with then.
	sharedTrouble = 0.25
	patient       = 3
)

// retries bounds how often is tried again, over the whole run.
type retries struct {
	mu sync.Mutex
	// sent counts all requests, again those that were tries again.
	sent, again int
	// results are the latest, as a ring; true for a failure that passes.
	results  [lately]bool
	seen     int
	failures int
	told     bool
}

// request counts a request.
func (r *retries) request() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent++
}

// result takes how a request ended.
func (r *retries) result(failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := &r.results[r.seen%lately]
	if r.seen >= lately && *place {
		r.failures--
	}
	if failed {
		r.failures++
	}
	*place = failed
	r.seen++
}

// tries gives how many attempts a job may have now. When many requests fail, the
// single image is not to blame.
func (r *retries) tries(most int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(r.seen, lately)
	if n >= lateEnough && float64(r.failures) > sharedTrouble*float64(n) {
		return most * patient
	}
	return most
}

// allow reports whether one more try fits. The first time it does not, it gives
// what was decided.
func (r *retries) allow(e *domain.Error) (ok bool, decision string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.RetryAfter > 0 || e.Kind == domain.RateLimited {
		return true, ""
	}
	if r.again < max(leastRetries, r.sent/retryShare) {
		r.again++
		return true, ""
	}
	if !r.told {
		r.told = true
		decision = "more than a fifth of the requests are tries again: what fails now is left to another run"
	}
	return false, decision
}
