package main

import (
	"strings"
	"testing"
	"time"
)

func TestJobsGoThroughTheTable(t *testing.T) {
	got, err := client{Jobs: true, Requests: 50, Slots: 7}.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Done != 50 || got.Elapsed <= 0 {
		t.Errorf("%+v", got)
	}
}

func TestCommandsAreTimedOnALargeDatabase(t *testing.T) {
	got, err := client{Look: 800, Requests: 800}.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range looks {
		if got.Took[l.name] <= 0 {
			t.Errorf("%s: %v", l.name, got.Took)
		}
	}
}

func TestSoakSeesGrowth(t *testing.T) {
	flat := make(samples, 40)
	for n := range flat {
		flat[n] = held{Bytes: 30<<20 + int64(n%4)<<20, Goroutines: 60 + n%5, Files: 40}
	}
	if err := flat.check(); err != nil {
		t.Errorf("flat: %v", err)
	}
	for what, grow := range map[string]func(*held, int){
		"memory":     func(h *held, n int) { h.Bytes += int64(n) << 20 },
		"goroutines": func(h *held, n int) { h.Goroutines += n },
		"open files": func(h *held, n int) { h.Files += n },
	} {
		grown := append(samples{}, flat...)
		for n := range grown {
			grow(&grown[n], n)
		}
		if err := grown.check(); err == nil || !strings.HasPrefix(err.Error(), what+" grew") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := flat[:7].check(); err == nil {
		t.Error("a few samples are enough")
	}
}

func TestSoakWatchesARun(t *testing.T) {
	r := row{client: client{Soak: true, Requests: 100_000, Picture: 1 << 10, Slots: 4, For: 3 * time.Second}}
	got, err := r.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Client.Done == 0 || len(got.Client.Held) < 8 || got.Client.Held.early().Goroutines == 0 {
		t.Errorf("%+v", got.Client)
	}
}
