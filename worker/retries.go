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
	// server's, if at least manyJobs met them; patient is what the tries at a job
	// are multiplied with then.
	sharedTrouble = 0.25
	manyJobs      = 8
	patient       = 3
)

// retries bounds how often is tried again, over the whole run.
type retries struct {
	mu sync.Mutex
	// sent counts all requests, again those that were tries again.
	sent, again int
	// failed has, of the latest results, the jobs that met a failure that passes,
	// as a ring; 0 for another result.
	failed [lately]int64
	seen   int
	told   bool
}

// request counts a request.
func (r *retries) request() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent++
}

// result takes how a request about a job ended.
func (r *retries) result(job int64, failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !failed {
		job = 0
	}
	r.failed[r.seen%lately] = job
	r.seen++
}

// tries gives how many attempts a job may have now. When many requests about many
// jobs fail, the single image is not to blame.
func (r *retries) tries(most int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, failures, jobs := min(r.seen, lately), 0, map[int64]struct{}{}
	for _, job := range r.failed[:n] {
		if job != 0 {
			failures++
			jobs[job] = struct{}{}
		}
	}
	if n >= lateEnough && float64(failures) > sharedTrouble*float64(n) && len(jobs) >= manyJobs {
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
