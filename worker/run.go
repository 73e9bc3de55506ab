package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"vlocal/domain"
	"vlocal/preprocess"
)

// ErrDrained is what Run returns when it was asked to come to an end.
var ErrDrained = errors.New("stopped on request")

// run is the state of one call to Run.
type run struct {
	*Worker
	slots    *slots
	breakers *breakers
	retries  retries
	budget   *budget
	// stop ends the claiming of jobs, with the reason. Requests in flight run on.
	stop context.CancelCauseFunc
	// open counts the jobs that were claimed and are not settled yet.
	open atomic.Int64
	// unreached counts the images in a row whose folders could not be reached.
	unreached atomic.Int64
	// wake tells the dispatcher that a job was settled.
	wake chan struct{}
	// jobs carries claimed jobs from the dispatcher to the preparers, ready those
	// with a picture on to the senders.
	jobs  chan domain.Job
	ready chan prepared
	asks  sync.WaitGroup
}

// prepared is a job with its picture and the question about it.
type prepared struct {
	domain.Job
	picture  preprocess.Picture
	question domain.Question
}

// slotsPerSender is for how many slots one sender is enough: it puts on record
// what leaves next while they are all in use, so that a free slot never waits for
// the disk. An attempt that a sender holds is on record although it was not sent;
// that is why they are few.
const slotsPerSender = 12

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
		Worker:   w,
		slots:    newSlots(w.options.Concurrency),
		breakers: newBreakers(w.options),
		budget:   newBudget(w.options, w.task.MaxTokens),
		stop:     stop,
		wake:     make(chan struct{}, 1),
		jobs:     make(chan domain.Job),
		ready:    make(chan prepared),
	}
	w.progress.start(time.Now(), r)

	var draining, preparing, sending sync.WaitGroup
	draining.Go(func() {
		select {
		case <-drain:
			stop(ErrDrained)
		case <-claims.Done():
		}
	})
	for range w.options.Preparers {
		preparing.Go(func() { r.prepareAll(ctx, claims) })
	}
	for range (w.options.Concurrency + slotsPerSender - 1) / slotsPerSender {
		sending.Go(func() { r.sendAll(ctx, claims) })
	}
	err := r.dispatch(claims)
	close(r.jobs)
	if err != nil {
		stop(err)
	}
	if used, ok := errors.AsType[*BudgetError](err); ok {
		r.decided(domain.AboutBudget, used.Error())
	}
	preparing.Wait()
	close(r.ready)
	sending.Wait()
	r.asks.Wait()
	stop(err) // also releases the goroutine that waits for drain
	draining.Wait()
	w.progress.end(time.Now())
	return err
}

// dispatch claims jobs and hands them on until none is left (nil) or claims ends
// (its cause).
func (r *run) dispatch(claims context.Context) error {
	for {
		// Read before claiming: a job that is settled in between may have become
		// due again, and then the claim sees it.
		open := r.open.Load()
		jobs, next, err := r.queue.Claim(claims, r.options.Concurrency)
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
		r.progress.claimed(jobs)
		for _, j := range jobs {
			select {
			case r.jobs <- j:
			case <-claims.Done():
				return context.Cause(claims)
			}
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

// prepareAll prepares the pictures of jobs, one after the other, and hands each
// to a sender before it takes the next. So never more pictures are held than
// there are preparers, senders and slots.
func (r *run) prepareAll(ctx, claims context.Context) {
	for j := range r.jobs {
		if claims.Err() != nil {
			r.settle()
			continue
		}
		// Nothing is paid for yet, so that a slow web server need not be waited for.
		picture, err := r.prepare(claims, j)
		var question domain.Question
		if err == nil {
			question, err = r.put(j, picture.Source)
		}
		if err != nil {
			r.fail(ctx, claims, j, picture.Source, err)
			r.settle()
			continue
		}
		r.unreached.Store(0)
		r.ready <- prepared{j, picture, question} // a sender always comes
	}
}

// put puts the task's question about one picture.
func (r *run) put(j domain.Job, known domain.Facts) (domain.Question, error) {
	if r.options.Put == nil {
		return domain.Question{Task: r.task}, nil
	}
	return r.options.Put(j, known)
}

// fail records an attempt that ended before there was anything to send.
func (r *run) fail(ctx, claims context.Context, j domain.Job, facts domain.Facts, err error) {
	if claims.Err() != nil {
		return // perhaps not the file's fault; the next run will see
	}
	attempt, begun := r.begin(ctx, j, facts, domain.Asked{})
	if !begun {
		return
	}
	r.end(ctx, attempt, r.judge(claims, j, "", err))
}
