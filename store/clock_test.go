package store

import (
	"testing"
	"time"

	"vlocal/domain"
)

// A laptop's clock is set back by a day while a job waits for ten seconds.
func TestClockSetBackMakesNoJobWaitLonger(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s.now = func() time.Time { return now }
	r := startRun(t, s, Scope{})
	defer endRun(t, r)
	passed := time.Duration(0)
	r.clock.elapsed = func() time.Duration { return passed }
	fail := func() {
		t.Helper()
		e := failed(domain.Server, domain.Pending)
		e.NotBefore = now.Add(10 * time.Second)
		end(t, r, begin(t, r, claim(t, r, 1)[0], "a"), e)
	}
	fail()
	now = now.Add(-24 * time.Hour)
	for range 2 { // what was due before the clock was set, and what becomes due after it
		jobs, next, err := r.Claim(t.Context(), 1)
		if wait := next.Sub(now); len(jobs) != 0 || wait != 10*time.Second || err != nil {
			t.Fatalf("claims %v, waits %v, %v", jobs, wait, err)
		}
		passed, now = passed+10*time.Second, now.Add(10*time.Second)
		fail()
	}
}

func TestClockSetBackBetweenRunsMakesNothingWait(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})
	e := failed(domain.Server, domain.Pending)
	e.NotBefore = time.Now().Add(24 * time.Hour)
	end(t, r, begin(t, r, claim(t, r, 1)[0], "a"), e)
	endRun(t, r)
	r = startRun(t, s, Scope{})
	defer endRun(t, r)
	claim(t, r, 1)
}

func TestNameMeansTheLastNamedAfterTheClockWasSetBack(t *testing.T) {
	s := create(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s.now = func() time.Time { return now }
	first, second := newTask(t, s), domain.Task{Prompt: "second", Model: "m", Parameters: domain.Parameters{MaxTokens: 1, MaxWidth: 1, MaxHeight: 1, Quality: 1}}
	second, err := s.Task(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range []int64{first.ID, second.ID} {
		if err := s.NameTask(t.Context(), task, "chairs"); err != nil {
			t.Fatal(err)
		}
		now = now.Add(-24 * time.Hour)
	}
	if got, err := s.TaskByName(t.Context(), "chairs"); err != nil || got.ID != second.ID {
		t.Errorf("the name means task %d, %v", got.ID, err)
	}
}
