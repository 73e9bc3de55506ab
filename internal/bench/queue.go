package main

import (
	"context"
	"sync/atomic"
	"time"

	"vlocal/domain"
	"vlocal/store"
)

// timedQueue is a run's queue that measures how long the loop waits for the disk.
type timedQueue struct {
	*store.Run
	begins, ends waits
}

// waits sums up waiting.
type waits struct{ n, nanoseconds atomic.Int64 }

func (w *waits) add(since time.Time) {
	w.n.Add(1)
	w.nanoseconds.Add(int64(time.Since(since)))
}

func (w *waits) mean() time.Duration {
	return time.Duration(w.nanoseconds.Load() / max(1, w.n.Load()))
}

// Begin is the run's, timed.
func (q *timedQueue) Begin(ctx context.Context, j domain.Job, f domain.Facts, asked domain.Asked) (domain.Attempt, error) {
	defer q.begins.add(time.Now())
	return q.Run.Begin(ctx, j, f, asked)
}

// End is the run's, timed.
func (q *timedQueue) End(ctx context.Context, a domain.Attempt, e domain.Ending) error {
	defer q.ends.add(time.Now())
	return q.Run.End(ctx, a, e)
}
