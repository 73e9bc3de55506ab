package worker_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/preprocess"
	"vlocal/store"
	"vlocal/worker"
)

func TestEveryImageIsAskedOnceWithinTheSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		inFlight, peak, asked := 0, 0, map[string]int{}
		count := func(name string, n int) {
			mu.Lock()
			defer mu.Unlock()
			inFlight += n
			peak = max(peak, inFlight)
			asked[name] += max(n, 0)
		}
		b := newBench(t, 200, func(_ context.Context, name string) (domain.Answer, error) {
			count(name, 1)
			defer count(name, -1)
			time.Sleep(48 * time.Millisecond)
			return answer(name)
		})
		p, err := b.start(t.Context(), nil, worker.Options{Concurrency: 7})
		if err != nil {
			t.Fatal(err)
		}
		for name, n := range asked {
			if n != 1 {
				t.Errorf("%s was asked %d times", name, n)
			}
		}
		if len(asked) != 200 || p.Done != 200 || p.Sent != 200 || p.InFlight != 0 || p.Recent != 48*time.Millisecond {
			t.Errorf("asked %d; progress %+v", len(asked), p)
		}
		if peak != 7 {
			t.Errorf("%d requests in flight at once, want 7", peak)
		}
		if got := b.totals(); got.Jobs[domain.Done] != 200 || got.Attempts != 200 || got.TokensIn != 600 {
			t.Errorf("on record: %+v", got)
		}
	})
}

func TestPassingErrorsAreTriedAgain(t *testing.T) {
	var n atomic.Int64
	b := newBench(t, 100, func(_ context.Context, name string) (domain.Answer, error) {
		switch i := n.Add(1); {
		case i%3 != 0:
			return answer(name)
		case i%2 == 0:
			return fails(domain.RateLimited)
		}
		return fails(domain.Server)
	})
	p, err := b.start(t.Context(), nil, quick)
	if err != nil {
		t.Fatal(err)
	}
	got := b.totals()
	if got.Jobs[domain.Done] != 100 || p.Done != 100 || p.Retried != got.Attempts-100 || p.Retried < 40 {
		t.Errorf("done %d, retried %d, attempts on record %d", p.Done, p.Retried, got.Attempts)
	}
}

func TestTriesAreBounded(t *testing.T) {
	b := newBench(t, 3, func(_ context.Context, name string) (domain.Answer, error) {
		if name == "0001.jpg" {
			return fails(domain.Timeout)
		}
		return answer(name)
	})
	o := quick
	o.MaxTries = 4
	p, err := b.start(t.Context(), nil, o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[domain.ErrorKind]int{domain.Timeout: 1}, p.Failures); diff != "" || p.Done != 2 {
		t.Errorf("%+v %s", p, diff)
	}
	if diff := cmp.Diff([]string{"timeout", "timeout", "timeout", "timeout"}, b.outcomes("0001.jpg")); diff != "" {
		t.Error(diff)
	}
}

func TestOneBadImageStopsNoOther(t *testing.T) {
	b := newBench(t, 6, func(_ context.Context, name string) (domain.Answer, error) {
		switch name {
		case "0001.jpg":
			return fails(domain.BadRequest)
		case "0002.jpg":
			return domain.Answer{}, errors.New("not the error that the interface promises")
		}
		return answer(name)
	})
	b.prepare = func(ctx context.Context, j domain.Job) (preprocess.Picture, error) {
		p, _ := pictureOfName(ctx, j)
		if string(p.JPEG) == "0000.jpg" {
			return p, &domain.Error{Kind: domain.Corrupt, Op: "decode", Object: j.Image.Path, Err: errors.New("no picture")}
		}
		return p, nil
	}
	p, err := b.start(t.Context(), nil, quick)
	if err != nil {
		t.Fatal(err)
	}
	want := map[domain.ErrorKind]int{domain.Corrupt: 1, domain.BadRequest: 2}
	if diff := cmp.Diff(want, p.Failures); diff != "" || p.Done != 3 || p.Sent != 5 {
		t.Errorf("%+v %s", p, diff)
	}
	if diff := cmp.Diff([]string{"corrupt"}, b.outcomes("0000.jpg")); diff != "" {
		t.Error(diff)
	}
}

