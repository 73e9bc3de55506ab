package store

import "time"

// runClock is the time by which the jobs of a run become due: that at its start plus
// what has passed since. The system's clock may be set while a run is under way; a
// job that is due in a minute would be due in a day and a minute then.
type runClock struct {
	// now is the system's.
	now func() time.Time
	// started is when the run began, elapsed how long ago that is, whatever was
	// done to the clock meanwhile.
	started time.Time
	elapsed func() time.Duration
}

func newRunClock(now func() time.Time) runClock {
	started := now()
	// Sub takes the monotonic clock where it has it.
	return runClock{now: now, started: started, elapsed: func() time.Duration { return now().Sub(started) }}
}

func (c runClock) read() time.Time { return c.started.Add(c.elapsed()) }

// due is when a job is due by this clock that is due at t by the system's; zero for
// at once.
func (c runClock) due(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return c.read().Add(t.Sub(c.now()))
}

// when gives the time by the system's clock at which this one shows the time of a
// column.
func (c runClock) when(ms int64) time.Time {
	return c.now().Add(time.UnixMilli(ms).Sub(c.read()))
}
