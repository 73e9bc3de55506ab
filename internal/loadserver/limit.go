package loadserver

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limit is what each bearer key may ask. Requests without a key share one
// allowance.
type Limit struct {
	// Requests and Tokens a minute; 0 means no limit.
	Requests, Tokens int
	// Window makes it a fixed window: a minute from a key's first request, then
	// the next one. Without it the allowance is a token bucket that fills evenly.
	Window bool
	// Burst is the size of the bucket in requests. Default: a minute's worth. The
	// bucket of tokens is as large in proportion.
	Burst int
	// Headers says which headers tell the client.
	Headers Headers
}

// Headers are how much a server tells of its limit.
type Headers int

const (
	// AllHeaders sends x-ratelimit-limit, -remaining and -reset for requests and
	// tokens with every answer, and Retry-After with a 429.
	//
	// Source: https://platform.openai.com/docs/guides/rate-limits
	AllHeaders Headers = iota
	// RetryAfterOnly sends Retry-After with a 429.
	RetryAfterOnly
	// NoHeaders sends none.
	NoHeaders
)

func (l Limit) check() error {
	if l.Requests < 0 || l.Tokens < 0 || l.Burst < 0 || l.Burst > 0 && l.Requests == 0 {
		return errors.New("limit: no setting is negative, and a burst needs a limit on requests")
	}
	return nil
}

// allowance is what one key may still ask of one thing.
type allowance struct {
	// limit is per minute, size what can be saved up.
	limit, size float64
	window      bool
	left        float64
	// at is when left was true; for a window, when it began.
	at time.Time
}

// fill brings left up to date.
func (a *allowance) fill(now time.Time) {
	passed := now.Sub(a.at)
	if !a.window {
		a.left = min(a.size, a.left+a.limit*passed.Minutes())
		a.at = now
		return
	}
	if full := passed.Truncate(time.Minute); full > 0 {
		a.left, a.at = a.limit, a.at.Add(full)
	}
}

// reset is how long until the allowance is whole again.
func (a *allowance) reset(now time.Time) time.Duration {
	if a.window {
		return a.at.Add(time.Minute).Sub(now)
	}
	return a.until(a.size)
}

// wait is how long until n are there.
func (a *allowance) wait(n float64, now time.Time) time.Duration {
	if a.window && a.left < n {
		return a.reset(now)
	}
	return max(a.until(n), 0)
}

func (a *allowance) until(n float64) time.Duration {
	return time.Duration((n - a.left) / a.limit * float64(time.Minute))
}

// limiter keeps the allowances of all keys.
type limiter struct {
	limit Limit
	mu    sync.Mutex
	// keys has requests and tokens of each key.
	keys map[string]*[2]allowance
}

func newLimiter(l Limit) *limiter {
	return &limiter{limit: l, keys: map[string]*[2]allowance{}}
}

// off reports whether there is no limit.
func (l *limiter) off() bool { return l.limit.Requests == 0 && l.limit.Tokens == 0 }

// take takes a request of so many tokens off a key's allowance. It reports whether
// it was there, and writes what the server tells of it.
func (l *limiter) take(key string, tokens int, now time.Time, h http.Header) bool {
	if l.off() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.keys[key]
	if a == nil {
		a = l.fresh(now)
		l.keys[key] = a
	}
	costs := [2]float64{1, float64(tokens)}
	var wait time.Duration
	for i := range a {
		if a[i].limit == 0 {
			continue
		}
		a[i].fill(now)
		wait = max(wait, a[i].wait(costs[i], now))
	}
	ok := wait == 0
	for i, name := range [2]string{"requests", "tokens"} {
		if a[i].limit == 0 {
			continue
		}
		if ok {
			a[i].left -= costs[i]
		}
		if l.limit.Headers == AllHeaders {
			a[i].tell(name, now, h)
		}
	}
	if !ok && l.limit.Headers != NoHeaders {
		// Whole seconds: RFC 9110, 10.2.3.
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	return ok
}

// fresh is the whole allowance of a new key.
func (l *limiter) fresh(now time.Time) *[2]allowance {
	requests, tokens := float64(l.limit.Requests), float64(l.limit.Tokens)
	burst := float64(cmp.Or(l.limit.Burst, l.limit.Requests))
	saved := 1.0
	if burst > 0 && !l.limit.Window {
		saved = burst / requests
	}
	size := tokens * saved
	return &[2]allowance{
		{limit: requests, size: requests * saved, left: requests * saved, window: l.limit.Window, at: now},
		{limit: tokens, size: size, left: size, window: l.limit.Window, at: now},
	}
}

// tell writes the headers as OpenAI has them: "60", "59", "1s", "6m0s", "120ms".
func (a *allowance) tell(name string, now time.Time, h http.Header) {
	h.Set("x-ratelimit-limit-"+name, strconv.FormatFloat(a.limit, 'f', 0, 64))
	h.Set("x-ratelimit-remaining-"+name, strconv.Itoa(int(a.left)))
	h.Set("x-ratelimit-reset-"+name, a.reset(now).Round(time.Millisecond).String())
}
