package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"vlocal/internal/loadserver"
)

var soakScenario = scenario{
	name: "soak",
	about: "Latencies with a median of 48 ms, P95 127 ms, P99 203 ms, at full rate for as long as -for says. " +
		"Of a hundred samples: in the second quarter (the median) and the most in the last; a growth beyond a bound is an error.",
	columns: []string{"time", "answered", "requests a second", "memory", "goroutines", "open files", "peak memory"},
	apart:   true,
	rows: func(s settings) []row {
		return []row{{
			label:  "vlocal",
			server: loadserver.Options{Seed: s.seed, Latency: published},
			// More jobs than the latencies allow.
			client: client{Soak: true, Requests: int(s.soak.Seconds()*12.5) * s.slots * 2, Picture: s.pictureKB << 10, Slots: s.slots, For: s.soak},
		}}
	},
	cells: func(r row, got result) []string {
		early, late := got.Client.Held.early(), got.Client.Held.late()
		return []string{
			got.Client.Elapsed.Round(time.Second).String(), strconv.Itoa(got.Client.Done), perSecond(got.Client.Done, got.Client.Elapsed),
			megabytes(early.Bytes) + " to " + megabytes(late.Bytes),
			fmt.Sprintf("%d to %d", early.Goroutines, late.Goroutines), fmt.Sprintf("%d to %d", early.Files, late.Files),
			megabytes(got.Client.PeakBytes),
		}
	},
}

// held is what the process holds at a moment.
type held struct {
	Bytes             int64
	Goroutines, Files int
}

// samples are taken at even distances over a run.
type samples []held

// soakSamples is how many there are in a run.
const soakSamples = 100

// The bounds of growth: what the garbage collector's moment and a connection that
// is made anew may account for.
const (
	moreBytes      = 16 << 20
	moreGoroutines = 10
	moreFiles      = 10
)

// early is what was held in the second quarter, once all is warm: the median.
func (s samples) early() held {
	return s.each(len(s)/4, len(s)/2, func(sorted []int64) int64 { return sorted[len(sorted)/2] })
}

// late is the most that was held in the last quarter.
func (s samples) late() held {
	return s.each(len(s)*3/4, len(s), func(sorted []int64) int64 { return sorted[len(sorted)-1] })
}

// each takes one of the sorted values of every kind between two samples.
func (s samples) each(from, to int, choose func([]int64) int64) held {
	if from >= to {
		return held{}
	}
	of := func(value func(held) int64) int64 {
		var all []int64
		for _, h := range s[from:to] {
			all = append(all, value(h))
		}
		slices.Sort(all)
		return choose(all)
	}
	return held{
		Bytes:      of(func(h held) int64 { return h.Bytes }),
		Goroutines: int(of(func(h held) int64 { return int64(h.Goroutines) })),
		Files:      int(of(func(h held) int64 { return int64(h.Files) })),
	}
}

// check is an error if more is held late than early.
func (s samples) check() error {
	if len(s) < 8 {
		return fmt.Errorf("%d samples are too few: let it run for longer", len(s))
	}
	early, late := s.early(), s.late()
	switch {
	case late.Bytes > early.Bytes+moreBytes:
		return fmt.Errorf("memory grew from %s to %s", megabytes(early.Bytes), megabytes(late.Bytes))
	case late.Goroutines > early.Goroutines+moreGoroutines:
		return fmt.Errorf("goroutines grew from %d to %d", early.Goroutines, late.Goroutines)
	case late.Files > early.Files+moreFiles:
		return fmt.Errorf("open files grew from %d to %d", early.Files, late.Files)
	}
	return nil
}

// watchHeld takes samples, at a distance, until it is called off.
func watchHeld(distance time.Duration) (stop func() (samples, error)) {
	quit, ended := make(chan struct{}), make(chan error, 1)
	var all samples
	go func() {
		ticker := time.NewTicker(distance)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				h, err := holding()
				if err != nil {
					ended <- err
					return
				}
				all = append(all, h)
			case <-quit:
				ended <- nil
				return
			}
		}
	}()
	return func() (samples, error) {
		close(quit)
		err := <-ended
		return all, err
	}
}

// holding tells what this process holds. Only Linux tells of memory and files; 0
// elsewhere.
//
// Source: proc_pid_status(5), VmRSS; proc_pid_fd(5).
func holding() (h held, err error) {
	h.Goroutines = runtime.NumGoroutine()
	status, err := os.ReadFile("/proc/self/status")
	if os.IsNotExist(err) {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	_, after, _ := bytes.Cut(status, []byte("VmRSS:"))
	if _, err := fmt.Sscan(string(after), &h.Bytes); err != nil {
		return h, fmt.Errorf("read VmRSS in /proc/self/status: %w", err)
	}
	h.Bytes <<= 10
	files, err := os.ReadDir("/proc/self/fd")
	h.Files = len(files)
	return h, err
}
