package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"vlocal/builtin"
)

// badServer is a real HTTP server in front of the built-in model, which
// misbehaves as its mode says and counts what it was asked.
type badServer struct {
	mode string
	good http.Handler

	mu sync.Mutex
	n  int
	// answers counts the requests answered 200 by the picture asked about.
	answers map[[32]byte]int
	// largest is the size of the largest picture asked about, in bytes.
	largest int
	// auth is the last Authorization header.
	auth string
	// release lets the answers of a stuck server go.
	release chan struct{}
}

// serve MODE starts a server and puts its address into $BASE_URL.
//
//	good       answers
//	flaky      every third request fails, in turn with 500 and 429
//	slow       takes 100 ms
//	stuck      does not answer until the script ends
//	auth       says 401 and repeats the key
//	html       is a web site
//	refusing   will not take pictures: 400
//	textonly   has a model that takes no pictures at all: 400, as Ollama says it
//	newnames   refuses max_tokens, as OpenAI's newer models do
//	streaming  answers in a stream, which nobody asked for
//	broken     says 500 to every request
//	keyed      takes only keys with "good" in them, and repeats others
//	several    has models of any name, of which "shy" refuses and "sick" says 500
//	jsonobject takes json_object and refuses json_schema, as DeepSeek says it
//	nojson     refuses both, and answers in a code fence
//	prosaic    takes both and answers in prose, until that is rejected
//	fetching   fetches a URL that it is passed, and tells the picture's size
//	telling    answers with what it was told, message by message, and by whom
//	nolist     answers, but has no list of its models; nor have stuck, auth,
//	           textonly, newnames, broken and telling
//	offers     lists models as OpenRouter does, to anybody
func serve(ts *testscript.TestScript, _ bool, args []string) {
	s := &badServer{mode: args[0], good: builtin.Handler(), answers: map[[32]byte]int{}, release: make(chan struct{})}
	server := httptest.NewServer(s)
	ts.Defer(server.Close)
	ts.Defer(func() { close(s.release) }) // runs first
	ts.Setenv("BASE_URL", server.URL+"/v1")
	servers.Store(ts, s)
}

// servers has the server of each script.
var servers sync.Map

func serverOf(ts *testscript.TestScript) *badServer {
	s, ok := servers.Load(ts)
	if !ok {
		ts.Fatalf("no server was started")
	}
	return s.(*badServer)
}

// asked N compares the number of requests, asked atmost N bounds it; asked once
// says that no picture was sent twice to be answered; asked with KEY compares the
// key, and asked without says that there was none; asked bytes N bounds the largest
// picture, which has to have at least half of that.
func asked(ts *testscript.TestScript, _ bool, args []string) {
	s := serverOf(ts)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch args[0] {
	case "once":
		for picture, n := range s.answers {
			if n != 1 {
				ts.Fatalf("picture %x was answered %d times", picture[:4], n)
			}
		}
	case "atmost":
		most, err := strconv.Atoi(args[1])
		ts.Check(err)
		if s.n > most {
			ts.Fatalf("%d requests, want at most %d", s.n, most)
		}
	case "bytes":
		most, err := strconv.Atoi(args[1])
		ts.Check(err)
		if s.largest > most || s.largest < most/2 {
			ts.Fatalf("the largest picture had %d bytes, want at most %d", s.largest, most)
		}
	case "with":
		if s.auth != "Bearer "+args[1] {
			ts.Fatalf("asked with %q", s.auth)
		}
	case "without":
		if s.auth != "" {
			ts.Fatalf("asked with %q", s.auth)
		}
	default:
		if got := strconv.Itoa(s.n); got != args[0] {
			ts.Fatalf("%s requests, want %s", got, args[0])
		}
	}
}

func (s *badServer) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

