package main

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// failure is a way in which a server fails that repeats the key it is asked with.
type failure struct {
	name string
	// answer takes the n-th question, counted from 0.
	answer func(w http.ResponseWriter, r *http.Request, auth string, n int)
	// list takes the look at the list of models; there is none by default.
	list   func(w http.ResponseWriter, r *http.Request, auth string, n int)
	args   []string
	photos int // 3 by default
	// told is what must have been said, so that it is known what was searched.
	told string
}

// says answers with a status and a text, in which %s stands for the key.
func says(status int, text string, headers ...string) func(http.ResponseWriter, *http.Request, string, int) {
	return func(w http.ResponseWriter, _ *http.Request, auth string, _ int) {
		w.Header().Set("X-Request-Authorization", auth)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], strings.ReplaceAll(headers[i+1], "%s", strings.TrimPrefix(auth, "Bearer ")))
		}
		w.WriteHeader(status)
		fmt.Fprint(w, strings.ReplaceAll(text, "%s", auth))
	}
}

// wrong is a final failure of one image, after which a run goes on.
var wrong = says(400, `{"error":{"message":"cannot use this with %s"}}`)

// first does one thing for the first n questions, then another for the rest.
func first(n int, do, then func(http.ResponseWriter, *http.Request, string, int)) func(http.ResponseWriter, *http.Request, string, int) {
	return func(w http.ResponseWriter, r *http.Request, auth string, i int) {
		if i < n {
			do(w, r, auth, i)
			return
		}
		then(w, r, auth, i)
	}
}

