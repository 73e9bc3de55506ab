package vision_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vlocal/domain"
	"vlocal/vision"
)

// account is an API in memory, in the clock of the test: it lets a number of
// requests a minute through for each key and refuses the others.
type account struct {
	// perMinute is the limit by key; 0 for none.
	perMinute map[string]float64
	// tell sends the headers that say so, wait a Retry-After with a refusal.
	tell bool
	wait time.Duration
	// fails gives an error's status and body for a key; 0 for none.
	fails func(key string) (int, string)

	mu      sync.Mutex
	buckets map[string]*fill
	// seen has the times and the ends of all requests.
	seen []call
}

type call struct {
	at     time.Time
	key    string
	status int
}

// fill is a token bucket that holds a minute's worth.
type fill struct {
	tokens float64
	at     time.Time
}

func (a *account) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	key := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	status, body, header := a.judge(key)
	time.Sleep(48 * time.Millisecond)
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (a *account) judge(key string) (status int, body string, header http.Header) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	header = http.Header{"Content-Type": {"application/json"}}
	defer func() { a.seen = append(a.seen, call{now, key, status}) }()
	if a.fails != nil {
		if status, body = a.fails(key); status != 0 {
			return status, body, header
		}
	}
	limit := a.perMinute[key]
	if limit == 0 {
		return 200, fine, header
	}
	if a.buckets == nil {
		a.buckets = map[string]*fill{}
	}
	b := a.buckets[key]
	if b == nil {
		b = &fill{tokens: limit, at: now}
		a.buckets[key] = b
	}
	b.tokens = min(b.tokens+now.Sub(b.at).Minutes()*limit, limit)
	b.at = now
	ok := b.tokens >= 1
	if ok {
		b.tokens--
	}
	if a.tell {
		header.Set("X-Ratelimit-Limit-Requests", fmt.Sprint(limit))
		header.Set("X-Ratelimit-Remaining-Requests", fmt.Sprint(int(b.tokens)))
		header.Set("X-Ratelimit-Reset-Requests", (time.Duration((limit - b.tokens) / limit * float64(time.Minute))).String())
	}
	if ok {
		return 200, fine, header
	}
	if a.wait > 0 {
		header.Set("Retry-After-Ms", fmt.Sprint(a.wait.Milliseconds()))
	}
	return 429, `{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}`, header
}

// load asks on 25 slots until the time is over.
func load(t *testing.T, a *account, o vision.Options, d time.Duration) *vision.Client {
	t.Helper()
	o.BaseURL, o.Transport = "http://model.invalid/v1", a
	client, err := vision.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), d, context.DeadlineExceeded)
	defer cancel()
	var wg sync.WaitGroup
	for range 25 {
		wg.Go(func() {
			for {
				p, err := client.Admit(ctx)
				if err != nil {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
					return
				}
				_, _ = client.Ask(context.Background(), p, domain.Question{Task: task, Picture: domain.Picture{}})
			}
		})
	}
	wg.Wait()
	return client
}

// after gives the calls after a time, and how many of them were refused.
func (a *account) after(start time.Time) (calls []call, refused int) {
	for _, c := range a.seen {
		if c.at.After(start) {
			calls = append(calls, c)
			if c.status == 429 {
				refused++
			}
		}
	}
	return calls, refused
}

func keys(secrets ...string) (all []domain.Key) {
	for _, s := range secrets {
		all = append(all, domain.NewKey(s))
	}
	return all
}

func TestPaceSettlesJustUnderWhatTheAccountAllows(t *testing.T) {
	for name, c := range map[string]struct {
		tell bool
		o    vision.Options
	}{
		"the server tells, no flags":           {true, vision.Options{StartRPM: 60}},
		"the server tells, nothing to start":   {true, vision.Options{}},
		"the server tells, a flag allows more": {true, vision.Options{RPM: 5000}},
		"only the flag tells":                  {false, vision.Options{RPM: 500}},
		"nobody tells":                         {false, vision.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &account{perMinute: map[string]float64{"k": 500}, tell: c.tell}
				c.o.Keys = keys("k")
				const minutes, settling = 12, 3
				settled := time.Now().Add(settling * time.Minute)
				load(t, a, c.o, minutes*time.Minute)
				calls, refused := a.after(settled)
				allowed := 500.0 * (minutes - settling)
				used := float64(len(calls)-refused) / allowed
				share := float64(refused) / float64(len(calls))
				t.Logf("%.2f%% refused, %.2f%% of the allowance used", 100*share, 100*used)
				if share > 0.01 || used < 0.97 {
					t.Errorf("%.2f%% refused, %.2f%% of the allowance used", 100*share, 100*used)
				}
			})
		})
	}
}

func TestAskedPaceIsKeptEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{perMinute: map[string]float64{"k": 6000}, tell: true}
		load(t, a, vision.Options{RPM: 600, Keys: keys("k")}, 30*time.Second)
		if n := len(a.seen); n < 295 || n > 303 {
			t.Errorf("%d requests in half a minute at 600 a minute", n)
		}
		for i := 3; i < len(a.seen); i++ {
			if gap := a.seen[i].at.Sub(a.seen[i-1].at); gap < 99*time.Millisecond || gap > 101*time.Millisecond {
				t.Fatalf("request %d left %v after the one before", i, gap)
			}
		}
	})
}

func TestTokensAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{}
		// The answer in fine takes 815 tokens; the first guess is more.
		load(t, a, vision.Options{TPM: 81_500, Keys: keys("k")}, 5*time.Minute)
		calls, _ := a.after(a.seen[0].at.Add(time.Minute))
		if n := len(calls); n < 390 || n > 410 {
			t.Errorf("%d requests in 4 minutes; 100 a minute are allowed", n)
		}
	})
}

func TestRetryAfterHoldsTheKeyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{perMinute: map[string]float64{"k": 1}, wait: 40 * time.Second}
		client, err := vision.New(vision.Options{BaseURL: "http://model.invalid/v1", Transport: a, Keys: keys("k")})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for range 3 {
			askOnce(t, client)
		}
		// The second one is refused, and the third waits.
		took := a.seen[2].at.Sub(start)
		if took < 40*time.Second || took > 41*time.Second || a.seen[1].status != 429 {
			t.Errorf("the third request left after %v; the server had asked for 40 s", took)
		}
	})
}

func TestWorkGoesToTheKeyWithRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{perMinute: map[string]float64{"small": 60, "large": 540}, tell: true}
		load(t, a, vision.Options{Keys: keys("small", "large"), StartRPM: 100}, 6*time.Minute)
		calls, refused := a.after(a.seen[0].at.Add(2 * time.Minute))
		byKey := map[string]int{}
		for _, c := range calls {
			byKey[c.key]++
		}
		if byKey["small"] < 230 || byKey["small"] > 242 || byKey["large"] < 2095 || refused > len(calls)/100 {
			t.Errorf("in 4 minutes %v, %d refused", byKey, refused)
		}
	})
}

// A key that is refused goes slower. It is not broken, and is not set aside.
func TestKeysThatAreRefusedWithoutAWordAreAllUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{perMinute: map[string]float64{"one": 120, "two": 240}}
		load(t, a, vision.Options{Keys: keys("one", "two")}, 10*time.Minute)
		calls, _ := a.after(a.seen[0].at.Add(5 * time.Minute))
		answered := map[string]int{}
		for _, c := range calls {
			if c.status == 200 {
				answered[c.key]++
			}
		}
		if answered["one"] < 540 || answered["two"] < 1080 {
			t.Errorf("in 5 minutes %v", answered)
		}
	})
}
