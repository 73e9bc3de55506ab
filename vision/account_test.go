package vision_test

import (
	"errors"
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

// askOnce asks with whatever key has room.
func askOnce(t *testing.T, client *vision.Client) (key string, fault *domain.Error) {
	t.Helper()
	p, err := client.Admit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Ask(t.Context(), p, domain.Question{Task: task, Picture: domain.Picture{}})
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
