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
func (r *run) judge(claims context.Context, j domain.Job, asked string, err error) domain.Ending {
	e := domain.Ending{CountTry: true, Model: j.Model}
	if err == nil {
		r.works(j, asked)
		e.Status = domain.Done
		return e
	}
	e.Err = asError(err)
	kind := e.Err.Kind
	passes := kind.Passes() && kind != domain.Interrupted
	atServer := asked != "" && !e.Err.Source
	if atServer {
		r.watch(j, asked, e.Err, passes)
	}
	switch {
	case e.Err.Away:
		e.Status, e.CountTry, e.Release = domain.Pending, false, true
		r.away(e.Err)
	case e.Err.Misfit && j.Rejected == nil && j.Model == "":
		// It is asked once more, and told what is wrong. That is no try: the server
		// works. Another model begins anew, and gets no second chance.
		e.Status, e.CountTry, e.Reject = domain.Pending, false, true
	case kind.StopsRun() && !e.Err.Elsewhere:
		r.stop(e.Err)
		e.Status, e.CountTry = domain.Pending, false
	case e.Err.Source && asked != "":
		// The model's server could not fetch the URL; the next try will not need
		// that.
		e.Status = domain.Pending
	case kind.StopsRun(), kind == domain.Interrupted:
		e.Status, e.CountTry = domain.Pending, false
	case e.Err.Unreachable:
		e.Status, e.CountTry = domain.Pending, false
		e.NotBefore = r.breakers.retryAt(r.modelsOf(j))
	case passes && claims.Err() != nil:
		e.Status = domain.Pending
	case atServer && passes && kind != domain.RateLimited && r.otherAnswers(j, asked):
		// The model is down, and another one is not: the job goes to that at once,
		// as all others do meanwhile.
		e.Status, e.CountTry = domain.Pending, false
	case atServer && kind == domain.RateLimited, passes && j.Tries+1 < r.triesFor(j, asked, kind):
		r.tryAgain(j, atServer, &e)
	default:
		r.giveUp(j, asked, &e)
	}
	return e
}

// watch tells an error at the server to those who watch whether it works.
func (r *run) watch(j domain.Job, asked string, e *domain.Error, passes bool) {
	switch {
	case passes:
		decision, stop := r.breakers.of(asked).fail(j.ID, e)
		r.decided(domain.AboutPause, about(asked, decision, r.modelsOf(j)))
		// While another model can be asked, one that is down stops nothing.
		if stop && (e.Kind == domain.RateLimited || !r.breakers.retryAt(r.modelsOf(j)).IsZero()) {
			r.stop(e)
		}
		r.retries.result(j.ID, true)
	case e.HTTPStatus != 0 && !e.Kind.StopsRun():
		r.works(j, asked) // and has its own mind about the image
	}
}

// works takes word from a model that it is there.
func (r *run) works(j domain.Job, asked string) {
	r.retries.result(j.ID, false)
	r.decided(domain.AboutPause, about(asked, r.breakers.of(asked).over(), r.models()))
}

// about names the model in a decision where there are several.
func about(model, decision string, models []string) string {
	if decision == "" || len(models) == 1 {
		return decision
	}
	return model + ": " + decision
}

// triesFor gives how many attempts the job may have at what it asks now. Where
// another model may answer, there is no point in more patience with this one.
func (r *run) triesFor(j domain.Job, asked string, k domain.ErrorKind) int {
	if anotherMayAnswer(k) && r.nextModel(j, asked) != "" {
		return r.options.MaxTries
	}
	return r.retries.tries(r.options.MaxTries)
}

// tryAgain makes the job due later, or leaves it to another run when too much of
// this one is tries again. The model server's refusal to go faster is no fault of
// the job, and is no try: the pace falls, and the breaker bounds it.
func (r *run) tryAgain(j domain.Job, atServer bool, e *domain.Ending) {
	e.Status = domain.Pending
	if atServer {
		ok, decision := r.retries.allow(e.Err)
		r.decided(domain.AboutRetries, decision)
		e.Release = !ok
		e.CountTry = e.Err.Kind != domain.RateLimited
	}
	wait := max(r.options.backoff(j.Tries), e.Err.RetryAfter)
	e.NotBefore = time.Now().Add(wait)
}

// giveUp ends a job as failed, or has it ask the next model.
func (r *run) giveUp(j domain.Job, asked string, e *domain.Ending) {
	if asked != "" && anotherMayAnswer(e.Err.Kind) {
		if next := r.nextModel(j, asked); next != "" {
			e.Status, e.Model = domain.Pending, next
			return
		}
	}
	e.Status = domain.Failed
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
