package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"vlocal/domain"
	"vlocal/preprocess"
)

// ErrDrained is what Run returns when it was asked to come to an end.
var ErrDrained = errors.New("stopped on request")

// run is the state of one call to Run.
type run struct {
	*Worker
	// slots holds a place for every request in flight.
	slots *semaphore.Weighted
	// stop ends the claiming of jobs, with the reason. Requests in flight run on.
	stop context.CancelCauseFunc
	// open counts the jobs that were claimed and are not settled yet.
	open atomic.Int64
	// wake tells the dispatcher that a job was settled.
	wake chan struct{}
	// jobs carries claimed jobs from the dispatcher to the preparers.
	jobs   chan domain.Job
	asks   sync.WaitGroup
	outage outage
}

// Run asks until no job of the queue is left, and returns nil then, whether the
// jobs ended done or failed. It returns early, with the reason, when the server,
// the account or the queue makes going on pointless, and with ErrDrained after
// drain is closed; either way requests in flight are finished and recorded
// first, and jobs that were claimed but not asked are left to the queue.
//
// The end of ctx gives up requests in flight too; they are recorded as
// interrupted.
func (w *Worker) Run(ctx context.Context, drain <-chan struct{}) error {
	claims, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &run{
		Worker: w,
		slots:  semaphore.NewWeighted(int64(w.options.Concurrency)),
		stop:   stop,
		wake:   make(chan struct{}, 1),
		jobs:   make(chan domain.Job),
	}
	w.progress.start(time.Now())

	var workers sync.WaitGroup
	workers.Go(func() {
		select {
		case <-drain:
			stop(ErrDrained)
		case <-claims.Done():
		}
	})
	for range w.options.Preparers {
		workers.Go(func() { r.prepareAll(ctx, claims) })
	}
	err := r.dispatch(claims)
	close(r.jobs)
	stop(err) // also releases the goroutine that waits for drain
	workers.Wait()
	r.asks.Wait()
	w.progress.end(time.Now())
	return err
}

// dispatch claims jobs and hands them on until none is left (nil) or claims ends
// (its cause).
func (r *run) dispatch(claims context.Context) error {
	for {
		if err := r.waitOut(claims); err != nil {
			return err
		}
		// Read before claiming: a job that is settled in between may have become
		// due again, and then the claim sees it.
		open := r.open.Load()
		size := r.options.Concurrency
		if r.outage.on() {
			// One job at a time tries whether the server is back.
			if size = 1; open > 0 {
				r.waitForWork(claims, time.Time{})
				continue
			}
		}
		jobs, next, err := r.queue.Claim(claims, size)
		if claims.Err() != nil {
			return context.Cause(claims)
		}
		if err != nil {
			return err
		}
		if len(jobs) == 0 && next.IsZero() && open == 0 {
			return nil
		}
		if len(jobs) == 0 {
			r.waitForWork(claims, next)
			continue
		}
		r.open.Add(int64(len(jobs)))
		for _, j := range jobs {
			select {
			case r.jobs <- j:
			case <-claims.Done():
				return context.Cause(claims)
			}
		}
	}
}

// waitOut waits while the server is given time to come back.
func (r *run) waitOut(claims context.Context) error {
	for {
		wait := time.Until(r.outage.retryAt())
		if wait <= 0 {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-claims.Done():
			timer.Stop()
			return context.Cause(claims)
		}
	}
}

// waitForWork waits until next (zero: for ever), or until a job was settled: it
// may have become due again.
func (r *run) waitForWork(claims context.Context, next time.Time) {
	var due <-chan time.Time
	if !next.IsZero() {
		timer := time.NewTimer(time.Until(next))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
	case <-r.wake:
	case <-claims.Done():
	}
}

// settle says that a claimed job is through for now.
func (r *run) settle() {
	r.open.Add(-1)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// prepareAll prepares the pictures of jobs, one after the other, and starts the
// asking of each as soon as there is a slot. So never more pictures are held
// than there are preparers and slots.
func (r *run) prepareAll(ctx, claims context.Context) {
	for j := range r.jobs {
		if claims.Err() != nil {
			r.settle()
			continue
		}
		picture, err := r.prepare(ctx, j.Image.Path)
		if err != nil {
			r.fail(ctx, claims, j, picture.Source, err)
			r.settle()
			continue
		}
		if r.slots.Acquire(claims, 1) != nil {
			r.settle()
			continue
		}
		r.asks.Go(func() {
			defer r.settle()
			defer r.slots.Release(1)
			r.ask(ctx, claims, j, picture)
		})
	}
}

// fail records an attempt that ended before there was anything to send.
func (r *run) fail(ctx, claims context.Context, j domain.Job, facts domain.Facts, err error) {
	if ctx.Err() != nil {
		return // not the file's fault
	}
	attempt, begun := r.begin(ctx, j, facts)
	if !begun {
		return
	}
	r.end(ctx, attempt, r.judge(claims, j, domain.Answer{}, err, 0))
}

// ask makes one attempt in a slot.
func (r *run) ask(ctx, claims context.Context, j domain.Job, picture preprocess.Picture) {
	if claims.Err() != nil {
		return
	}
	attempt, begun := r.begin(ctx, j, picture.Source)
	if !begun {
		return
	}
	r.progress.sent()
	start := time.Now()
	answer, err := r.model.Ask(ctx, r.task, picture.JPEG)
	latency := time.Since(start)
	r.progress.returned()
	if err != nil && ctx.Err() != nil {
		err = &domain.Error{Kind: domain.Interrupted, Op: "ask", Err: errors.New("given up while waiting for the answer")}
	}
	r.end(ctx, attempt, r.judge(claims, j, answer, err, latency))
}

func (r *run) begin(ctx context.Context, j domain.Job, facts domain.Facts) (attempt domain.Attempt, begun bool) {
	attempt, err := r.queue.Begin(ctx, j, facts, domain.Asked{Model: r.task.Model})
	switch {
	case err == nil:
		return attempt, true
	case errors.Is(err, domain.ErrAnswered):
		r.progress.shared()
	case errors.Is(err, domain.ErrBeingAsked), ctx.Err() != nil:
	default:
		r.stop(err)
	}
	return attempt, false
}

// end records the attempt. What was paid for is recorded even when the run is
// being given up.
func (r *run) end(ctx context.Context, a domain.Attempt, e domain.Ending) {
	if err := r.queue.End(context.WithoutCancel(ctx), a, e); err != nil {
		r.stop(fmt.Errorf("an answer could not be recorded: %w", err))
		return
	}
	r.progress.ended(e)
}
