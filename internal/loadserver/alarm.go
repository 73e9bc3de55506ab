package loadserver

import (
	"context"
	"time"
)

// early is how much before its time the ordinary timer ends a wait; the rest is
// left to an exact one. Go's timers are up to a millisecond late while nothing
// else happens, which on 48 ms would be charged to the client that is measured.
const early = 2 * time.Millisecond

// wait returns at the given time, or with ctx's error when that ends first.
func (a *alarms) wait(ctx context.Context, until time.Time) error {
	if rough := time.Until(until) - early; rough > 0 {
		timer := time.NewTimer(rough)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
	if rest := time.Until(until); rest > 0 {
		a.sleep(rest)
	}
	return ctx.Err()
}
