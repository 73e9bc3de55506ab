package vision_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
				_, _ = client.Ask(context.Background(), p, task, domain.Picture{})
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

// askOnce asks with whatever key has room.
func askOnce(t *testing.T, client *vision.Client) (key string, fault *domain.Error) {
	t.Helper()
	p, err := client.Admit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Ask(t.Context(), p, task, domain.Picture{})
	fault, _ = errors.AsType[*domain.Error](err)
	return p.Key, fault
}

const secretA, secretB = "sk-marked-aaaaaaaaaaaa", "sk-marked-bbbbbbbbbbbb"

func pair(t *testing.T, a *account, told *[]string) *vision.Client {
	t.Helper()
	client, err := vision.New(vision.Options{
		BaseURL: "http://model.invalid/v1", Transport: a, Keys: keys(secretA, secretB),
		Decided: func(d domain.Decision) { *told = append(*told, d.Text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestRefusedKeyIsSetAsideAndTriedAgainLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		a := &account{fails: func(key string) (int, string) {
			if broken && key == secretA {
				return 401, `{"error":{"message":"Incorrect API key provided: ` + key + `"}}`
			}
			return 0, ""
		}}
		var told []string
		client := pair(t, a, &told)
		met := 0
		for range 20 {
			if key, fault := askOnce(t, client); fault != nil {
				met++
				if key != "…aaaa" || fault.Kind != domain.Auth || !fault.Elsewhere {
					t.Errorf("key %s: %+v; want the run to go on with the other", key, fault)
				}
			}
		}
		if met != 1 || client.Pace().Aside != 1 {
			t.Errorf("%d of 20 requests met the refused key; %+v", met, client.Pace())
		}
		broken = false
		time.Sleep(time.Minute)
		used := map[string]int{}
		for range 20 {
			key, _ := askOnce(t, client)
			used[key]++
		}
		if used["…aaaa"] == 0 || client.Pace().Aside != 0 {
			t.Errorf("a minute later %v", used)
		}
		if all := strings.Join(told, "\n"); !strings.Contains(all, "key …aaaa: set aside") || strings.Contains(all, "marked") {
			t.Errorf("told %q", all)
		}
	})
}

func TestLastKeyThatIsRefusedStopsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{fails: func(string) (int, string) { return 401, `{"error":{"message":"no"}}` }}
		var told []string
		client := pair(t, a, &told)
		_, first := askOnce(t, client)
		_, second := askOnce(t, client)
		if first == nil || !first.Elsewhere || second == nil || second.Elsewhere {
			t.Errorf("first %+v, second %+v", first, second)
		}
	})
}

func TestKeyWithoutMoneyIsNotUsedAgainInThisRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{fails: func(key string) (int, string) {
			if key == secretA {
				return 429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`
			}
			return 0, ""
		}}
		var told []string
		client := pair(t, a, &told)
		for range 10 {
			askOnce(t, client)
			time.Sleep(time.Hour)
		}
		n := 0
		for _, c := range a.seen {
			if c.key == secretA {
				n++
			}
		}
		if n != 1 || !slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "not used in this run any more") }) {
			t.Errorf("the empty account was asked %d times; told %q", n, told)
		}
	})
}

// slowFirst lets the first request through, later than the end of the others,
// which find the account empty.
type slowFirst struct{ calls atomic.Int32 }

func (s *slowFirst) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	status, body := 429, `{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}`
	if s.calls.Add(1) == 1 {
		status, body = 200, fine
		time.Sleep(time.Second)
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestAnswerThatComesLateDoesNotHideWhyTheKeyIsNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := vision.New(vision.Options{BaseURL: "http://model.invalid/v1", Transport: &slowFirst{}})
		if err != nil {
			t.Fatal(err)
		}
		var late sync.WaitGroup
		late.Go(func() { askOnce(t, client) })
		synctest.Wait()
		askOnce(t, client)
		late.Wait()
		_, err = client.Admit(t.Context())
		if fault, ok := errors.AsType[*domain.Error](err); !ok || fault == nil || fault.Kind != domain.Quota {
			t.Errorf("%#v", err)
		}
	})
}

func TestKeysWithoutLimitsShareTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{}
		var told []string
		client := pair(t, a, &told)
		for range 10 {
			askOnce(t, client)
		}
		byKey := map[string]int{}
		for _, c := range a.seen {
			byKey[c.key]++
		}
		if byKey[secretA] != 5 || byKey[secretB] != 5 {
			t.Errorf("asked %v", byKey)
		}
	})
}

func TestKeyWithErrorsOfItsOwnIsSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{fails: func(key string) (int, string) {
			if key == secretA {
				return 500, `{"error":{"message":"oops"}}`
			}
			return 0, ""
		}}
		var told []string
		client := pair(t, a, &told)
		for range 60 {
			askOnce(t, client)
		}
		n := 0
		for _, c := range a.seen {
			if c.key == secretA {
				n++
			}
		}
		if n != 5 {
			t.Errorf("the broken key was asked %d times in a row, want 5", n)
		}
		// Errors that both have are the server's, and no key is set aside.
		a.fails = func(string) (int, string) { return 500, `{"error":{"message":"oops"}}` }
		for range 20 {
			askOnce(t, client)
		}
		if aside := client.Pace().Aside; aside > 1 {
			t.Errorf("%d of 2 keys are aside", aside)
		}
	})
}

func TestWithdrawnPermitIsGivenToAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := vision.New(vision.Options{BaseURL: "http://model.invalid/v1", Transport: &account{}, RPM: 6, TPM: 12_000})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for range 50 {
			p, err := client.Admit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			client.Withdraw(p)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("50 permits that were not used took %v", took)
		}
	})
}
