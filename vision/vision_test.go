package vision_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/vision"
)

// key is one that must not be seen anywhere but in the request's header.
const key = "sk-marked-0123456789abcdef"

var task = domain.Task{Prompt: "What is it?", Model: "m", Parameters: domain.Parameters{MaxTokens: 77}}

// asking gives a client of a server that answers with h.
func asking(t testing.TB, o vision.Options, h http.HandlerFunc) *vision.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	o.BaseURL, o.Keys = server.URL+"/v1", []domain.Key{domain.NewKey(key)}
	c, err := vision.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// says answers every request with a status and a body.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const fine = `{"id":"1","object":"chat.completion","created":1,"model":"m-2024","choices":[{"index":0,"finish_reason":"stop",
"message":{"role":"assistant","content":" a cat\n"}}],"usage":{"prompt_tokens":812,"completion_tokens":3,"total_tokens":815}}`

func TestRequestIsWhatTheAPIAsksFor(t *testing.T) {
	jpeg := []byte("\xff\xd8 not really \x00 a picture \xff\xd9")
	c := asking(t, vision.Options{UserAgent: "vlocal/test"}, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer "+key ||
			r.Header.Get("Content-Type") != "application/json" || r.Header.Get("User-Agent") != "vlocal/test" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		var got any
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		want := map[string]any{"model": "m", "max_tokens": 77.0, "stream": false, "messages": []any{map[string]any{"role": "user", "content": []any{
			map[string]any{"type": "text", "text": "What is it?"},
			map[string]any{"type": "image_url", "image_url": map[string]any{
				"url": "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(jpeg)}},
		}}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		says(200, fine)(w, r)
	})
	got, err := c.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{JPEG: jpeg}})
	want := domain.Answer{Text: "a cat", FinishReason: "stop", Model: "m-2024", Usage: domain.Usage{TokensIn: 812, TokensOut: 3}}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNoKeyMeansNoHeader(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, sent := r.Header["Authorization"]; sent {
			t.Error("an Authorization header was sent")
		}
		says(200, fine)(w, r)
	}))
	defer server.Close()
	c, err := vision.New(vision.Options{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}}); err != nil {
		t.Error(err)
	}
}

// answers of every shape that servers are known to give.
func TestAnswersOfEveryShape(t *testing.T) {
	message := func(finish, message string) string {
		return fmt.Sprintf(`{"model":"m","choices":[{"finish_reason":%q,"message":%s}]}`, finish, message)
	}
	for name, c := range map[string]struct {
		body string
		text string
		kind domain.ErrorKind
		says string // part of the error
	}{
		"a text":                {message("stop", `{"content":"hi"}`), "hi", "", ""},
		"a list of parts":       {message("stop", `{"content":[{"type":"text","text":"a "},{"type":"text","text":"b"}]}`), "a b", "", ""},
		"cut at the limit":      {message("length", `{"content":"half an"}`), "half an", domain.Truncated, "--max-tokens"},
		"an empty text":         {message("stop", `{"content":""}`), "", domain.InvalidAnswer, "empty"},
		"null":                  {message("stop", `{"content":null}`), "", domain.InvalidAnswer, "empty"},
		"thinking only":         {message("length", `{"content":"","reasoning_content":"Let me see"}`), "", domain.Truncated, "thinking"},
		"thinking (OpenRouter)": {message("stop", `{"content":null,"reasoning":"Hm"}`), "", domain.InvalidAnswer, "--max-tokens"},
		"a refusal":             {message("stop", `{"content":null,"refusal":"I can't help with that"}`), "", domain.Refused, "I can't help"},
		"a content filter":      {message("content_filter", `{"content":"par"}`), "par", domain.Filtered, "filter"},
		"no choices":            {`{"model":"m","choices":[]}`, "", domain.InvalidAnswer, "no choices"},
		"an error inside 200":   {`{"error":{"message":"Provider returned error","code":502}}`, "", domain.Server, "Provider returned error"},
		"a quota inside 200":    {`{"error":{"message":"x","code":"insufficient_quota"}}`, "", domain.Quota, "top up"},
		"a null error":          {`{"error":null,"model":"m","choices":[{"finish_reason":"stop","message":{"content":"hi"}}]}`, "hi", "", ""},
		"JSON cut short":        {`{"choices":[{"message":{"cont`, "", domain.InvalidAnswer, "not the JSON"},
		"a web page":            {"\n<!DOCTYPE html><title>Hi</title>", "", domain.Model, "--base-url"},
		"nothing":               {"", "", domain.Server, "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := asking(t, vision.Options{}, says(200, c.body)).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
			if got.Text != c.text || domain.KindOf(err) != c.kind {
				t.Errorf("%+v, %v; want %q and %q", got, err, c.text, c.kind)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
		})
	}
}

func TestErrorsOfEveryShape(t *testing.T) {
	openai := func(message, kind, code string) string {
		return fmt.Sprintf(`{"error":{"message":%q,"type":%q,"param":null,"code":%q}}`, message, kind, code)
	}
	for _, c := range []struct {
		status int
		body   string
		kind   domain.ErrorKind
		says   string
	}{
		// https://platform.openai.com/docs/guides/error-codes
		{401, openai("Incorrect API key provided", "invalid_request_error", "invalid_api_key"), domain.Auth, "VLOCAL_API_KEY"},
		{403, openai("Country not supported", "", "unsupported_country_region_territory"), domain.Auth, "Country"},
		{429, openai("Rate limit reached", "requests", "rate_limit_exceeded"), domain.RateLimited, "Rate limit reached"},
		{429, openai("You exceeded your current quota", "insufficient_quota", "insufficient_quota"), domain.Quota, "top up"},
		{404, openai("The model `m` does not exist", "invalid_request_error", "model_not_found"), domain.Model, `"m"`},
		{400, openai("no such model", "invalid_request_error", "model_not_found"), domain.Model, "--model"},
		{400, openai("Invalid image", "invalid_request_error", "invalid_image_format"), domain.BadRequest, "Invalid image"},
		{400, openai("rejected by our safety system", "", "content_policy_violation"), domain.Filtered, "safety"},
		{500, openai("The server had an error", "server_error", ""), domain.Server, "had an error"},
		{503, openai("overloaded", "", ""), domain.Server, "overloaded"},
		// https://openrouter.ai/docs/api-reference/errors: codes are numbers
		{402, `{"error":{"code":402,"message":"Insufficient credits"}}`, domain.Quota, "credits"},
		{403, `{"error":{"code":403,"message":"Your input was flagged by moderation"}}`, domain.Filtered, "flagged"},
		{408, `{"error":{"code":408,"message":"Request timed out"}}`, domain.Timeout, "timed out"},
		{502, `{"error":{"code":502,"message":"Bad gateway","metadata":{"raw":"x"}}}`, domain.Server, "Bad gateway"},
		// Ollama, vLLM, FastAPI, Anthropic, proxies
		{404, `{"error":"model 'm' not found, try pulling it first"}`, domain.Model, "pulling"},
		{400, `{"object":"error","message":"maximum context length is 4096","type":"BadRequestError","code":400}`, domain.BadRequest, "context length"},
		{422, `{"detail":[{"loc":["body","messages"],"msg":"field required"}]}`, domain.BadRequest, "field required"},
		{404, `{"detail":"Not Found"}`, domain.Model, "--base-url"},
		{529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, domain.Server, "Overloaded"},
		{413, "<html><h1>413 Request Entity Too Large</h1></html>", domain.TooLarge, "--max-width"},
		{502, "<html><h1>502 Bad Gateway</h1><script>x</script></html>", domain.Server, "Bad Gateway"},
		{504, "upstream request timeout", domain.Timeout, "upstream"},
		{429, "", domain.RateLimited, "Too Many Requests"},
		{405, "", domain.Model, "--base-url"},
		{418, "a\x1b[31m te\na pot" + strings.Repeat(" x", 4000), domain.BadRequest, "a[31m te a pot"},
	} {
		_, err := asking(t, vision.Options{}, says(c.status, c.body)).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Kind != c.kind || e.HTTPStatus != c.status || !strings.Contains(e.Error(), c.says) {
			t.Errorf("%d %.60s:\n%v (%s)\nwant %s and %q", c.status, c.body, err, domain.KindOf(err), c.kind, c.says)
		}
		if ok && (len(e.Error()) > 700 || strings.ContainsAny(e.Error(), "\x1b\n<")) {
			t.Errorf("%d: not fit for a person: %q", c.status, e)
		}
	}
}

func TestWaitThatTheServerAsksFor(t *testing.T) {
	for name, c := range map[string]struct {
		header, value string
		from, to      time.Duration
	}{
		"seconds":      {"Retry-After", "7", 7 * time.Second, 7 * time.Second},
		"milliseconds": {"Retry-After-Ms", "1500", 1500 * time.Millisecond, 1500 * time.Millisecond},
		"a date":       {"Retry-After", time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat), 25 * time.Second, 31 * time.Second},
		"a past date":  {"Retry-After", "Mon, 02 Jan 2006 15:04:05 GMT", 0, 0},
		"negative":     {"Retry-After", "-5", 0, 0},
		"for ever":     {"Retry-After", "1e300", time.Hour, time.Hour},
		"not a number": {"Retry-After", "NaN", 0, 0},
		"nonsense":     {"Retry-After", "soon", 0, 0},
		"nothing":      {"X-Other", "1", 0, 0},
	} {
		_, err := asking(t, vision.Options{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(c.header, c.value)
			says(429, "")(w, r)
		}).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.RetryAfter < c.from || e.RetryAfter > c.to {
			t.Errorf("%s: %v", name, e.RetryAfter)
		}
	}
}

func TestRedirectTakesNeitherKeyNorPictureAway(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the other host was asked")
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 307, 308} {
		_, err := asking(t, vision.Options{}, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/v1", status)
		}).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		if domain.KindOf(err) != domain.Model || !strings.Contains(err.Error(), strings.TrimPrefix(other.URL, "http://")) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestWhatGoesWrongOnTheWay(t *testing.T) {
	hijack := func(w http.ResponseWriter, write string) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, write)
		_ = conn.Close()
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + free.Addr().String()
	_ = free.Close()
	plain := httptest.NewServer(says(200, fine))
	defer plain.Close()
	untrusted := httptest.NewTLSServer(says(200, fine))
	defer untrusted.Close()

	for name, c := range map[string]struct {
		base        string
		h           http.HandlerFunc
		kind        domain.ErrorKind
		unreachable bool
	}{
		"refused":       {base: gone, kind: domain.Network, unreachable: true},
		"no such host":  {base: "http://nowhere.invalid/v1", kind: domain.Network, unreachable: true},
		"https of http": {base: strings.Replace(plain.URL, "http:", "https:", 1), kind: domain.Network, unreachable: true},
		"not trusted":   {base: untrusted.URL, kind: domain.Network, unreachable: true},
		"hangs":         {h: func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }, kind: domain.Timeout},
		"hangs half-way": {h: func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, kind: domain.Timeout},
		"closed": {h: func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, kind: domain.Network},
		"closed half-way": {h: func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
		}, kind: domain.Network},
		"not HTTP": {h: func(w http.ResponseWriter, _ *http.Request) { hijack(w, "220 smtp ready\r\n") }, kind: domain.Network},
	} {
		t.Run(name, func(t *testing.T) {
			o := vision.Options{BaseURL: c.base, Keys: []domain.Key{domain.NewKey(key)}}
			if c.kind == domain.Timeout {
				o.Timeout = 200 * time.Millisecond
			}
			client, err := vision.New(o)
			if c.h != nil {
				client, err = asking(t, o, c.h), nil
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{JPEG: []byte("x")}})
			e, ok := errors.AsType[*domain.Error](err)
			if !ok || e.Kind != c.kind || e.Unreachable != c.unreachable || e.HTTPStatus != 0 {
				t.Errorf("%v: %+v", err, e)
			}
		})
	}
}

