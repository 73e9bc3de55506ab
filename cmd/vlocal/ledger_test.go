package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger is a model server that keeps account of what it was asked, by picture. What
// it says of a picture is that picture's name in its books.
type ledger struct {
	url     string
	latency time.Duration
	// balks are every how many pictures it does not take, while it balks; 0 for
	// none.
	balks int

	mu       sync.Mutex
	asked    map[string]int
	answered map[string]int
	inFlight int
	balking  bool
}

// openLedger starts one that listens.
func openLedger(t *testing.T, latency time.Duration, balks int) *ledger {
	t.Helper()
	l := &ledger{latency: latency, balks: balks, balking: balks > 0, asked: map[string]int{}, answered: map[string]int{}}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	l.url = server.URL + "/v1"
	return l
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		fmt.Fprint(w, `{"object":"list","data":[{"id":"m","object":"model"}]}`)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the program died while it sent this
	}
	name := pictureIn(string(body))
	l.mu.Lock()
	l.asked[name]++
	l.inFlight++
	balks := l.balking && name[0] < byte('0'+16/l.balks)
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.inFlight--
	}()
	time.Sleep(l.latency)
	if balks {
		http.Error(w, `{"error":{"message":"not this one","type":"invalid_request_error"}}`, http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	l.answered[name]++
	l.mu.Unlock()
	_ = json.NewEncoder(w).Encode(map[string]any{
		"model": "m", "usage": map[string]int{"prompt_tokens": 10, "completion_tokens": 2},
		"choices": []any{map[string]any{"finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": name}}},
	})
}

// pictureIn names the picture that a request holds.
func pictureIn(body string) string {
	_, rest, _ := strings.Cut(body, "base64,")
	text, _, _ := strings.Cut(rest, `"`)
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) == 0 {
		return "no picture"
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// takesAll has it take every picture from now on.
func (l *ledger) takesAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.balking = false
}

// flying is how many requests it has that are not answered.
func (l *ledger) flying() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inFlight
}

// total is how many requests it had.
func (l *ledger) total() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, asked := range l.asked {
		n += asked
	}
	return n
}
