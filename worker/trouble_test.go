package worker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/worker"
)

// told collects decisions by what they are about.
type told struct {
	mu  sync.Mutex
	all map[domain.Subject][]string
}

func (d *told) decided(decision domain.Decision) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = map[domain.Subject][]string{}
	}
	d.all[decision.What] = append(d.all[decision.What], decision.Text)
}

// A server that fails every third request is not the images' fault: the jobs have
// more tries than they would have otherwise.
func TestSharedTroubleFailsNoImage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		n := 0
		b := newBench(t, 120, func(_ context.Context, name string) (domain.Answer, error) {
			mu.Lock()
			defer mu.Unlock()
			if n++; n%3 == 0 {
				return fails(domain.Server)
			}
			return answer(name)
		})
		p, err := b.start(t.Context(), nil, worker.Options{})
		if err != nil || p.Done+p.Given != 120 || p.Failed != 0 {
			t.Errorf("%v; %+v", err, p)
		}
	})
}

// One picture on which the server stumbles each time fails after its tries, while
// the others go through.
func TestLoneTroubleIsTheImages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 300, func(_ context.Context, name string) (domain.Answer, error) {
			time.Sleep(10 * time.Millisecond)
			if name == "0100.jpg" || name == "0200.jpg" {
				return fails(domain.Server)
			}
			return answer(name)
		})
		p, err := b.start(t.Context(), nil, worker.Options{})
		if err != nil || p.Done != 298 || p.Failed != 2 {
			t.Errorf("%v; %+v", err, p)
		}
		if diff := cmp.Diff([]string{"server", "server", "server", "server"}, b.outcomes("0100.jpg")); diff != "" {
			t.Error(diff)
		}
	})
}

// A server that answers 500 to everything is tried with single requests, and
// after a while the run stops. The jobs stay pending.
func TestServerThatAnswersNothingPausesAndStopsTheRun(t *testing.T) {
	for _, kind := range []domain.ErrorKind{domain.Server, domain.Timeout} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 5000, func(context.Context, string) (domain.Answer, error) {
				time.Sleep(20 * time.Millisecond)
				return fails(kind)
			})
			var d told
			start := time.Now()
			p, err := b.start(t.Context(), nil, worker.Options{Decided: d.decided})
			took := time.Since(start)
			if domain.KindOf(err) != kind || took < 30*time.Second || took > 3*time.Minute {
				t.Errorf("stopped after %v by %v", took, err)
			}
			if p.Sent > 25+25+12 {
				t.Errorf("%d requests into a server that answers nothing", p.Sent)
			}
			if got := b.totals().Jobs; got[domain.Pending] != 5000 {
				t.Errorf("left %v", got)
			}
			if len(d.all[domain.AboutPause]) != 1 {
				t.Errorf("told %q", d.all[domain.AboutPause])
			}
		})
	}
}

func TestRunGoesOnAfterAnOutageOfErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := newBench(t, 2000, func(_ context.Context, name string) (domain.Answer, error) {
			time.Sleep(50 * time.Millisecond)
			if d := time.Since(start); d > time.Second && d < 4*time.Minute {
				return fails(domain.Server)
			}
			return answer(name)
		})
		var d told
		p, err := b.start(t.Context(), nil, worker.Options{Decided: d.decided})
		if err != nil || p.Done != 2000 {
			t.Errorf("%v; %+v", err, p)
		}
		if n := p.Errors[domain.Server]; n > 25+25+15 {
			t.Errorf("%d requests into the outage", n)
		}
		pauses := d.all[domain.AboutPause]
		if len(pauses) != 2 || !strings.HasPrefix(pauses[0], "paused: ") || !strings.HasPrefix(pauses[1], "goes on after ") {
			t.Errorf("told %q", pauses)
		}
	})
}

func TestTriesAgainAreAFifthOfTheRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		n := 0
		b := newBench(t, 2000, func(_ context.Context, name string) (domain.Answer, error) {
			time.Sleep(10 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			if n++; n%2 == 0 {
				return fails(domain.Server)
			}
			return answer(name)
		})
		var d told
		p, err := b.start(t.Context(), nil, worker.Options{Decided: d.decided})
		if err != nil || p.Failed != 0 || p.Given == 0 || p.Done+p.Given != 2000 {
			t.Errorf("%v; %+v", err, p)
		}
		again := p.Sent - 2000
		if most := max(50, p.Sent/5); again > most {
			t.Errorf("%d of %d requests were tries again", again, p.Sent)
		}
		if got := b.totals().Jobs; got[domain.Pending] != p.Given {
			t.Errorf("%d were given back, left %v", p.Given, got)
		}
		if len(d.all[domain.AboutRetries]) != 1 {
			t.Errorf("told %q", d.all[domain.AboutRetries])
		}
	})
}

