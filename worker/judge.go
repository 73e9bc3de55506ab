package worker

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"vlocal/domain"
)

// judge decides what becomes of a job after an attempt, and whether the run goes
// on. No job fails for what is not its own fault: an error of the account or of
// the way to the server leaves it pending, and so does any passing error once
// the run is stopping.
func (r *run) judge(claims context.Context, j domain.Job, answer domain.Answer, err error, latency time.Duration) domain.Ending {
	e := domain.Ending{Answer: answer, Latency: latency, CountTry: true}
	if err == nil {
		r.outage.over()
		e.Status = domain.Done
		return e
	}
	e.Err = asError(err)
	switch {
	case e.Err.Kind.StopsRun():
		r.stop(e.Err)
		e.Status, e.CountTry = domain.Pending, false
	case e.Err.Kind == domain.Interrupted:
		e.Status, e.CountTry = domain.Pending, false
	case e.Err.Unreachable:
		if r.outage.note(time.Now(), r.options) {
			r.stop(e.Err)
		}
		e.Status, e.CountTry = domain.Pending, false
		e.NotBefore = r.outage.retryAt()
	case !e.Err.Kind.Passes():
		e.Status = domain.Failed
	case claims.Err() == nil && j.Tries+1 >= r.options.MaxTries:
		e.Status = domain.Failed
	default:
		e.Status = domain.Pending
		wait := max(r.options.backoff(j.Tries), e.Err.RetryAfter)
		e.NotBefore = time.Now().Add(wait)
	}
	if e.Err.HTTPStatus != 0 {
		r.outage.over() // whatever it said, it is there
	}
	return e
}

// asError gives the *domain.Error that the interfaces promise. Anything else is
// a fault of this program; the job fails with what it says.
func asError(err error) *domain.Error {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e
	}
	return &domain.Error{Kind: domain.BadRequest, Err: err}
}

// backoff is how long to wait after the given number of earlier tries:
// exponential with full jitter, so that jobs that failed together do not come
// back together.
//
// Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
func (o Options) backoff(tries int) time.Duration {
	return jitter(o.ceiling(tries))
}

// ceiling is the longest wait after the given number of earlier tries.
func (o Options) ceiling(tries int) time.Duration {
	if tries >= 30 { // the shift could overflow, and the cap is long reached
		return o.BackoffCap
	}
	return min(o.BackoffCap, o.BackoffBase<<tries)
}

// jitter is a random part of d.
func jitter(d time.Duration) time.Duration {
	return rand.N(max(d, 1))
}