func TestDeadAccountStopsTheRunAndBurnsNothing(t *testing.T) {
	for _, kind := range []domain.ErrorKind{domain.Auth, domain.Quota, domain.Model} {
		b := newBench(t, 500, func(context.Context, string) (domain.Answer, error) { return fails(kind) })
		_, err := b.start(t.Context(), nil, worker.Options{Concurrency: 10})
		if domain.KindOf(err) != kind {
			t.Errorf("stopped by %v, want %s", err, kind)
		}
		if n := b.sent.Load(); n > 10 {
			t.Errorf("%s cost %d requests on 10 slots", kind, n)
		}
		if got := b.totals().Jobs; !cmp.Equal(got, map[domain.Status]int{domain.Pending: 500}) {
			t.Errorf("%s left %v", kind, got)
		}
	}
}

func TestServerThatIsNotThereStopsTheRunWithinSeconds(t *testing.T) {
	for _, images := range []int{1, 500} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, images, func(context.Context, string) (domain.Answer, error) { return unreachable() })
			start := time.Now()
			_, err := b.start(t.Context(), nil, worker.Options{})
			if domain.KindOf(err) != domain.Network {
				t.Errorf("stopped by %v", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%d images: took %v", images, took)
			}
			if got := b.totals().Jobs; !cmp.Equal(got, map[domain.Status]int{domain.Pending: images}) || b.sent.Load() > 25 {
				t.Errorf("%d images: left %v after %d requests", images, got, b.sent.Load())
			}
		})
	}
}

func TestOutageIsWaitedOutWithSingleTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := newBench(t, 2000, func(_ context.Context, name string) (domain.Answer, error) {
			time.Sleep(100 * time.Millisecond)
			if d := time.Since(start); d > 2*time.Second && d < 40*time.Second {
				return unreachable()
			}
			return answer(name)
		})
		p, err := b.start(t.Context(), nil, worker.Options{})
		if err != nil || p.Done != 2000 || p.Failed != 0 {
			t.Fatalf("%v; %+v", err, p)
		}
		// The 25 in flight, the 25 that were claimed, and one after each wait.
		if n := p.Errors[domain.Network]; n > 25+25+10 {
			t.Errorf("%d requests into the outage", n)
		}
	})
}

func TestOutageBeyondPatienceStopsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := newBench(t, 2000, func(_ context.Context, name string) (domain.Answer, error) {
			time.Sleep(100 * time.Millisecond)
			if time.Since(start) > 2*time.Second {
				return unreachable()
			}
			return answer(name)
		})
		p, err := b.start(t.Context(), nil, worker.Options{Patience: 30 * time.Second})
		took := time.Since(start)
		if domain.KindOf(err) != domain.Network || took < 30*time.Second || took > 2*time.Minute {
			t.Errorf("stopped after %v by %v", took, err)
		}
		if got := b.totals().Jobs; got[domain.Pending] != 2000-p.Done || got[domain.Failed] != 0 {
			t.Errorf("left %v, done %d", got, p.Done)
		}
	})
}

func TestAJobThatWaitsHoldsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		var at []time.Time
		b := newBench(t, 3, func(_ context.Context, name string) (domain.Answer, error) {
			mu.Lock()
			defer mu.Unlock()
			order, at = append(order, name), append(at, time.Now())
			if len(order) == 1 {
				return domain.Answer{}, &domain.Error{Kind: domain.RateLimited, Err: errors.New("slow down"),
					HTTPStatus: 429, RetryAfter: 2 * time.Minute}
			}
			return answer(name)
		})
		if _, err := b.start(t.Context(), nil, worker.Options{Concurrency: 1, Preparers: 1}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"0000.jpg", "0001.jpg", "0002.jpg", "0000.jpg"}, order); diff != "" {
			t.Fatal(diff)
		}
		if others := at[2].Sub(at[0]); others > time.Second {
			t.Errorf("the others waited %v", others)
		}
		if waited := at[3].Sub(at[0]); waited < 2*time.Minute || waited > 3*time.Minute {
			t.Errorf("tried again after %v; the server asked for 2 minutes", waited)
		}
	})
}

