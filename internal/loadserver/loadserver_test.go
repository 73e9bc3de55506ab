package loadserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vlocal/domain"
	"vlocal/internal/loadserver"
	"vlocal/vision"
)

func start(t *testing.T, o loadserver.Options) *loadserver.Server {
	t.Helper()
	s, err := loadserver.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// post sends a picture's worth and gives the answer without its body.
func post(t *testing.T, s *loadserver.Server, key string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/chat/completions", strings.NewReader(strings.Repeat("x", 400_000)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	return res
}

// counted leaves the parts of Stats that depend on the clock out.
var counted = cmpopts.IgnoreFields(loadserver.Stats{}, "Drawn", "Wasted", "Seconds")

func TestServerIsUnderstoodByTheClient(t *testing.T) {
	s := start(t, loadserver.Options{Model: "m-1", Text: "two boats", TokensIn: 7, TokensOut: 3})
	client, err := vision.New(vision.Options{BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: domain.Task{Prompt: "?", Model: "m-1"}, Picture: domain.Picture{JPEG: make([]byte, 300<<10)}})
	if err != nil {
		t.Fatal(err)
	}
	want := domain.Answer{Text: "two boats", FinishReason: "stop", Model: "m-1", Usage: domain.Usage{TokensIn: 7, TokensOut: 3}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestModelsAreListed(t *testing.T) {
	s := start(t, loadserver.Options{Model: "m-1"})
	res, err := http.Get(s.URL + "/models")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var list struct{ Data []struct{ ID string } }
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	if len(list.Data) != 1 || list.Data[0].ID != "m-1" {
		t.Errorf("listed %+v", list)
	}
}

func TestAnswersTakeTheLatencyAndItIsSummed(t *testing.T) {
	const latency = 30 * time.Millisecond
	s := start(t, loadserver.Options{Latency: loadserver.Latency{Median: latency}})
	for range 3 {
		began := time.Now()
		post(t, s, "k")
		if took := time.Since(began); took < latency {
			t.Errorf("answered after %s", took)
		}
	}
	got := s.Stats()
	if want := 3 * latency; got.Drawn != want {
		t.Errorf("drawn %s, want %s", got.Drawn, want)
	}
	want := loadserver.Stats{Requests: 3, Answered: 3, Connections: 1, MostInFlight: 1}
	if diff := cmp.Diff(want, got, counted); diff != "" {
		t.Error(diff)
	}
}

func TestLimitIsPerKeyAndTold(t *testing.T) {
	s := start(t, loadserver.Options{Limit: loadserver.Limit{Requests: 60, Burst: 2, Tokens: 60_600}})
	first := post(t, s, "a")
	for name, want := range map[string]string{
		"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "1s",
		"x-ratelimit-limit-tokens": "60600", "x-ratelimit-remaining-tokens": "1010", "x-ratelimit-reset-tokens": "1s",
	} {
		if got := first.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	post(t, s, "a")
	beyond := post(t, s, "a")
	if beyond.StatusCode != 429 || beyond.Header.Get("Retry-After") != "1" {
		t.Errorf("beyond the limit: %s, Retry-After %q", beyond.Status, beyond.Header.Get("Retry-After"))
	}
	if other := post(t, s, "b"); other.StatusCode != 200 {
		t.Errorf("another key: %s", other.Status)
	}
	want := loadserver.Stats{Requests: 4, Answered: 3, Limited: 1, Connections: 1, MostInFlight: 1}
	if diff := cmp.Diff(want, s.Stats(), counted); diff != "" {
		t.Error(diff)
	}
}

func TestLimitCanKeepSilent(t *testing.T) {
	for headers, retryAfter := range map[loadserver.Headers]string{loadserver.RetryAfterOnly: "60", loadserver.NoHeaders: ""} {
		s := start(t, loadserver.Options{Limit: loadserver.Limit{Requests: 1, Headers: headers}})
		post(t, s, "a")
		res := post(t, s, "a")
		if res.StatusCode != 429 || res.Header.Get("Retry-After") != retryAfter || res.Header.Get("X-Ratelimit-Limit-Requests") != "" {
			t.Errorf("headers %d: %s %v", headers, res.Status, res.Header)
		}
	}
}

func TestFaultsAreWhatTheyAreCalled(t *testing.T) {
	patient := &http.Client{Timeout: 100 * time.Millisecond, Transport: &http.Transport{}}
	ask := func(f loadserver.Faults) (*http.Response, loadserver.Stats, error) {
		s := start(t, loadserver.Options{Faults: f, Latency: loadserver.Latency{Median: 10 * time.Millisecond}})
		res, err := patient.Post(s.URL+"/chat/completions", "application/json", strings.NewReader("{}"))
		if err == nil {
			_ = res.Body.Close()
		}
		for deadline := time.Now().Add(10 * time.Second); s.Stats().Wasted == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("no time was wasted")
			}
		}
		return res, s.Stats(), err
	}
	base := loadserver.Stats{Requests: 1, Connections: 1, MostInFlight: 1}

	_, got, err := ask(loadserver.Faults{Hang: 1})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hang: %v", err)
	}
	want := base
	want.Hung = 1
	if diff := cmp.Diff(want, got, counted); diff != "" {
		t.Error("hang", diff)
	}

	_, got, err = ask(loadserver.Faults{Reset: 1})
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("reset: %v", err)
	}
	want = base
	want.Reset = 1
	if diff := cmp.Diff(want, got, counted); diff != "" {
		t.Error("reset", diff)
	}

	res, got, err := ask(loadserver.Faults{Error: 1})
	if err != nil || res.StatusCode != 500 {
		t.Errorf("error: %v %v", res, err)
	}
	want = base
	want.Failed = 1
	if diff := cmp.Diff(want, got, counted); diff != "" {
		t.Error("error", diff)
	}

	res, got, err = ask(loadserver.Faults{RateLimited: 1})
	if err != nil || res.StatusCode != 429 {
		t.Errorf("429: %v %v", res, err)
	}
	want = base
	want.Limited = 1
	if diff := cmp.Diff(want, got, counted); diff != "" {
		t.Error("429", diff)
	}
}

func TestQueueMakesEveryRequestWait(t *testing.T) {
	s := start(t, loadserver.Options{
		Latency:  loadserver.Latency{Median: 100 * time.Millisecond},
		Slowdown: loadserver.Slowdown{Beyond: 2},
	})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { post(t, s, "k") })
	}
	wg.Wait()
	// The first two have it for themselves; the third makes 3/2 of it, the fourth 2.
	if got, want := s.Stats().Drawn, 550*time.Millisecond; got != want {
		t.Errorf("drawn %s, want %s", got, want)
	}
}

func TestSettingsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, o := range map[string]loadserver.Options{
		"latency":  {Latency: loadserver.Latency{Median: 2, P95: 1}},
		"faults":   {Faults: loadserver.Faults{Hang: 0.6, Reset: 0.6}},
		"limit":    {Limit: loadserver.Limit{Burst: 1}},
		"slowdown": {Slowdown: loadserver.Slowdown{Factor: -1}},
	} {
		if _, err := loadserver.New(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
