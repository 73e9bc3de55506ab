//go:build unix

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// A run that stands still (a laptop that sleeps, a debugger) keeps its database
// from others, however long, and goes on as if nothing had been.
func TestStoppedRunGoesOn(t *testing.T) {
	s := newCrashSite(t, 60, openLedger(t, 30*time.Millisecond, 0))
	cmd := s.command(t.Context(), s.asks("--timeout", "1s")...)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); s.ledger.total() < 12; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it asks nothing")
		}
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// Longer than its requests may take.
	stopped := time.Now()
	text, code := s.finish(t, s.asks()...)
	if code != 1 || !strings.Contains(text, "in use by another run: process ") {
		t.Errorf("beside one that stands still, a run ends with %d: %s", code, text)
	}
	time.Sleep(1500*time.Millisecond - time.Since(stopped))
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v: %s", err, &said)
	}
	if done := s.query(t, "SELECT count(*) FROM jobs WHERE status = 'done'"); done != s.photos {
		t.Errorf("%d of %d are done", done, s.photos)
	}
	// What timed out meanwhile was asked again, and that is on record.
	attempts := s.query(t, "SELECT count(*) FROM attempts")
	late := s.query(t, "SELECT count(*) FROM attempts WHERE outcome IN ('timeout', 'network')")
	if n := s.ledger.total(); n > attempts || attempts != s.photos+late {
		t.Errorf("%d requests, %d attempts of which %d too late, about %d photos", n, attempts, late, s.photos)
	}
}