func TestDrainFinishesWhatIsInFlight(t *testing.T) {
	drain := make(chan struct{})
	var once sync.Once
	release := make(chan struct{})
	b := newBench(t, 100, func(_ context.Context, name string) (domain.Answer, error) {
		once.Do(func() {
			close(drain)
			close(release)
		})
		<-release
		return answer(name)
	})
	p, err := b.start(t.Context(), drain, worker.Options{Concurrency: 5})
	if !errors.Is(err, worker.ErrDrained) {
		t.Errorf("ended with %v", err)
	}
	want := map[domain.Status]int{domain.Done: p.Sent, domain.Pending: 100 - p.Sent}
	if diff := cmp.Diff(want, b.totals().Jobs); diff != "" || p.Sent == 100 {
		t.Errorf("sent %d: %s", p.Sent, diff)
	}
}

// What is not sent yet is not waited for: an image on the web may take long.
func TestDrainDoesNotWaitForPictures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 5, func(_ context.Context, name string) (domain.Answer, error) { return answer(name) })
		b.prepare = func(ctx context.Context, _ domain.Job) (p preparedPicture, err error) {
			select {
			case <-time.After(30 * time.Second):
			case <-ctx.Done():
			}
			return p, &domain.Error{Kind: domain.Interrupted, Err: context.Cause(ctx)}
		}
		drain := make(chan struct{})
		time.AfterFunc(time.Second, func() { close(drain) })
		start := time.Now()
		p, err := b.start(t.Context(), drain, worker.Options{})
		if took := time.Since(start); !errors.Is(err, worker.ErrDrained) || took > 2*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		if left := b.totals(); left.Jobs[domain.Pending] != 5 || left.Attempts != 0 || p.Failed != 0 {
			t.Errorf("%+v", left)
		}
	})
}

func TestGivingUpLeavesInterruptedAttempts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := newBench(t, 50, func(ctx context.Context, name string) (domain.Answer, error) {
		cancel()
		<-ctx.Done()
		return fails(domain.Network)
	})
	_, err := b.start(ctx, nil, worker.Options{Concurrency: 3})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	got := b.totals()
	if got.Interrupted == 0 || got.Interrupted != got.Attempts || got.Jobs[domain.Pending] != 50 {
		t.Errorf("on record: %+v", got)
	}
}

// brokenQueue fails to record, as a full disk does.
type brokenQueue struct {
	*store.Run
	begin, end error
}

func (q brokenQueue) Begin(ctx context.Context, j domain.Job, f domain.Facts, asked domain.Asked) (domain.Attempt, error) {
	if q.begin != nil {
		return domain.Attempt{}, q.begin
	}
	return q.Run.Begin(ctx, j, f, asked)
}

func (q brokenQueue) End(ctx context.Context, a domain.Attempt, e domain.Ending) error {
	if q.end != nil {
		return q.end
	}
	return q.Run.End(ctx, a, e)
}

func TestNothingIsAskedThatCannotBeRecorded(t *testing.T) {
	full := errors.New("database or disk is full")
	for name, q := range map[string]brokenQueue{"begin": {begin: full}, "end": {end: full}} {
		b := newBench(t, 300, func(_ context.Context, name string) (domain.Answer, error) { return answer(name) })
		run := b.begin()
		q.Run = run
		err := worker.New(q, b, b.prepare, b.task, worker.Options{Concurrency: 4}).Run(t.Context(), nil)
		if !errors.Is(err, full) {
			t.Errorf("%s: ended with %v", name, err)
		}
		if n := b.sent.Load(); name == "begin" && n != 0 || n > 4 {
			t.Errorf("%s: %d requests sent", name, n)
		}
		if err := run.Close(t.Context(), err); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCopiesShareTheAnswer(t *testing.T) {
	b := newBench(t, 20, func(_ context.Context, name string) (domain.Answer, error) {
		time.Sleep(time.Millisecond)
		return answer(name)
	})
	b.prepare = func(context.Context, domain.Job) (preprocess.Picture, error) {
		return preprocess.Picture{Picture: domain.Picture{JPEG: []byte("x")}, Source: domain.Facts{SHA256: sha256.Sum256([]byte("x"))}}, nil
	}
	p, err := b.start(t.Context(), nil, worker.Options{})
	if err != nil || p.Done != 20 || p.Shared != 19 || b.sent.Load() != 1 {
		t.Errorf("%v; %d requests; %+v", err, b.sent.Load(), p)
	}
	// What the account allowed for the others is there for other requests.
	if given, back := b.admitted.Load(), b.withdrawn.Load(); given < 20 || back != given-1 {
		t.Errorf("%d permits, %d given back, 1 used", given, back)
	}
}
