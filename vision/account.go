package vision

import (
	"cmp"
	"fmt"
	"time"

	"vlocal/domain"
)

const (
	// downStep and upStep are what a pace is multiplied with after refusals and
	// after a while without.
	downStep, upStep = 0.8, 1.1
	// refusals is how many in a row slow the pace down. So does a share of them
	// of more than tolerated, among at least enough requests at one pace: then it
	// falls to what was let through, but not lower than to fall at once.
	refusals  = 3
	tolerated = 0.01
	enough    = 40
	fall      = 0.25
	// remembered is how many requests that share is of, at most.
	remembered = 400
	// calm is how long an account must have been without refusals until the pace
	// climbs, and then between two steps.
	calm = 5 * time.Second
	// longCalm is the same near the pace at which it was refused last.
	longCalm = 2 * time.Minute
	// slowest is the least pace, in requests a minute.
	slowest = 1
	// ownErrors is how many errors in a row set an account aside.
	ownErrors = 5
	// aside is how long, doubled each time up to asideCap.
	aside, asideCap = 30 * time.Second, 15 * time.Minute
)

// account is one API key with its limits and its state. Its pool guards it.
type account struct {
	key              domain.Key
	requests, tokens bucket
	// most is the pace that flags and server allow, in requests a minute; 0 for
	// no limit.
	most float64
	// refusedAt is the pace at which it was refused last; 0 for never.
	refusedAt float64
	// inRow counts refusals since the last success. passed and refused count what
	// became of the requests since the last change of pace, which was at changed.
	inRow           int
	passed, refused float64
	changed         time.Time
	// sent has the times of the latest requests, to know a pace that nothing
	// limits.
	sent [64]time.Time
	next int
	// until is when the account may be used again; waiting says it is the
	// provider who asked for the wait, not an error of the account.
	until time.Time
	// failures counts errors in a row, set how often the account was set aside
	// since it worked last.
	failures, set int
	// refusal is the error that set it aside; gone says for the rest of the run.
	refusal *domain.Error
	gone    bool
}

// wait is how long it takes until a request with that many tokens may leave.
func (a *account) wait(now time.Time, tokens int) time.Duration {
	return max(a.until.Sub(now), a.requests.wait(now, 1), a.tokens.wait(now, tokens), 0)
}

// roomier reports whether a has more room than other; where nothing limits them,
// whether it was used less.
func (a *account) roomier(now time.Time, other *account) bool {
	return cmp.Or(cmp.Compare(a.requests.room(now), other.requests.room(now)), cmp.Compare(other.next, a.next)) > 0
}

// take lets one request leave.
func (a *account) take(now time.Time, tokens int) {
	a.requests.take(now, 1)
	a.tokens.take(now, tokens)
	a.sent[a.next%len(a.sent)] = now
	a.next++
}

// pace is how many requests a minute leave at most; 0 for no limit.
func (a *account) pace() float64 { return a.requests.perMinute }

// observed is the pace of the latest requests, in requests a minute; 0 while
// there are too few.
func (a *account) observed() float64 {
	n := min(a.next, len(a.sent))
	if n < 8 {
		return 0
	}
	last, first := a.sent[(a.next-1)%len(a.sent)], a.sent[(a.next-n)%len(a.sent)]
	if took := last.Sub(first); took > 0 {
		return float64(n-1) / took.Minutes()
	}
	return 0
}

// limit takes the server's word about its limits. asked is the pace that the
// person asked for; 0 if none.
func (a *account) limit(now time.Time, requests, tokens allowance, asked, askedTokens float64) {
	if pace := requests.perMinute(); pace > 0 {
		if asked > 0 {
			pace = min(pace, asked)
		}
		slowed := a.pace() > 0 && a.pace() < a.most*0.99
		a.most = pace
		if !slowed || a.pace() > pace {
			a.requests.set(now, pace, 1)
		}
	}
	if pace := tokens.perMinute(); pace > 0 {
		if askedTokens > 0 {
			pace = min(pace, askedTokens)
		}
		a.tokens.set(now, pace, 1)
	}
}

// refuse takes a 429. It gives what it decided, "" for nothing.
func (a *account) refuse(now time.Time, retryAfter time.Duration) string {
	if retryAfter > 0 {
		a.until = later(a.until, now.Add(retryAfter))
	}
	a.inRow++
	a.seen(&a.refused)
	all := a.passed + a.refused
	if now.Sub(a.changed) < time.Second || a.inRow < refusals && (all < enough || a.refused <= 1+all*tolerated) {
		return ""
	}
	from := a.pace()
	if from == 0 {
		if from = a.observed(); from == 0 {
			return ""
		}
	}
	a.refusedAt = from
	pace := from * downStep
	if all >= enough {
		a.refusedAt = from * max(a.passed/all, fall) // what it let through
		pace = a.refusedAt * underLimit
	}
	return a.change(now, max(pace, slowest), "the server refuses more")
}

// seen counts a request under one of the two heads, and forgets slowly.
func (a *account) seen(head *float64) {
	*head++
	if a.passed+a.refused > remembered {
		a.passed, a.refused = a.passed/2, a.refused/2
	}
}

// ease takes a success, and climbs back after a while without refusals. Near the
// pace that was refused last it waits longer: that is where the limit is.
func (a *account) ease(now time.Time) string {
	a.inRow = 0
	a.seen(&a.passed)
	pace := a.pace()
	if pace == 0 || a.most > 0 && pace >= a.most {
		return ""
	}
	next := pace * upStep
	if a.most > 0 {
		next = min(next, a.most)
	}
	quiet := now.Sub(a.changed)
	if edge := a.refusedAt * 0.97; a.refusedAt > 0 && next > edge {
		if pace < edge*0.99 {
			next = edge
		} else if quiet < longCalm {
			return ""
		}
	}
	if quiet < calm {
		return ""
	}
	return a.change(now, next, "it goes well")
}

func (a *account) change(now time.Time, pace float64, why string) string {
	from := "no limit"
	if a.pace() > 0 {
		from = fmt.Sprintf("%.0f", a.pace())
	}
	a.requests.set(now, pace, 1)
	a.inRow, a.passed, a.refused, a.changed = 0, 0, 0, now
	return fmt.Sprintf("%s%s → %.0f requests a minute: %s", a.prefix(), from, pace, why)
}

// setAside takes the account out of use for a while.
func (a *account) setAside(now time.Time, e *domain.Error) string {
	wait := min(aside<<min(a.set, 10), asideCap)
	a.set++
	a.failures = 0
	a.refusal = e
	a.until = later(a.until, now.Add(wait))
	return fmt.Sprintf("%sset aside for %s: %v", a.prefix(), wait, e.Err)
}

// prefix names the account in a decision.
func (a *account) prefix() string {
	if a.key == (domain.Key{}) {
		return ""
	}
	return "key " + a.key.Fingerprint() + ": "
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
