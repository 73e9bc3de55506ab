package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vlocal/domain"
)

// sendAll sends what is ready, one after the other: it waits for what must allow
// a request, puts the attempt on record, and leaves the answer to a goroutine.
func (r *run) sendAll(ctx, claims context.Context) {
	for p := range r.ready {
		q, err := r.allowed(claims, p)
		if err == nil {
			err = r.send(ctx, claims, q)
		}
		if err != nil {
			// Not sent: it is settled without an attempt, and the queue gives it
			// to the next run.
			if claims.Err() == nil {
				r.stop(err)
			}
			r.settle()
		}
	}
}

// request is a job that may be asked now, with all that was taken for it.
type request struct {
	prepared
	model  string
	permit domain.Permit
	held   domain.Money
	probe  bool
}

// pixels is how large the pictures are that are sent, the examples' too; 0 if nobody
// knows.
func (q request) pixels() int {
	asked := q.picture.Width * q.picture.Height
	if asked == 0 {
		return 0
	}
	for _, e := range q.question.Examples {
		asked += e.Picture.Width * e.Picture.Height
	}
	return asked
}

// pictures is how many are sent.
func (q request) pictures() int { return 1 + len(q.question.Examples) }

// allowed waits until the server, the money and the account's limits allow a
// request. Its error is the end of claims, or what stops the run.
func (r *run) allowed(claims context.Context, p prepared) (q request, err error) {
	q = request{prepared: p}
	if claims.Err() != nil {
		return q, context.Cause(claims)
	}
	if q.model, q.probe, err = r.breakers.enter(claims, r.modelsOf(p.Job)); err != nil {
		return q, err
	}
	if q.held, err = r.budget.reserve(claims, q.model, q.pixels(), q.pictures()); err != nil {
		r.breakers.of(q.model).leave(q.probe)
		return q, err
	}
	if q.permit, err = r.model.Admit(claims); err != nil {
		r.breakers.of(q.model).leave(q.probe)
		r.budget.settle(q.held, q.model, q.pixels(), domain.Answer{}, false)
	}
	return q, err
}

// withdraw gives back all that was taken for a request that was not sent.
func (r *run) withdraw(q request) {
	r.model.Withdraw(q.permit)
	r.budget.settle(q.held, q.model, q.pixels(), domain.Answer{}, false)
	r.breakers.of(q.model).leave(q.probe)
}

// send begins the attempt, waits for a slot and asks in a goroutine. The attempt
// is on record before there is a slot for it, so that no slot waits for the disk.
func (r *run) send(ctx, claims context.Context, q request) error {
	attempt, begun := r.begin(ctx, q.Job, q.picture.Source, domain.Asked{Model: q.model, Key: q.permit.Key})
	if !begun {
		r.withdraw(q)
		r.settle()
		return nil
	}
	if err := r.slots.acquire(claims); err != nil || claims.Err() != nil {
		if err == nil {
			r.slots.release()
		}
		r.withdraw(q)
		r.record(ctx, attempt, unsent(q.Job))
		r.settle()
		return nil
	}
	r.asks.Go(func() {
		defer r.settle()
		defer r.slots.release()
		defer r.breakers.of(q.model).leave(q.probe)
		r.ask(ctx, claims, q, attempt)
	})
	return nil
}

// unsent ends an attempt whose request never left.
func unsent(j domain.Job) domain.Ending {
	return domain.Ending{
		Status: domain.Pending, Model: j.Model,
		Err: &domain.Error{Kind: domain.Interrupted, Op: "ask", Err: errors.New("the run stopped before the request was sent")},
	}
}

// ask makes one attempt in a slot.
func (r *run) ask(ctx, claims context.Context, q request, attempt domain.Attempt) {
	question := q.question
	question.Model, question.Picture, question.Rejected = q.model, q.picture.Picture, q.Rejected
	r.retries.request()
	r.progress.sent()
	start := time.Now()
	answer, err := r.model.Ask(ctx, q.permit, question)
	latency := time.Since(start)
	r.progress.returned()
	if err != nil && ctx.Err() != nil {
		err = &domain.Error{Kind: domain.Interrupted, Op: "ask", Err: errors.New("given up while waiting for the answer")}
	}
	r.price(&answer, q.model)
	ending := r.judge(claims, q.Job, q.model, err)
	ending.Answer, ending.Latency = answer, latency
	r.budget.settle(q.held, q.model, q.pixels(), answer, mayBeBilled(ending.Err))
	r.follow(ending)
	r.end(ctx, attempt, ending)
}

// price fills in what an answer costs, where the server did not say and the price
// is known.
func (r *run) price(a *domain.Answer, model string) {
	price, known := r.options.Price(model)
	if !known || a.Cost != nil || a.Usage == (domain.Usage{}) && price != (domain.Price{}) {
		return
	}
	cost := price.Cost(a.Usage)
	a.Cost = &cost
}

// mayBeBilled reports whether a request without known cost may have cost
// something: one that was answered, and one whose answer did not arrive.
func mayBeBilled(e *domain.Error) bool {
	return e == nil || e.HTTPStatus == 0 && !e.Unreachable || e.HTTPStatus == 200
}

// follow has the number of slots follow the latency.
func (r *run) follow(e domain.Ending) {
	switch {
	case e.Err == nil:
		r.decided(domain.AboutSlots, r.slots.answered(e.Latency))
	case e.Err.Kind == domain.Timeout:
		r.decided(domain.AboutSlots, r.slots.timedOut())
	}
}

func (r *run) begin(ctx context.Context, j domain.Job, facts domain.Facts, asked domain.Asked) (attempt domain.Attempt, begun bool) {
	attempt, err := r.queue.Begin(ctx, j, facts, asked)
	switch {
	case err == nil:
		return attempt, true
	case errors.Is(err, domain.ErrAnswered):
		r.progress.shared()
	case errors.Is(err, domain.ErrAlike):
		r.progress.skipped()
	case errors.Is(err, domain.ErrBeingAsked), ctx.Err() != nil:
	default:
		r.stop(err)
	}
	return attempt, false
}

// end records an attempt and counts it.
func (r *run) end(ctx context.Context, a domain.Attempt, e domain.Ending) {
	if r.record(ctx, a, e) {
		r.progress.ended(e)
	}
}

// record puts the end of an attempt on record, and reports whether it could. What
// was paid for is recorded even when the run is being given up.
func (r *run) record(ctx context.Context, a domain.Attempt, e domain.Ending) bool {
	err := r.queue.End(context.WithoutCancel(ctx), a, e)
	if err != nil {
		r.stop(fmt.Errorf("an answer could not be recorded: %w", err))
	}
	return err == nil
}
