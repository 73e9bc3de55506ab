package vision_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/vision"
)

// What servers say of a name of the bound that they do not take.
const (
	// https://github.com/griptape-ai/ComfyUI-Griptape/issues/312
	noMaxTokens = `{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}`
	// https://github.com/caozhiyuan/copilot-api/issues/164 (no param)
	noMaxTokensCopilot = `{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","code":"invalid_request_body"}}`
	// https://github.com/editor-code-assistant/eca/issues/231 (Mistral)
	noNewMistral = `{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted","input":77}]},"type":"invalid_request_error","param":null,"code":null}`
	// https://github.com/1Panel-dev/MaxKB/issues/2912 (vLLM)
	noNewVLLM = `{"object":"error","message":"[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 800}]","type":"BadRequestError","param":null,"code":400}`
)

// bounded is a server that takes some names of the bound and refuses others with
// the words given. It counts what it was sent.
type bounded struct {
	t       *testing.T
	status  int
	refuses map[string]string
	mu      sync.Mutex
	sent    map[string]int
}

func (b *bounded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		b.t.Error(err)
	}
	var names []string
	for _, name := range []string{"max_tokens", "max_completion_tokens"} {
		if n, ok := body[name]; ok {
			names = append(names, name)
			if n != 77.0 {
				b.t.Errorf("%s is %v", name, n)
			}
		}
	}
	if len(names) != 1 {
		b.t.Errorf("the bound is there as %q", names)
		return
	}
	b.mu.Lock()
	b.sent[names[0]]++
	b.mu.Unlock()
	if words, refused := b.refuses[names[0]]; refused {
		says(b.status, words)(w, r)
		return
	}
	says(200, fine)(w, r)
}

func TestBoundTakesTheNameThatTheModelWants(t *testing.T) {
	for _, c := range []struct {
		model   string
		status  int
		refuses map[string]string
		first   map[string]int // what the first Ask sent
		both    map[string]int // what it and the second one sent
	}{
		{"llava", 400, nil, map[string]int{"max_tokens": 1}, map[string]int{"max_tokens": 2}},
		{"my-deployment", 400, map[string]string{"max_tokens": noMaxTokens},
			map[string]int{"max_tokens": 1, "max_completion_tokens": 1}, map[string]int{"max_tokens": 1, "max_completion_tokens": 2}},
		{"gpt-4.9", 400, map[string]string{"max_tokens": noMaxTokensCopilot},
			map[string]int{"max_tokens": 1, "max_completion_tokens": 1}, map[string]int{"max_tokens": 1, "max_completion_tokens": 2}},
		// Known by name, see newNames.
		{"gpt-5-mini", 400, map[string]string{"max_tokens": noMaxTokens}, map[string]int{"max_completion_tokens": 1}, map[string]int{"max_completion_tokens": 2}},
		{"o4-mini", 400, nil, map[string]int{"max_completion_tokens": 1}, map[string]int{"max_completion_tokens": 2}},
		{"gpt-50", 400, nil, map[string]int{"max_tokens": 1}, map[string]int{"max_tokens": 2}},
		{"o3", 422, map[string]string{"max_completion_tokens": noNewMistral},
			map[string]int{"max_completion_tokens": 1, "max_tokens": 1}, map[string]int{"max_completion_tokens": 1, "max_tokens": 2}},
		{"gpt-5.1", 400, map[string]string{"max_completion_tokens": noNewVLLM},
			map[string]int{"max_completion_tokens": 1, "max_tokens": 1}, map[string]int{"max_completion_tokens": 1, "max_tokens": 2}},
	} {
		server := &bounded{t: t, status: c.status, refuses: c.refuses, sent: map[string]int{}}
		client := asking(t, vision.Options{}, server.ServeHTTP)
		task := task
		task.Model = c.model
		for i, want := range []map[string]int{c.first, c.both} {
			if answer, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{JPEG: []byte("x")}}); err != nil || answer.Text != "a cat" {
				t.Errorf("%s: %+v, %v", c.model, answer, err)
			}
			if diff := cmp.Diff(want, server.sent); diff != "" {
				t.Errorf("%s, after %d: %s", c.model, i+1, diff)
			}
		}
	}
}

// One model's dialect is not another's.
func TestDialectIsOfTheModel(t *testing.T) {
	server := &bounded{t: t, status: 400, refuses: map[string]string{"max_tokens": noMaxTokens}, sent: map[string]int{}}
	client := asking(t, vision.Options{}, server.ServeHTTP)
	for _, model := range []string{"a", "b", "a", "b"} {
		task := task
		task.Model = model
		if _, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}}); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(map[string]int{"max_tokens": 2, "max_completion_tokens": 4}, server.sent); diff != "" {
		t.Error(diff)
	}
}

func TestManyWhoMeetTheRefusalAtOnceRecover(t *testing.T) {
	const slots = 25
	server := &bounded{t: t, status: 400, refuses: map[string]string{"max_tokens": noMaxTokens}, sent: map[string]int{}}
	var arrived atomic.Int32
	all := make(chan struct{})
	client := asking(t, vision.Options{Timeout: time.Minute}, func(w http.ResponseWriter, r *http.Request) {
		// The first ones wait for each other, so that none knows of the others.
		if n := arrived.Add(1); n == slots {
			close(all)
		}
		<-all
		server.ServeHTTP(w, r)
	})
	var wg sync.WaitGroup
	for range slots {
		wg.Go(func() {
			if answer, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}}); err != nil || answer.Text != "a cat" {
				t.Errorf("%+v, %v", answer, err)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(map[string]int{"max_tokens": slots, "max_completion_tokens": slots}, server.sent); diff != "" {
		t.Error(diff)
	}
}

// A server that refuses both names is asked once more by the first, and no more:
// behind a gateway another one may have answered.
func TestServerThatRefusesBothNamesEndsIt(t *testing.T) {
	server := &bounded{t: t, status: 400, refuses: map[string]string{"max_tokens": noMaxTokens, "max_completion_tokens": noNewVLLM}, sent: map[string]int{}}
	_, err := asking(t, vision.Options{}, server.ServeHTTP).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
	if domain.KindOf(err) != domain.Model || !strings.Contains(err.Error(), "neither") {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(map[string]int{"max_tokens": 2, "max_completion_tokens": 1}, server.sent); diff != "" {
		t.Error(diff)
	}
}

// A value that is too large is no refusal of the name.
func TestRefusedValueIsNotSentAgain(t *testing.T) {
	var sent atomic.Int32
	for _, body := range []string{
		// https://community.openai.com: the model's own bound
		`{"error":{"message":"max_tokens is too large: 99999. This model supports at most 16384 completion tokens, whereas you provided 99999.","type":"invalid_request_error","param":"max_tokens","code":"invalid_value"}}`,
		`{"error":{"message":"Unsupported parameter: 'temperature' is not supported with this model.","type":"invalid_request_error","param":"temperature","code":"unsupported_parameter"}}`,
	} {
		sent.Store(0)
		_, err := asking(t, vision.Options{}, func(w http.ResponseWriter, r *http.Request) {
			sent.Add(1)
			_, _ = io.Copy(io.Discard, r.Body)
			says(400, body)(w, r)
		}).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		if domain.KindOf(err) != domain.BadRequest || sent.Load() != 1 {
			t.Errorf("%d requests: %v", sent.Load(), err)
		}
	}
}
