package worker_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/worker"
)

func TestNothingLeftToAskWithStopsTheRun(t *testing.T) {
	b := newBench(t, 50, func(_ context.Context, name string) (domain.Answer, error) { return answer(name) })
	b.admit = func(context.Context) error {
		if b.admitted.Load() < 10 {
			return nil
		}
		return &domain.Error{Kind: domain.Quota, Op: "ask", Err: errors.New("no key is left")}
	}
	p, err := b.start(t.Context(), nil, worker.Options{})
	if domain.KindOf(err) != domain.Quota {
		t.Errorf("stopped by %v", err)
	}
	// Those that were allowed are asked, unless the run had stopped by then.
	if n := b.sent.Load() + b.withdrawn.Load(); n != b.admitted.Load() || p.Done != int(b.sent.Load()) {
		t.Errorf("%d permits, %d used or given back, %d done", b.admitted.Load(), n, p.Done)
	}
	want := map[domain.Status]int{domain.Done: p.Done, domain.Pending: 50 - p.Done}
	if p.Done == 0 {
		delete(want, domain.Done)
	}
	if diff := cmp.Diff(want, b.totals().Jobs); diff != "" {
		t.Error(diff)
	}
}

// While the account has no room, nothing is on record and in no slot, and Ctrl-C
// ends the run at once.
func TestWaitForTheAccountEndsWithDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 50, func(_ context.Context, name string) (domain.Answer, error) { return answer(name) })
		b.admit = func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		drain := make(chan struct{})
		time.AfterFunc(time.Minute, func() { close(drain) })
		start := time.Now()
		_, err := b.start(t.Context(), drain, worker.Options{})
		if took := time.Since(start); !errors.Is(err, worker.ErrDrained) || took > time.Minute+time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		if got := b.totals(); got.Attempts != 0 || got.Jobs[domain.Pending] != 50 {
			t.Errorf("on record: %+v", got)
		}
	})
}

func TestRunUsesFewerSlotsAtAServerThatSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := newBench(t, 900, func(_ context.Context, name string) (domain.Answer, error) {
			latency := 100 * time.Millisecond
			if time.Since(start) > 2*time.Second {
				latency *= 5
			}
			time.Sleep(latency)
			return answer(name)
		})
		var d told
		p, err := b.start(t.Context(), nil, worker.Options{Decided: d.decided})
		if err != nil || p.Done != 900 || p.Slots >= 25 || len(d.all[domain.AboutSlots]) == 0 {
			t.Errorf("%v; %d slots, told %q", err, p.Slots, d.all[domain.AboutSlots])
		}
	})
}
