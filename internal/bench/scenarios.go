package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"vlocal/internal/loadserver"
)

// scenario is one table.
type scenario struct {
	name, about string
	columns     []string
	rows        func(settings) []row
	cells       func(row, result) []string
	// apart says that it is only run when it is named.
	apart bool
	// run measures and prints in place of these, where there is no server.
	run func(context.Context, settings, io.Writer) error
}

var scenarios = []scenario{latencyScenario, constantScenario, memoryScenario, rateScenario, faultsScenario, slowdownScenario, photosScenario, imagesScenario, exportScenario, jobsScenario, statusScenario, scanScenario, startScenario, soakScenario}

func names() (all []string) {
	for _, s := range scenarios {
		all = append(all, s.name)
	}
	return all
}

// together are those that are run when none is named.
func together() (all []string) {
	for _, s := range scenarios {
		if !s.apart {
			all = append(all, s.name)
		}
	}
	return all
}

func find(name string) (scenario, bool) {
	for _, s := range scenarios {
		if s.name == name {
			return s, true
		}
	}
	return scenario{}, false
}

// published is the latency that articles on asking in bulk report.
var published = loadserver.Latency{Median: 48 * time.Millisecond, P95: 127 * time.Millisecond, P99: 203 * time.Millisecond}

var latencyScenario = scenario{
	name:    "latency",
	about:   "Latencies with a median of 48 ms, P95 127 ms, P99 203 ms. What they allow is their sum, divided by the slots.",
	columns: paceColumns,
	rows:    func(s settings) []row { return paceRows(s, published) },
	cells:   paceCells,
}

var constantScenario = scenario{
	name:    "constant",
	about:   "Every answer takes 48 ms.",
	columns: paceColumns,
	rows:    func(s settings) []row { return paceRows(s, loadserver.Latency{Median: published.Median}) },
	cells:   paceCells,
}

// paceRows are vlocal and its peer, in turn.
func paceRows(s settings, l loadserver.Latency) (rows []row) {
	server := loadserver.Options{Seed: s.seed, Latency: l}
	for range max(s.repeat, 1) {
		c := client{Requests: s.requests, Picture: s.pictureKB << 10, Slots: s.slots}
		rows = append(rows, row{label: "vlocal", server: server, client: c})
		c.Plain = true
		rows = append(rows, row{label: "net/http, nothing recorded", server: server, client: c})
	}
	return rows
}

var paceColumns = []string{"requests", "requests a second", "of what the latencies allow", "CPU per request", "peak memory", "connections",
	"begin, HTTP, end"}

func paceCells(r row, got result) []string {
	return []string{
		strconv.Itoa(got.Client.Sent), perSecond(got.Client.Done, got.Client.Elapsed), percent(ofIdeal(r, got)),
		cpuPer(got.Client.CPU, got.Client.Sent), megabytes(got.Client.PeakBytes), strconv.Itoa(got.Server.Connections),
		parts(got),
	}
}

// parts says where a request's time goes beside the server's latency: until its
// begin is on disk, to the server and back, until its end is on disk.
func parts(got result) string {
	if got.Client.Answer == 0 {
		return "-"
	}
	latency := got.Server.Drawn / time.Duration(max(1, got.Server.Answered))
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	return fmt.Sprintf("%.2f, %.2f, %.2f ms", ms(got.Client.Begin), ms(got.Client.Answer-latency), ms(got.Client.End))
}

// ofIdeal is the least time that the answers can take in so many slots, as a share
// of the time they took.
func ofIdeal(r row, got result) float64 {
	return got.Server.Drawn.Seconds() / float64(r.client.Slots) / got.Client.Elapsed.Seconds()
}

var memoryScenario = scenario{
	name:    "memory",
	about:   "Pictures of 20 KB, answers after 2 ms.",
	columns: []string{"peak memory", "requests a second", "CPU per request"},
	rows: func(s settings) (rows []row) {
		for _, n := range []int{1_000, 10_000, 100_000} {
			rows = append(rows, row{
				label:  fmt.Sprintf("vlocal, %d jobs", n),
				server: loadserver.Options{Seed: s.seed, Latency: loadserver.Latency{Median: 2 * time.Millisecond}},
				client: client{Requests: n, Picture: 20 << 10, Slots: s.slots},
			})
		}
		return rows
	},
	cells: func(_ row, got result) []string {
		return []string{
			megabytes(got.Client.PeakBytes), perSecond(got.Client.Done, got.Client.Elapsed),
			cpuPer(got.Client.CPU, got.Client.Sent),
		}
	},
}

var faultsScenario = scenario{
	name: "faults",
	about: "One request in a hundred hangs (--timeout 2s), one is reset, one gets 500, one gets 429. " +
		"Wasted is the server's time on requests that did not end in an answer, as a share of its time on all.",
	columns: []string{"jobs", "done", "failed", "success", "requests", "retries", "wasted", "of what the latencies allow"},
	rows: func(s settings) []row {
		return []row{{
			label:  "vlocal",
			server: loadserver.Options{Seed: s.seed, Latency: published, Faults: loadserver.Faults{Hang: 0.01, Reset: 0.01, Error: 0.01, RateLimited: 0.01}},
			client: client{Requests: s.requests, Picture: s.pictureKB << 10, Slots: s.slots, Timeout: 2 * time.Second},
		}}
	},
	cells: func(r row, got result) []string {
		wasted := got.Server.Wasted
		return []string{
			strconv.Itoa(r.client.Requests), strconv.Itoa(got.Client.Done), strconv.Itoa(got.Client.Failed),
			percent(float64(got.Client.Done) / float64(r.client.Requests)),
			strconv.Itoa(got.Server.Requests), strconv.Itoa(got.Client.Retried),
			fmt.Sprintf("%.0f s (%s)", wasted.Seconds(), percent(float64(wasted)/float64(wasted+got.Server.Drawn))),
			percent(ofIdeal(r, got)),
		}
	},
}
