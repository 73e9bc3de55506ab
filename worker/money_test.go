package worker_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/worker"
)

// dear costs $0.01 for each answer of paid, and may cost up to $0.02.
func dear(string) (domain.Price, bool) { return domain.Price{In: 10, Out: 1000}, true }

func paid(name string) (domain.Answer, error) {
	a, _ := answer(name)
	a.Usage = domain.Usage{TokensIn: 500, TokensOut: 5} // of the 10 that it may have
	return a, nil
}

func TestBudgetIsNeverExceededAndAlmostUsed(t *testing.T) {
	for _, budget := range []float64{0.10, 1.00} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 500, func(_ context.Context, name string) (domain.Answer, error) {
				time.Sleep(48 * time.Millisecond)
				return paid(name)
			})
			var d told
			p, err := b.start(t.Context(), nil, worker.Options{Budget: domain.Dollars(budget), Price: dear, Decided: d.decided})
			used, ok := errors.AsType[*worker.BudgetError](err)
			if !ok || used.Spent != p.Spent {
				t.Fatalf("stopped by %v", err)
			}
			if p.Spent > domain.Dollars(budget) || p.Spent < domain.Dollars(budget-0.02) {
				t.Errorf("spent %v of %v", p.Spent, domain.Dollars(budget))
			}
			got := b.totals()
			want := map[domain.Status]int{domain.Done: p.Done, domain.Pending: 500 - p.Done}
			if diff := cmp.Diff(want, got.Jobs); diff != "" || got.Spent != p.Spent {
				t.Errorf("spent on record %v: %s", got.Spent, diff)
			}
			if len(d.all[domain.AboutBudget]) != 1 {
				t.Errorf("told %q", d.all[domain.AboutBudget])
			}
		})
	}
}

// What one request takes is not known before the first answer, so it goes alone.
func TestFirstRequestUnderABudgetGoesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 100, func(_ context.Context, name string) (domain.Answer, error) {
			time.Sleep(48 * time.Millisecond)
			a, _ := answer(name)
			a.Usage = domain.Usage{TokensIn: 40_000, TokensOut: 5} // far more than anybody thought
			return a, nil
		})
		p, err := b.start(t.Context(), nil, worker.Options{Budget: domain.Dollars(0.50), Price: dear})
		if _, ok := errors.AsType[*worker.BudgetError](err); !ok || p.Sent != 1 {
			t.Errorf("%v after %d requests and %v", err, p.Sent, p.Spent)
		}
	})
}

// Small pictures tell nothing of what large ones take.
func TestBudgetIsNotExceededByPicturesThatGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 400, func(_ context.Context, name string) (domain.Answer, error) {
			time.Sleep(48 * time.Millisecond)
			a, _ := answer(name)
			a.Usage = domain.Usage{TokensIn: 1000, TokensOut: 5}
			if name >= "0030" {
				a.Usage.TokensIn = 36_000
			}
			return a, nil
		})
		small := b.prepare
		b.prepare = func(ctx context.Context, j domain.Job) (preparedPicture, error) {
			p, err := small(ctx, j)
			if p.Width, p.Height = 64, 64; filepath.Base(j.Image.Path) >= "0030" {
				p.Width, p.Height = 1920, 1080
			}
			return p, err
		}
		p, err := b.start(t.Context(), nil, worker.Options{Budget: domain.Dollars(5), Price: dear})
		if _, ok := errors.AsType[*worker.BudgetError](err); !ok || p.Spent > domain.Dollars(5) || p.Spent < domain.Dollars(4.2) {
			t.Errorf("%v: spent %v on %d", err, p.Spent, p.Sent)
		}
	})
}

func TestUnknownCostUnderABudgetCountsInFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 100, func(_ context.Context, name string) (domain.Answer, error) {
			return domain.Answer{Text: "a server that counts no tokens"}, nil
		})
		// Each is taken for 2,000 tokens in and 10 out: $0.03.
		p, err := b.start(t.Context(), nil, worker.Options{Budget: domain.Dollars(0.50), Price: dear})
		if _, ok := errors.AsType[*worker.BudgetError](err); !ok || p.Done != 16 || p.Unpriced != 16 || p.Spent != 0 {
			t.Errorf("%v; %+v", err, p)
		}
	})
}

