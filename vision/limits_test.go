package vision

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAllowancesAreReadAsServersWriteThem(t *testing.T) {
	for name, c := range map[string]struct {
		limit, remaining, reset string
		want                    allowance
		pace                    float64
	}{
		// https://platform.openai.com/docs/guides/rate-limits
		"OpenAI": {"60", "59", "1s", allowance{60, 59, time.Second}, 60 * underLimit},
		// https://console.groq.com/docs/rate-limits: requests are counted by the day.
		"Groq, by the day":     {"14400", "14370", "2m59.56s", allowance{14400, 14370, 179_560 * time.Millisecond}, 0},
		"milliseconds":         {"500", "400", "120ms", allowance{500, 400, 120 * time.Millisecond}, 500 * underLimit},
		"plain seconds":        {"500", "400", "12.5", allowance{500, 400, 12500 * time.Millisecond}, 500 * underLimit},
		"nothing":              {"", "", "", allowance{-1, -1, -1}, 0},
		"nonsense":             {"many", "-3", "soon", allowance{-1, -1, -1}, 0},
		"infinite":             {"Inf", "NaN", "1e300", allowance{-1, -1, -1}, 0},
		"used up":              {"100", "0", "30s", allowance{100, 0, 30 * time.Second}, 50 * underLimit},
		"running dry":          {"100", "2", "58s", allowance{100, 2, 58 * time.Second}, 90 * underLimit},
		"the window ends soon": {"100", "2", "1s", allowance{100, 2, time.Second}, 100 * underLimit},
	} {
		h := http.Header{}
		h.Set("x-ratelimit-limit-requests", c.limit)
		h.Set("x-ratelimit-remaining-requests", c.remaining)
		h.Set("x-ratelimit-reset-requests", c.reset)
		got := allowances(h, "Requests")
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(allowance{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if pace := got.perMinute(); pace < c.pace-1e-9 || pace > c.pace+1e-9 {
			t.Errorf("%s: %v requests a minute, want %v", name, pace, c.pace)
		}
	}
}

// FuzzAllowances: whatever a server writes, the pace stays a sane number.
func FuzzAllowances(f *testing.F) {
	f.Add("60", "59", "1s")
	f.Add("1e308", "-0", "9999999h")
	f.Fuzz(func(t *testing.T, limit, remaining, reset string) {
		h := http.Header{"X-Ratelimit-Limit-Tokens": {limit}, "X-Ratelimit-Remaining-Tokens": {remaining}, "X-Ratelimit-Reset-Tokens": {reset}}
		a := allowances(h, "Tokens")
		if pace := a.perMinute(); !(pace >= 0 && pace <= 1e15) || a.reset > maxWait {
			t.Errorf("%q, %q, %q: %v requests a minute, reset %v", limit, remaining, reset, pace, a.reset)
		}
	})
}