// A 429 is about the pace: it is no try of the job's, and bounded elsewhere.
func TestRefusedPaceIsNoTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		b := newBench(t, 1, func(_ context.Context, name string) (domain.Answer, error) {
			if n++; n < 9 {
				return fails(domain.RateLimited)
			}
			return answer(name)
		})
		p, err := b.start(t.Context(), nil, worker.Options{})
		if err != nil || p.Done != 1 {
			t.Errorf("%v; %+v", err, p)
		}
	})
}

// Nor is it the last of the tries that other errors have used up.
func TestRefusedPaceAfterTheLastTryFailsNoJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		b := newBench(t, 1, func(_ context.Context, name string) (domain.Answer, error) {
			switch n++; n {
			case 1:
				return fails(domain.Server)
			case 2:
				return fails(domain.RateLimited)
			}
			return answer(name)
		})
		p, err := b.start(t.Context(), nil, worker.Options{MaxTries: 2})
		if err != nil || p.Done != 1 || p.Failed != 0 {
			t.Errorf("%v; %+v", err, p)
		}
	})
}

// The web server of an image's URL that refuses for ever ends as a failed row.
func TestRefusedPaceAtTheSourceIsATry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, func(_ context.Context, name string) (domain.Answer, error) { return answer(name) })
		n := 0
		b.prepare = func(context.Context, domain.Job) (p preparedPicture, err error) {
			if n++; n > 20 {
				return p, nil
			}
			return p, &domain.Error{Kind: domain.RateLimited, Source: true, Err: errors.New("429")}
		}
		p, err := b.start(t.Context(), nil, worker.Options{})
		if err != nil || p.Failed != 1 || n != 4 {
			t.Errorf("%v; fetched %d times; %+v", err, n, p)
		}
	})
}

func TestOneRefusedKeyDoesNotStopTheRun(t *testing.T) {
	n := 0
	var mu sync.Mutex
	b := newBench(t, 40, func(_ context.Context, name string) (domain.Answer, error) {
		mu.Lock()
		defer mu.Unlock()
		if n++; n%10 == 3 {
			return domain.Answer{}, &domain.Error{Kind: domain.Auth, Err: errors.New("401"), HTTPStatus: 401, Elsewhere: true}
		}
		return answer(name)
	})
	p, err := b.start(t.Context(), nil, quick)
	if err != nil || p.Done != 40 || p.Errors[domain.Auth] != p.Sent-40 || p.Sent < 44 {
		t.Errorf("%v; %+v", err, p)
	}
}

// Trouble at the web server of an image's URL is not the model's.
func TestTroubleAtTheSourceNeverPausesTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 100, func(_ context.Context, name string) (domain.Answer, error) { return answer(name) })
		good := b.prepare
		b.prepare = func(ctx context.Context, j domain.Job) (p preparedPicture, err error) {
			if p, err = good(ctx, j); string(p.JPEG) < "0060.jpg" {
				return p, &domain.Error{Kind: domain.Server, Source: true, Err: errors.New("503"), HTTPStatus: 503}
			}
			return p, err
		}
		var d told
		p, err := b.start(t.Context(), nil, worker.Options{Decided: d.decided})
		if err != nil || p.Done != 40 || p.Failures[domain.Server] != 60 || len(d.all[domain.AboutPause]) != 0 {
			t.Errorf("%v; %+v; told %v", err, p, d.all)
		}
	})
}

func TestTimeoutsHalveTheSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A server that answers one after the other, each in 2 s, to a client that
		// waits 30 s.
		one := make(chan struct{}, 1)
		b := newBench(t, 200, func(ctx context.Context, name string) (domain.Answer, error) {
			begun := time.Now()
			one <- struct{}{}
			defer func() { <-one }()
			if time.Since(begun) > 28*time.Second {
				return fails(domain.Timeout)
			}
			time.Sleep(2 * time.Second)
			return answer(name)
		})
		p, err := b.start(t.Context(), nil, worker.Options{})
		if err != nil || p.Done+p.Given != 200 || p.Slots > 15 || p.Given > 10 {
			t.Errorf("%v; %+v", err, p)
		}
	})
}

// fmtName is the name of the i-th image.
func fmtName(i int) string { return fmt.Sprintf("%04d.jpg", i) }
