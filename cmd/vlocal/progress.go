package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/cheggaaa/pb/v3"

	"vlocal/scan"
	"vlocal/worker"
)

const (
	// redraw is how often a bar in a terminal is drawn anew.
	redraw = 200 * time.Millisecond
	// every is how often a line is printed where there is no terminal.
	every = 5 * time.Second
)

// runBar has the bar fill what the figures leave of the line.
const runBar = `{{counters .}} {{bar . "[" "=" ">" " " "]"}} {{percent . "%.0f%%"}} {{string . "state"}}`

// followRun shows how a run goes on until the returned function is called, which
// may be done more than once.
func (c console) followRun(total int, snapshot func() runState) (stop func()) {
	switch {
	case total == 0:
		return func() {}
	case c.json:
		return repeat(every, func() { _ = c.object(progressObject(total, snapshot())) })
	case c.quiet:
		return func() {}
	case !c.live():
		return repeat(every, func() { c.remark("%s", progressLine(total, snapshot())) })
	}
	bar := pb.New(total).SetTemplateString(runBar).SetWriter(c.err).SetRefreshRate(redraw)
	bar.Set(pb.Terminal, true)
	draw := func() {
		p := snapshot()
		bar.Set("state", progressState(total, p))
		bar.SetCurrent(int64(through(p.Progress)))
	}
	draw()
	bar.Start()
	end := repeat(redraw, draw)
	return sync.OnceFunc(func() {
		end()
		draw()
		bar.Finish()
	})
}

// followScan shows that a scan goes on.
func (c console) followScan(r *scan.Report) (stop func()) {
	return c.followLook("scanning", func() int64 { return int64(r.FoundSoFar()) })
}

// followLook shows at how many images was looked so far.
func (c console) followLook(doing string, soFar func() int64) (stop func()) {
	if c.quiet || c.json || !c.live() {
		return func() {}
	}
	bar := pb.New(0).SetTemplateString(`{{string . "doing"}}: {{string . "found"}}`).SetWriter(c.err).SetRefreshRate(redraw)
	bar.Set(pb.Terminal, true).Set(pb.CleanOnFinish, true).Set("doing", doing)
	bar.Start()
	end := repeat(redraw, func() { bar.Set("found", count(int(soFar()), "image")) })
	return sync.OnceFunc(func() {
		end()
		bar.Finish()
	})
}

// repeat calls f again and again until the returned function is called, which
// waits for a call under way.
func repeat(interval time.Duration, f func()) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	ticker := time.NewTicker(interval)
	go func() {
		defer close(ended)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f()
			case <-quit:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-ended
	})
}

// progressState is what stands beside the bar. What matters most comes first: a
// narrow terminal cuts the end off.
func progressState(total int, p runState) string {
	if why := p.paused(); why != "" {
		return oneLine(why)
	}
	s := fmt.Sprintf("%.1f/s", perSecond(p.Progress))
	if eta, known := remaining(total, p.Progress); known {
		s += " ETA " + span(eta)
	}
	if p.Failed > 0 {
		s += fmt.Sprintf(" failed %s", number(p.Failed))
	}
	if p.Skipped > 0 {
		s += fmt.Sprintf(" skipped %s", number(p.Skipped))
	}
	if p.Spent > 0 {
		s += " " + p.Spent.String()
	}
	s += paceText(p)
	if p.Recent > 0 {
		s += " latency " + span(p.Recent)
	}
	return s
}

// paceText tells what holds a run back: the pace that the account allows, fewer
// slots, keys that are set aside.
func paceText(p runState) string {
	s := ""
	if p.pace.PerMinute > 0 {
		s += fmt.Sprintf(" limit %s/min", number(int(p.pace.PerMinute)))
	}
	if p.Slots > 0 && p.Slots < p.most {
		s += fmt.Sprintf(" slots %d", p.Slots)
	}
	if p.pace.Aside > 0 {
		s += fmt.Sprintf(" keys %d of %d", p.pace.Keys-p.pace.Aside, p.pace.Keys)
	}
	return s
}

// progressLine is the same as a line of a log.
func progressLine(total int, p runState) string {
	return fmt.Sprintf("%s of %s done, %s failed, %s in flight, %s",
		number(p.Done), number(total), number(p.Failed), number(p.InFlight), progressState(total, p))
}

func progressObject(total int, p runState) map[string]any {
	o := map[string]any{
		"event": "progress", "total": total, "done": p.Done, "failed": p.Failed, "skipped": p.Skipped, "in_flight": p.InFlight,
		"per_second": round(perSecond(p.Progress)), "latency_ms": p.Recent.Milliseconds(), "elapsed_ms": p.Elapsed.Milliseconds(),
		"slots": p.Slots, "per_minute_limit": round(p.pace.PerMinute), "keys_aside": p.pace.Aside,
		"cost_usd": moneyNumber(p.Spent, p.Unpriced), "paused": p.Paused,
	}
	if eta, known := remaining(total, p.Progress); known {
		o["eta_ms"] = eta.Milliseconds()
	}
	return o
}

// perSecond is how many jobs were through a second.
func perSecond(p worker.Progress) float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(through(p)) / p.Elapsed.Seconds()
}

// through counts the jobs of a run that are settled.
func through(p worker.Progress) int { return p.Done + p.Failed + p.Skipped }

// remaining is how long the rest takes at the pace so far.
func remaining(total int, p worker.Progress) (eta time.Duration, known bool) {
	rate := perSecond(p)
	if rate == 0 {
		return 0, false
	}
	return time.Duration(float64(total-through(p)) / rate * float64(time.Second)), true
}
