package main

import (
	"context"
	"sync/atomic"

	"vlocal/domain"
	"vlocal/store"
)

// record takes what the client and the worker decide by themselves: into the
// database, and before the person's eyes where it concerns the whole run.
type record struct {
	con console
	run atomic.Pointer[store.Run]
}

func (r *record) begin(run *store.Run) { r.run.Store(run) }

func (r *record) decided(d domain.Decision) {
	run := r.run.Load()
	if run == nil {
		return // nothing is asked yet
	}
	// Without the database no answer is recorded either, and that stops the run
	// with its own error.
	_ = run.Decided(context.Background(), d)
	switch d.What {
	case domain.AboutPause, domain.AboutKey, domain.AboutRetries:
		if !r.con.live() { // the bar tells it
			r.con.remark("%s", oneLine(d.Text))
		}
	}
}