func TestAnotherModelIsAskedWhereTheFirstCannot(t *testing.T) {
	b := newBench(t, 6, nil)
	b.models = func(_ context.Context, model, name string) (domain.Answer, error) {
		switch {
		case name == "0001.jpg" && model == "m":
			return fails(domain.Refused)
		case name == "0002.jpg" && model != "third":
			return fails(domain.InvalidAnswer)
		case name == "0003.jpg" && model == "m":
			return fails(domain.Server)
		case name == "0004.jpg":
			return fails(domain.Truncated)
		case name == "0005.jpg":
			return fails(domain.BadRequest)
		}
		a, err := answer(name)
		a.Model = model
		return a, err
	}
	o := quick
	o.MaxTries = 2
	o.Fallback = []string{"second", "m", "third"}
	p, err := b.start(t.Context(), nil, o)
	if err != nil || p.Done != 4 || p.Failed != 2 {
		t.Errorf("%v; %+v", err, p)
	}
	got := map[string][]string{}
	for i := range 6 {
		for _, a := range b.attempts(fmtName(i)) {
			got[fmtName(i)] = append(got[fmtName(i)], a.Asked.Model+" "+a.Outcome)
		}
	}
	want := map[string][]string{
		"0000.jpg": {"m ok"},
		"0001.jpg": {"m refused", "second ok"},
		"0002.jpg": {"m invalid_answer", "second invalid_answer", "third ok"},
		"0003.jpg": {"m server", "m server", "second ok"},
		"0004.jpg": {"m truncated", "second truncated", "third truncated"},
		"0005.jpg": {"m bad_request"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRouteChoosesTheModelByPath(t *testing.T) {
	b := newBench(t, 4, nil)
	b.models = func(_ context.Context, model, name string) (domain.Answer, error) {
		if (model == "other") != (name == "0002.jpg") {
			return fails(domain.BadRequest)
		}
		return answer(name)
	}
	o := quick
	o.Route = func(path string) string {
		if name := path[len(path)-8:]; name == "0002.jpg" {
			return "other"
		}
		return ""
	}
	if p, err := b.start(t.Context(), nil, o); err != nil || p.Done != 4 {
		t.Errorf("%v; %+v", err, p)
	}
}

func TestBudgetTooSmallForOneAnswerSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10, func(_ context.Context, name string) (domain.Answer, error) { return paid(name) })
		p, err := b.start(t.Context(), nil, worker.Options{Budget: domain.Dollars(0.01), Price: dear})
		if err == nil || !strings.Contains(err.Error(), "too small for one answer, which may cost $0.03") || p.Sent != 0 {
			t.Errorf("%v after %d requests", err, p.Sent)
		}
	})
}

func TestAnotherModelIsAskedWhileTheFirstIsDown(t *testing.T) {
	for name, down := range map[string]func() (domain.Answer, error){
		"500":             func() (domain.Answer, error) { return fails(domain.Server) },
		"nobody is there": unreachable,
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			b := newBench(t, 1000, nil)
			b.models = func(_ context.Context, model, name string) (domain.Answer, error) {
				time.Sleep(400 * time.Millisecond)
				if model == "m" && time.Since(start) < 4*time.Second {
					return down()
				}
				a, err := answer(name)
				a.Model = model
				return a, err
			}
			var d told
			p, err := b.start(t.Context(), nil, worker.Options{Fallback: []string{"second"}, Decided: d.decided})
			if err != nil || p.Done != 1000 || p.Failed != 0 {
				t.Errorf("%s: %v; %+v", name, err, p)
			}
			byModel := map[string]int{}
			for r, err := range b.store.Results(t.Context(), b.task.ID) {
				if err != nil {
					t.Fatal(err)
				}
				byModel[r.Model]++
			}
			// The second answers for the first seconds, the first when it is back.
			if byModel["second"] < 200 || byModel["m"] < 50 {
				t.Errorf("%s: answers %v", name, byModel)
			}
			if p.Errors[domain.Server]+p.Errors[domain.Network] > 25+25+10 {
				t.Errorf("%s: %v into a model that is down", name, p.Errors)
			}
			if pauses := d.all[domain.AboutPause]; len(pauses) != map[string]int{"500": 2}[name] {
				t.Errorf("%s: told %q", name, pauses)
			}
		})
	}
}

func TestRunStopsWhenEveryModelIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1000, nil)
		b.models = func(context.Context, string, string) (domain.Answer, error) {
			time.Sleep(100 * time.Millisecond)
			return fails(domain.Server)
		}
		start := time.Now()
		p, err := b.start(t.Context(), nil, worker.Options{Fallback: []string{"second"}})
		if took := time.Since(start); domain.KindOf(err) != domain.Server || took > 5*time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
		if got := b.totals().Jobs; got[domain.Pending] != 1000 || p.Sent > 150 {
			t.Errorf("left %v after %d requests", got, p.Sent)
		}
	})
}
