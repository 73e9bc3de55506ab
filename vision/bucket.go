package vision

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// bucket paces what leaves for one account: requests, or tokens. It is a token
// bucket that fills at a rate and may be empty below zero. The zero rate means no
// limit. Its owner guards it.
type bucket struct {
	limiter *rate.Limiter
	// perMinute is the rate now; 0 for no limit.
	perMinute float64
	// least is the largest amount that is taken at once.
	least int
	// returned is what was taken and not used.
	returned float64
}

// slack is how much a bucket holds: what it lets out in this time. Enough that a
// timer that rings late loses nothing, and little enough that requests leave
// evenly.
const slack = 100 * time.Millisecond

// set changes the rate. least is the largest amount that is taken at once, so
// far.
func (b *bucket) set(now time.Time, perMinute float64, least int) {
	if perMinute == b.perMinute && least <= b.least {
		return
	}
	b.perMinute, b.least = perMinute, max(least, b.least)
	if perMinute == 0 {
		b.limiter = nil
		return
	}
	perSecond := perMinute / time.Minute.Seconds()
	burst := b.least + int(math.Ceil(perSecond*slack.Seconds()))
	if b.limiter == nil {
		b.limiter = rate.NewLimiter(rate.Limit(perSecond), burst)
		return
	}
	b.limiter.SetLimitAt(now, rate.Limit(perSecond))
	b.limiter.SetBurstAt(now, burst)
}

// wait is how long it takes until n can be taken.
func (b *bucket) wait(now time.Time, n int) time.Duration {
	if b.limiter == nil {
		return 0
	}
	missing := float64(n) - b.returned - b.limiter.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	// Rounded up, so that a caller who waits this long does not wait in vain.
	return time.Duration(missing/float64(b.limiter.Limit())*float64(time.Second)) + time.Microsecond
}

// take takes n, into debt if need be.
func (b *bucket) take(now time.Time, n int) {
	if b.limiter == nil {
		return
	}
	have := min(b.returned, float64(n))
	b.returned -= have
	// A reservation of more than the burst is refused; debt is made in parts.
	for n -= int(have); n > 0; {
		part := min(n, b.limiter.Burst())
		b.limiter.ReserveN(now, part)
		n -= part
	}
}

// giveBack returns what was taken and not used.
func (b *bucket) giveBack(n int) {
	if b.limiter != nil && n > 0 {
		b.returned = min(b.returned+float64(n), float64(b.limiter.Burst()))
	}
}

// room is how full the bucket is, for comparing accounts.
func (b *bucket) room(now time.Time) float64 {
	if b.limiter == nil {
		return math.Inf(1)
	}
	return b.limiter.TokensAt(now) + b.returned
}
