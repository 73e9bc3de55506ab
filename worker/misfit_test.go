package worker_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/store"
	"vlocal/worker"
)

// misfit is an answer that does not fit the task's schema.
func misfit(text string) (domain.Answer, error) {
	return domain.Answer{Text: text, FinishReason: "stop"},
		&domain.Error{Kind: domain.InvalidAnswer, Misfit: true, Err: errors.New(text + " does not fit"), HTTPStatus: 200}
}

// asked keeps what was asked, by model and with the answer to better.
type asked struct {
	mu  sync.Mutex
	all []string
}

func (a *asked) add(q domain.Question) {
	a.mu.Lock()
	defer a.mu.Unlock()
	what := q.Model
	if q.Rejected != nil {
		what += " better: " + q.Rejected.Text + ", " + q.Rejected.Why
	}
	a.all = append(a.all, what)
}

func TestMisfitIsAskedOnceMoreAndToldWhatIsWrong(t *testing.T) {
	var asked asked
	b := newBench(t, 1, nil)
	b.question = func(q domain.Question) (domain.Answer, error) {
		asked.add(q)
		if q.Rejected == nil {
			return misfit("prose")
		}
		return answer("a")
	}
	p, err := b.start(t.Context(), nil, quick)
	if err != nil || p.Done != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if diff := cmp.Diff([]string{"m", "m better: prose, prose does not fit"}, asked.all); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"invalid_answer", "ok"}, b.outcomes("0000.jpg")); diff != "" {
		t.Error(diff)
	}
}

func TestSecondMisfitEndsTheJobAndKeepsTheText(t *testing.T) {
	var asked asked
	b := newBench(t, 1, nil)
	b.question = func(q domain.Question) (domain.Answer, error) {
		asked.add(q)
		if q.Rejected == nil {
			return misfit("prose")
		}
		return misfit("verse")
	}
	p, err := b.start(t.Context(), nil, quick)
	if err != nil || p.Failed != 1 || p.Failures[domain.InvalidAnswer] != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	for r, err := range b.store.Results(t.Context(), b.task.ID) {
		if err != nil || r.Answer != "verse" || r.Error != "verse does not fit" || r.ErrorKind != domain.InvalidAnswer {
			t.Errorf("%+v, %v", r, err)
		}
	}
	// A person who queues it again gets as much.
	run, err := b.store.StartRun(t.Context(), b.task, "", store.Scope{Failed: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.New(run, b, b.prepare, b.task, quick).Run(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := run.Close(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"m", "m better: prose, prose does not fit", "m", "m better: prose, prose does not fit"}
	if diff := cmp.Diff(want, asked.all); diff != "" {
		t.Error(diff)
	}
}

// The next model begins anew, without the words of the one before, and gets no
// second chance.
func TestNextModelTakesOverAfterTheSecondMisfit(t *testing.T) {
	var asked asked
	b := newBench(t, 1, nil)
	b.question = func(q domain.Question) (domain.Answer, error) {
		asked.add(q)
		return misfit(q.Model)
	}
	o := quick
	o.Fallback = []string{"n", "o"}
	p, err := b.start(t.Context(), nil, o)
	if err != nil || p.Failed != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if diff := cmp.Diff([]string{"m", "m better: m, m does not fit", "n", "o"}, asked.all); diff != "" {
		t.Error(diff)
	}
}

// What passes with time between the two answers loses nothing of the first.
func TestMisfitIsRememberedOverAFailure(t *testing.T) {
	var asked asked
	b := newBench(t, 1, nil)
	b.question = func(q domain.Question) (domain.Answer, error) {
		asked.add(q)
		switch len(asked.all) {
		case 1:
			return misfit("prose")
		case 2:
			return fails(domain.Server)
		case 3:
			return fails(domain.RateLimited)
		}
		return answer("a")
	}
	if p, err := b.start(t.Context(), nil, quick); err != nil || p.Done != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	better := "m better: prose, prose does not fit"
	if diff := cmp.Diff([]string{"m", better, better, better}, asked.all); diff != "" {
		t.Error(diff)
	}
}

// A run that ends between the two is gone on with where it was.
func TestMisfitIsRememberedByTheNextRun(t *testing.T) {
	var asked asked
	b := newBench(t, 1, nil)
	ctx, stop := context.WithCancel(t.Context())
	b.question = func(q domain.Question) (domain.Answer, error) {
		asked.add(q)
		if q.Rejected == nil {
			return misfit("prose")
		}
		if ctx.Err() == nil { // the better answer never arrives
			stop()
			return domain.Answer{}, &domain.Error{Kind: domain.Interrupted, Err: ctx.Err()}
		}
		return answer("a")
	}
	if _, err := b.start(ctx, nil, quick); err == nil {
		t.Fatal("the run was not stopped")
	}
	if p, err := b.start(t.Context(), nil, quick); err != nil || p.Done != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	better := "m better: prose, prose does not fit"
	if diff := cmp.Diff([]string{"m", better, better}, asked.all); diff != "" {
		t.Error(diff)
	}
}