func TestCallerWhoGivesUpIsNotATimeout(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := asking(t, vision.Options{}, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	if _, err := c.Ask(ctx, domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}}); domain.KindOf(err) != domain.Interrupted {
		t.Errorf("%v", err)
	}
}

// However a server repeats the key, no error tells it.
func TestKeyIsInNoError(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"in the message": says(401, `{"error":{"message":"Incorrect API key provided: `+key+`"}}`),
		"in plain text":  says(500, key),
		"as the code":    says(400, `{"error":{"message":"`+key+`","code":"`+key+`"}}`),
		"in an answer":   says(200, `{"choices":`+key),
		"in a refusal":   says(200, `{"choices":[{"message":{"refusal":"`+key+`"}}]}`),
		"in a redirect": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://x.invalid/"+key)
			w.WriteHeader(307)
		},
	} {
		_, err := asking(t, vision.Options{}, h).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || strings.Contains(fmt.Sprintf("%v %+v %#v", e, e, *e), "marked") {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestConnectionsAreReused(t *testing.T) {
	const slots, requests = 25, 1000
	var mu sync.Mutex
	opened := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// One that answers before it has read all closes the connection.
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(10 * time.Millisecond) // as a model does: the client has time to end its writing
		says(200, fine)(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			mu.Lock()
			defer mu.Unlock()
			opened++
		}
	}
	server.Start()
	defer server.Close()
	c, err := vision.New(vision.Options{BaseURL: server.URL, MaxConns: slots})
	if err != nil {
		t.Fatal(err)
	}
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range slots {
		wg.Go(func() {
			for range jobs {
				if _, err := c.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{JPEG: make([]byte, 10<<10)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range requests {
		jobs <- i
	}
	close(jobs)
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if opened > slots {
		t.Errorf("%d requests on %d slots opened %d connections", requests, slots, opened)
	}
}

func TestBaseURLs(t *testing.T) {
	for in, want := range map[string]string{
		"https://api.openai.com/v1":                   "https://api.openai.com/v1",
		" https://api.openai.com/v1/ ":                "https://api.openai.com/v1",
		"http://localhost:11434/v1/chat/completions/": "http://localhost:11434/v1",
		"http://[::1]:8080":                           "http://[::1]:8080",
	} {
		c, err := vision.New(vision.Options{BaseURL: in})
		if err != nil || c.BaseURL() != want {
			t.Errorf("%q: %v, %v", in, c, err)
		}
	}
	for _, in := range []string{"", "localhost:11434/v1", "api.openai.com", "ftp://x/v1", "https://user:" + key + "@x/v1",
		"https://x/v1?key=" + key, "https://x/v1#" + key, "http://", "http://a b/" + key} {
		_, err := vision.New(vision.Options{BaseURL: in})
		if err == nil || strings.Contains(err.Error(), "marked") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// BenchmarkAsk is the CPU of client and server for one picture of 300 KB.
//
//	go test -run '^$' -bench Ask ./vision
func BenchmarkAsk(b *testing.B) {
	c := asking(b, vision.Options{}, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(10 * time.Millisecond) // as a model does: the client has time to end its writing
		says(200, fine)(w, r)
	})
	jpeg := make([]byte, 300<<10)
	b.SetBytes(int64(len(jpeg)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Ask(b.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{JPEG: jpeg}}); err != nil {
			b.Fatal(err)
		}
	}
}
