package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"vlocal/domain"
	"vlocal/worker"
)

// outcome is how a run ended.
type outcome struct {
	worker.Progress
	// total jobs were to be asked; left are still pending.
	total, left int
	// failedBefore counts all failed rows in the run's scope, those of earlier
	// runs included.
	failedBefore int
	// redo says that done rows were asked again.
	redo bool
	// program is how to call vlocal again.
	program string
	runID   int64
	// stopped is why the run ended early; nil if it went through.
	stopped error
}

// tellRun prints the summary of a run, and gives the error that stands for its
// exit code.
func (c console) tellRun(o outcome) error {
	if c.json {
		if err := c.object(o.object()); err != nil {
			return err
		}
	} else {
		fmt.Fprint(c.out, printable(o.text()))
	}
	switch {
	case errors.Is(o.stopped, worker.ErrDrained):
		return errTold
	case o.stopped != nil:
		if o.redo {
			return fmt.Errorf("the run stopped, %s with the earlier answer: %w", count(o.kept(), "image"), o.stopped)
		}
		return fmt.Errorf("the run stopped, %s still pending: %w", count(o.left, "image"), o.stopped)
	case o.left > 0 && o.Away > 0:
		return fmt.Errorf("%s left to another run; of %s the folder cannot be reached", count(o.left, "image"), number(o.Away))
	case o.left > 0:
		return fmt.Errorf("%s left to another run, because too many requests were tries again", count(o.left, "image"))
	case o.failedBefore > 0:
		return errRowsFailed
	}
	return nil
}

func (o outcome) text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	switch {
	case o.total == 0 && o.redo:
		line("nothing to ask again: no such rows are done")
	case o.redo:
		line("%s asked again: %s done, %s kept their earlier answer", count(o.total, "image"), number(o.Done), number(o.kept()))
	case o.total == 0:
		line("nothing to ask: no new or pending images")
	default:
		skipped := ""
		if o.Skipped > 0 {
			skipped = number(o.Skipped) + " skipped, "
		}
		line("%s: %s done, %s failed, %s%s pending", count(o.total, "image"), number(o.Done), number(o.Failed), skipped, number(o.left))
	}
	if o.Skipped > 0 {
		line("  %s skipped, because one that looks alike is asked instead; without --%s they are asked", number(o.Skipped), oneOfAlikeFlag.Name)
	}
	if o.Shared > 0 {
		line("  %s share the answer of a file with the same bytes", number(o.Shared))
	}
	for _, kind := range kindsIn(o.Failures) {
		line("  %-15s %s", kind, number(o.Failures[kind]))
	}
	if o.Sent > 0 {
		rate := ""
		if o.Done+o.Failed > 0 {
			rate = fmt.Sprintf("; success rate %.1f%%", o.successRate())
		}
		line("requests   %s sent, %s to be tried again%s", number(o.Sent), number(o.Retried), rate)
	}
	if l := o.Latency; l.Mean > 0 {
		line("latency    mean %s, P50 %s, P95 %s, P99 %s", span(l.Mean), span(l.P50), span(l.P95), span(l.P99))
		line("tokens     %s in, %s out", number(o.TokensIn), number(o.TokensOut))
		line("cost       %s%s", moneyText(o.Spent, o.Unpriced), o.perThousand())
	}
	if o.Elapsed > 0 && o.total > 0 {
		line("time       %s, %.1f images a second", span(o.Elapsed), perSecond(o.Progress))
	}
	for _, next := range o.next() {
		line("next:      %s", next)
	}
	return b.String()
}

// next gives the commands to run now, and what each does.
func (o outcome) next() (commands []string) {
	add := func(command, what string) {
		commands = append(commands, fmt.Sprintf("%-35s %s", o.program+" "+command, what))
	}
	if o.left > 0 {
		add("run", "go on with the pending rows")
	}
	if o.failedBefore > 0 && !o.redo {
		add("list --status failed", fmt.Sprintf("see why %s failed", count(o.failedBefore, "row")))
		add("retry", "ask again about the failed rows")
	}
	add("export photos.csv", "open the answers in a spreadsheet")
	return commands
}

// kept is how many rows a redo left as they were.
func (o outcome) kept() int { return o.total - o.Done }

// successRate is the share of the jobs that went through that are done, in
// percent.
func (o outcome) successRate() float64 {
	if through := o.Done + o.Failed; through > 0 {
		return 100 * float64(o.Done) / float64(through)
	}
	return 0
}

// perThousand tells what a thousand images cost at this price.
func (o outcome) perThousand() string {
	if o.Costs.N == 0 || o.Unpriced > 0 || o.Spent == 0 || o.Done == o.Shared {
		return ""
	}
	each := o.Spent.Dollars() / float64(o.Done-o.Shared)
	return fmt.Sprintf(", %s for 1,000 images", domain.Dollars(1000*each))
}

func (o outcome) object() map[string]any {
	stopped := any(nil)
	if o.stopped != nil {
		stopped = o.stopped.Error()
	}
	l := o.Latency
	object := map[string]any{
		"event": "summary", "total": o.total, "done": o.Done, "shared": o.Shared, "failed": o.Failed, "skipped": o.Skipped, "pending": o.left,
		"failures": o.Failures, "errors": o.Errors, "requests": o.Sent, "retried": o.Retried,
		"success_rate": round(o.successRate()),
		"latency_ms": map[string]int64{
			"mean": l.Mean.Milliseconds(), "p50": l.P50.Milliseconds(),
			"p95": l.P95.Milliseconds(), "p99": l.P99.Milliseconds(),
		},
		"elapsed_ms": o.Elapsed.Milliseconds(), "per_second": round(perSecond(o.Progress)),
		"tokens_in": o.TokensIn, "tokens_out": o.TokensOut, "tokens_cached": o.TokensCached,
		"cost_usd": moneyNumber(o.Spent, o.Unpriced), "unpriced": o.Unpriced, "stopped": stopped,
	}
	if o.redo {
		object["kept"] = o.kept()
	}
	return object
}

// kindsIn gives the kinds of a count, the most frequent first.
func kindsIn(counts map[domain.ErrorKind]int) []domain.ErrorKind {
	var kinds []domain.ErrorKind
	for _, k := range domain.ErrorKinds {
		if counts[k] > 0 {
			kinds = append(kinds, k)
		}
	}
	slices.SortStableFunc(kinds, func(a, b domain.ErrorKind) int { return counts[b] - counts[a] })
	return kinds
}
