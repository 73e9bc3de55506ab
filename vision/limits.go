package vision

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// allowance is what a server says of one of an account's limits in the headers of
// an answer. A field is negative when the server did not say.
type allowance struct {
	// limit is how many are allowed in the server's window, remaining how many of
	// them are left.
	limit, remaining float64
	// reset is when all of the limit is available again.
	reset time.Duration
}

// allowances reads the headers that OpenAI introduced and most servers that speak
// its API send too; what is "requests" or "tokens".
//
// Source: https://platform.openai.com/docs/guides/rate-limits (Rate limits in
// headers).
func allowances(h http.Header, what string) allowance {
	a := allowance{
		limit:     amount(h.Get("X-Ratelimit-Limit-" + what)),
		remaining: amount(h.Get("X-Ratelimit-Remaining-" + what)),
		reset:     -1,
	}
	if d, ok := resetTime(h.Get("X-Ratelimit-Reset-" + what)); ok {
		a.reset = d
	}
	return a
}

// amount reads a number that is not negative; -1 for what is none.
func amount(s string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(f >= 0 && f <= 1e15) {
		return -1
	}
	return f
}

// resetTime reads a length of time as servers write it: "6m0s", "120ms" (OpenAI,
// Groq), or plain seconds.
func resetTime(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if f := amount(s); f >= 0 {
		return bounded(f), true
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, false
	}
	return min(d, maxWait), true
}

const (
	// underLimit is the part of a server's limit that is used: just under it, so
	// that two clocks that run a little differently do not meet at the edge.
	underLimit = 0.985
	// lowTide is the share of the limit under which what remains slows the pace:
	// somebody else uses the same account, or the server counts otherwise.
	lowTide = 0.05
	// fullMinute is the longest reset of a limit that is counted by the minute.
	fullMinute = 61 * time.Second
)

// perMinute is the pace that keeps within the allowance, 0 if it does not tell.
// Limits by the day (their reset is further away than a minute) say nothing about
// the pace.
func (a allowance) perMinute() float64 {
	if a.limit <= 0 || a.reset > fullMinute {
		return 0
	}
	pace := a.limit * underLimit
	switch {
	case a.remaining == 0:
		return pace / 2
	case a.remaining < 0 || a.remaining >= a.limit*lowTide,
		a.reset > 0 && a.remaining/a.reset.Minutes() >= pace: // it lasts until the window ends
		return pace
	}
	return pace * 0.9
}