func (s *badServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	if r.Method == http.MethodPost {
		s.n++ // a question, not a look at the list
	}
	n := s.n
	s.auth = r.Header.Get("Authorization")
	s.mu.Unlock()
	if r.URL.Path == "/v1/models" && slices.Contains([]string{"stuck", "auth", "textonly", "newnames", "broken", "nolist", "telling"}, s.mode) {
		http.NotFound(w, r)
		return
	}

	fail := func(status int, message string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "test", "code": nil}})
	}
	switch s.mode {
	case "flaky":
		if n%3 == 0 {
			fail([]int{500, 429}[n/3%2], "try again")
			return
		}
	case "slow":
		time.Sleep(100 * time.Millisecond)
	case "stuck":
		select {
		case <-s.release:
		case <-r.Context().Done():
		}
		return
	case "auth":
		fail(401, "Incorrect API key provided: "+s.auth)
		return
	case "html":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>Welcome</title>")
		return
	case "refusing":
		if r.Method == http.MethodGet {
			break
		}
		fail(400, "this model takes no pictures")
		return
	case "textonly":
		fail(400, "this model does not support image input")
		return
	case "newnames":
		if bytes.Contains(body, []byte(`"max_tokens"`)) {
			fail(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")
			return
		}
	case "several":
		name := modelIn(body)
		switch {
		case r.Method == http.MethodGet:
			http.NotFound(w, r)
			return
		case name == "sick":
			fail(500, "out of order")
			return
		case name == "shy":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"model":"shy","choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I'd rather not."}}]}`)
			return
		}
		body = bytes.Replace(body, []byte(name), []byte(builtin.Model), 1)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	case "jsonobject", "nojson", "prosaic":
		if r.Method == http.MethodPost {
			s.columns(w, r, body)
			return
		}
	case "fetching":
		if r.Method == http.MethodPost {
			s.fetch(w, body)
			return
		}
	case "telling":
		if r.Method == http.MethodPost {
			told(w, body)
			return
		}
	case "streaming":
		w = streamed{w}
	case "broken":
		fail(500, "out of order")
		return
	case "keyed":
		if !strings.Contains(r.Header.Get("Authorization"), "good") {
			fail(401, "Incorrect API key provided: "+r.Header.Get("Authorization"))
			return
		}
	case "offers":
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":[
			{"id":"qwen/qwen3-vl-8b-instruct","context_length":131072,"pricing":{"prompt":"0.00000008","completion":"0.0000005"}},
			{"id":"openai/gpt-4o-mini","context_length":128000,"pricing":{"prompt":"0.00000015","completion":"0.0000006"}},
			{"id":"mystery/model","pricing":{"prompt":"-1","completion":"-1"}}]}`)
		return
	}
	if r.Method == http.MethodPost {
		s.mu.Lock()
		s.answers[sha256.Sum256(body)]++
		s.largest = max(s.largest, pictureIn(body))
		s.mu.Unlock()
	}
	s.good.ServeHTTP(w, r)
}

// streamed sends what is written as server-sent events, the whole in one.
type streamed struct{ http.ResponseWriter }

func (s streamed) WriteHeader(status int) {
	s.Header().Set("Content-Type", "text/event-stream")
	s.Header().Del("Content-Length")
	s.ResponseWriter.WriteHeader(status)
}

func (s streamed) Write(body []byte) (int, error) {
	_, err := io.WriteString(s.ResponseWriter, ": keep-alive\n\ndata: "+string(bytes.TrimSpace(body))+"\n\ndata: [DONE]\n\n")
	return len(body), err
}

// fetch answers a question about a URL by what is there.
func (s *badServer) fetch(w http.ResponseWriter, body []byte) {
	_, rest, _ := strings.Cut(string(body), `"url":"`)
	address, _, _ := strings.Cut(rest, `"`)
	res, err := http.Get(address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	config, err := jpeg.DecodeConfig(res.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{
		"finish_reason": "stop",
		"message":       map[string]any{"content": fmt.Sprintf("a picture of %d x %d", config.Width, config.Height)},
	}}})
}

// pictureIn gives how many bytes the picture in a request has.
func pictureIn(body []byte) int {
	_, rest, _ := strings.Cut(string(body), ";base64,")
	text, _, _ := strings.Cut(rest, `"`)
	picture, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return -1
	}
	return len(picture)
}

// modelIn gives the model that a request is for.
func modelIn(body []byte) string {
	var b struct {
		Model string `json:"model"`
	}
	_ = json.Unmarshal(body, &b) // none, if it is not JSON
	return b.Model
}