// raw answers with bytes that are no whole HTTP, and hangs up.
func raw(text string) func(http.ResponseWriter, *http.Request, string, int) {
	return func(w http.ResponseWriter, _ *http.Request, auth string, _ int) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		fmt.Fprint(conn, strings.ReplaceAll(text, "%s", auth))
		if tcp, ok := conn.(*net.TCPConn); ok && strings.HasSuffix(text, "RESET") {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// stuck begins an answer and does not end it.
func stuck(w http.ResponseWriter, r *http.Request, auth string, _ int) {
	w.Header().Set("X-Request-Authorization", auth)
	fmt.Fprintf(w, `{"model":"%s"`, auth)
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// answer gives what a model says.
func answer(content, finish string) string {
	return fmt.Sprintf(`{"model":"m for %%s","choices":[{"finish_reason":%q,"message":{"content":%q}}],"usage":{"prompt_tokens":1000,"completion_tokens":1000}}`, finish, content)
}

var failures = []failure{
	{name: "unknown key", answer: says(401, `{"error":{"message":"Incorrect API key provided: %s. You can find yours at /keys"}}`)},
	{name: "unknown key, cut", answer: func(w http.ResponseWriter, _ *http.Request, auth string, _ int) {
		w.WriteHeader(401)
		fmt.Fprintf(w, `{"error":{"message":"Incorrect API key: %s***%s"}}`, auth[:24], auth[16:])
	}},
	{name: "not allowed", answer: says(403, "%s")},
	{name: "firewall", answer: says(403, "<html><title>Blocked: %s</title>%s", "Content-Type", "text/html")},
	{name: "no money", told: "not used in this run any more", answer: says(402, `{"error":{"message":"insufficient credits on %s","code":402}}`)},
	{name: "no quota", answer: says(429, `{"error":{"message":"%s","code":"insufficient_quota","type":"%s"}}`)},
	{name: "unknown model", answer: says(404, `{"error":{"message":"no such model for %s","code":"model_not_found"}}`)},
	{name: "moved", answer: says(302, "%s", "Location", "https://%s.example/%s/v1?key=%s#%s")},
	{name: "moved to no address", answer: first(2, says(308, "%s", "Location", "http://[%s"), wrong)},
	{name: "a web page", answer: says(200, "<!doctype html><title>%s</title>%s", "Content-Type", "text/html; key=%s")},
	{name: "another API", answer: says(200, `{"done":true,"model":"%s","response":"%s"}`)},
	{name: "too fast", answer: first(2, says(429, `{"message":"slow down %s"}`, "Retry-After", "0", "X-Ratelimit-Limit-Requests", "%s"), wrong)},
	{name: "out of order", answer: first(2, says(500, strings.Repeat("x", 285)+"%s"), wrong)},
	{name: "overloaded, in 200", answer: first(2, says(200, `{"error":{"message":"%s","type":"overloaded_error","metadata":{"raw":"{\"error\":{\"message\":\"%s\"}}","provider_name":"%s"}}}`), wrong)},
	{name: "in trouble", told: "paused: ", photos: 24, args: []string{"--retries", "0"}, answer: first(26, says(503, "%s is down"), wrong)},
	{name: "no time", args: []string{"--timeout", "150ms"}, answer: first(2, stuck, wrong)},
	{name: "not HTTP", answer: first(2, raw("Authorization: %s\r\n\r\n"), wrong)},
	{name: "a status that is none", answer: first(2, raw("HTTP/1.1 %s\r\n\r\n"), wrong)},
	{name: "a header that is none", answer: first(2, raw("HTTP/1.1 200 OK\r\nAuthorization %s\r\n\r\n"), wrong)},
	{name: "reset in the middle", answer: first(2, raw("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"model\":\"%s\" RESET"), wrong)},
	{name: "chunks that are none", answer: first(2, raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n%s"), wrong)},
	{name: "bad request", answer: wrong},
	{name: "wrong fields", answer: says(422, `{"detail":[{"loc":["header","%s"],"msg":"%s"}]}`)},
	{name: "too large", answer: says(413, "%s")},
	{name: "a filter", answer: says(400, `{"error":{"message":"content_policy %s","code":"%s"}}`)},
	{name: "refusal", told: "the model declines: not with ", answer: says(200, `{"model":"%s","choices":[{"message":{"refusal":"not with %s"}}]}`), args: []string{"--fallback-model", "other"}},
	{name: "cut at the limit", answer: says(200, answer("Your key is %s", "length"))},
	{name: "broken off", answer: first(2, says(200, answer("Your key is %s", "error")), wrong)},
	{name: "not understood", answer: says(200, `{"request":{"headers":{"authorization":"%s"}}}`)},
	{name: "not JSON", answer: says(200, "%s")},
	{name: "an unknown end", answer: says(200, answer("%s", "%s"))},
	{name: "a stream", answer: says(200, "data: {\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"%s\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", "Content-Type", "text/event-stream")},
	{name: "a stream with an error", answer: first(2, says(200, "data: {\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}\n\ndata: {\"error\":{\"message\":\"%s\"}}\n\n"), wrong)},
	{name: "a stream cut short", answer: first(2, says(200, "data: {\"model\":\"%s\",\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}\n\n: %s"), wrong)},
	{name: "money spent", told: "is used up", answer: says(200, answer("%s", "stop")), args: []string{"--budget", "0.0005", "--price-in", "0.1", "--price-out", "0.2", "-c", "1"}},
	{name: "one key of two is unknown", told: "set aside for", photos: 6, answer: func(w http.ResponseWriter, r *http.Request, auth string, n int) {
		if strings.Contains(auth, marked) {
			says(401, `{"error":{"message":"wrong: %s"}}`)(w, r, auth, n)
			return
		}
		says(200, answer("not "+marked+" but %s", "stop"))(w, r, auth, n)
	}},
	{name: "one key of two is left out", told: "is left out: ", list: func(w http.ResponseWriter, r *http.Request, auth string, n int) {
		if strings.Contains(auth, marked) {
			says(401, `{"error":{"message":"wrong: %s"}}`)(w, r, auth, n)
			return
		}
		says(200, `{"data":[{"id":"m"},{"id":"%s"}]}`)(w, r, auth, n)
	}, answer: says(200, answer("not with "+marked+" but with %s", "stop"))},
	{name: "one key of two does not work", told: "set aside for", photos: 30, answer: func(w http.ResponseWriter, r *http.Request, auth string, n int) {
		if strings.Contains(auth, marked) && n < 40 {
			says(500, "trouble with %s")(w, r, auth, n)
			return
		}
		says(200, answer("%s", "stop"))(w, r, auth, n)
	}, args: []string{"--retries", "1"}},
}

// failing starts a server that fails so.
func failing(t *testing.T, f failure) string {
	t.Helper()
	var questions atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth := r.Header.Get("Authorization")
		switch {
		case r.Method == http.MethodGet && f.list != nil:
			f.list(w, r, auth, 0)
			return
		case r.Method == http.MethodGet:
			says(404, "%s")(w, r, auth, 0)
			return
		}
		f.answer(w, r, auth, int(questions.Add(1)-1))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/v1"
}

// proxyPassword must not be seen either.
const proxyPassword = "marked-password-98765"

var proxyBasic = base64.StdEncoding.EncodeToString([]byte("somebody:" + proxyPassword))
