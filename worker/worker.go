// Package worker is the loop of a run: claim a job, prepare its picture, ask the
// model, record the answer. It decides how many requests are in flight, what is
// tried again and when, and when the whole run has to pause or stop.
//
// It knows nothing of SQL, of payloads or of codecs. A failed attempt is not a
// loop in here: its job goes back to the queue with the time it is due again, so
// a job that waits holds no slot, no memory and no goroutine.
package worker

import (
	"context"
	"runtime"
	"time"

	"vlocal/domain"
	"vlocal/preprocess"
)

// Queue is where jobs come from and what becomes of them is recorded. Its
// methods are called from many goroutines. An error that is not named here means
// that nothing can be recorded any more, and stops the run.
type Queue interface {
	// Claim takes up to n due jobs, so that nobody else gets them. When none is
	// due, next is when the first will be; zero if no job is left at all.
	Claim(ctx context.Context, n int) (jobs []domain.Job, next time.Time, err error)
	// Begin puts an attempt on record, durably, before its request leaves. It
	// begins none and settles the job itself with domain.ErrAnswered (the job is
	// done), domain.ErrBeingAsked (the job is due again shortly) and
	// domain.ErrAlike (the job is skipped; should the image fail that is asked
	// instead, Claim gives it again, as Released).
	Begin(ctx context.Context, j domain.Job, f domain.Facts, asked domain.Asked) (domain.Attempt, error)
	// End completes an attempt, durably. It is called once for each Begin that
	// returned no error.
	End(ctx context.Context, a domain.Attempt, e domain.Ending) error
}

// Model answers a question about one picture. Its methods are called from
// many goroutines.
type Model interface {
	// Admit waits until the account's limits have room for a request. Its error
	// is the end of ctx, or a *domain.Error that stops the run: there is nothing
	// left to ask with.
	Admit(ctx context.Context) (domain.Permit, error)
	// Withdraw gives back a permit that no request was sent with.
	Withdraw(p domain.Permit)
	// Ask sends one request to the question's model and does not retry. Its error is
	// a *domain.Error; the answer beside it holds what came all the same. It
	// returns soon after ctx ends.
	Ask(ctx context.Context, p domain.Permit, q domain.Question) (domain.Answer, error)
}

// Prepare makes the picture that is sent of a job's image. Its error is a
// *domain.Error; the picture beside it holds what is known of the image.
type Prepare func(ctx context.Context, j domain.Job) (preprocess.Picture, error)

// Options are the settings of a run. The zero value means the defaults.
type Options struct {
	// Concurrency is the number of slots: requests in flight. Default 25. While
	// the server is slower than it could be, fewer are used.
	Concurrency int
	// Preparers is how many pictures are prepared at once. Default: the number of
	// CPUs in use.
	Preparers int
	// MaxTries bounds the attempts at one job that end with an error that passes
	// with time. While many requests fail, so that it is not the image's fault,
	// it is three times as many. Default 4.
	MaxTries int
	// BackoffBase and BackoffCap shape the wait before the next try: a random
	// time up to base * 2^tries, at most the cap. Defaults 500 ms and 60 s.
	BackoffBase, BackoffCap time.Duration
	// Patience is how long a server that answered before may answer nothing
	// until the run stops. Default 10 min.
	Patience time.Duration
	// Budget stops the run before its requests cost more; 0 for no bound. It
	// takes a Price that knows every model that is asked.
	Budget domain.Money
	// Price gives what a model costs, and whether that is known; nil if nothing is.
	Price func(model string) (domain.Price, bool)
	// Fallback are the models to ask, in turn, where the one before could not
	// answer.
	Fallback []string
	// Route gives the model for an image; "" for the task's. May be nil.
	Route func(path string) string
	// Put puts the task's question about one picture; the worker fills in model,
	// picture and rejected answer. Its error, a *domain.Error, is about this image.
	// Default: the task as it is.
	Put func(j domain.Job, known domain.Facts) (domain.Question, error)
	// Decided is told what the worker decides by itself; nil for nobody. It is
	// called by the goroutines of the run.
	Decided func(domain.Decision)
}

func (o Options) withDefaults() Options {
	o.Concurrency = orDefault(o.Concurrency, 25)
	o.Preparers = orDefault(o.Preparers, runtime.GOMAXPROCS(0))
	o.MaxTries = orDefault(o.MaxTries, 4)
	o.BackoffBase = orDefault(o.BackoffBase, 500*time.Millisecond)
	o.BackoffCap = orDefault(o.BackoffCap, time.Minute)
	o.Patience = orDefault(o.Patience, 10*time.Minute)
	if o.Price == nil {
		o.Price = func(string) (domain.Price, bool) { return domain.Price{}, false }
	}
	if o.Route == nil {
		o.Route = func(string) string { return "" }
	}
	if o.Decided == nil {
		o.Decided = func(domain.Decision) {}
	}
	return o
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Worker asks one task's question about the jobs of a queue.
type Worker struct {
	queue    Queue
	model    Model
	prepare  Prepare
	task     domain.Task
	options  Options
	progress *progress
}

// New makes a worker for one run.
func New(q Queue, m Model, p Prepare, t domain.Task, o Options) *Worker {
	return &Worker{queue: q, model: m, prepare: p, task: t, options: o.withDefaults(), progress: newProgress()}
}

// decided puts a decision before whoever wants to know; "" is none.
func (w *Worker) decided(what domain.Subject, text string) {
	if text != "" {
		w.options.Decided(domain.Decision{At: time.Now(), What: what, Text: text})
	}
}
