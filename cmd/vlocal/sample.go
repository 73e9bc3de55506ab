package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
)

var dryRunFlag = &cli.BoolFlag{Name: "dry-run", Usage: "tell what would be asked and sent, and send nothing"}

// sampleFlags ask about a few before all are asked about.
func sampleFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "sample", Usage: "first ask about `N` images from all over, show the answers and what the rest will take, then ask whether to go on"},
		&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "go on after --sample without asking"},
	}
}

// lookedInto is how many pictures a dry run prepares to know what is sent.
const lookedInto = 25

// tellAhead tells what a run would ask. It sends nothing.
func (a *asking) tellAhead(ctx context.Context) error {
	ahead, err := a.store.Ahead(ctx, a.task.ID, a.scope, lookedInto)
	if err != nil {
		return err
	}
	var sizes domain.Spread
	for _, path := range ahead.Spread {
		if domain.IsURL(path) {
			continue // fetching it is not looking ahead
		}
		p, err := a.pictures.file(ctx, path)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil { // the others fail without being sent
			sizes.Add(float64(base64Len(len(p.JPEG))))
		}
	}
	share := float64(sizes.N) / float64(max(len(ahead.Spread), 1))
	examples := 0
	for _, e := range a.shown {
		examples += base64Len(len(e.Picture.JPEG))
	}
	sent := (sizes.Mean() + float64(examples)) * share * float64(ahead.Jobs)
	if a.con.json {
		return a.con.object(map[string]any{
			"event": "dry-run", "images": ahead.Jobs, "bytes": ahead.Bytes, "sent_bytes": int64(sent), "examples": len(a.shown),
			"model": a.server.model, "base_url": a.client.BaseURL(),
		})
	}
	fewer := ""
	if a.scope.OneOfAlike {
		fewer = ", less those that look alike"
	}
	fmt.Fprintf(a.con.out, "would ask %s about %s%s\n", oneLine(a.server.whom()), count(ahead.Jobs, "image"), fewer)
	if ahead.Jobs > 0 && len(a.shown) > 0 {
		fmt.Fprintf(a.con.out, "examples   %s with each image, which the model is paid for too\n", count(len(a.shown), "picture"))
	}
	if ahead.Jobs > 0 {
		fmt.Fprintf(a.con.out, "files      %s\nsent       about %s, from %s that were prepared\nnothing was sent; --sample 20 asks about a few and tells the cost of the rest\n",
			bytesText(float64(ahead.Bytes)), bytesText(sent), count(len(ahead.Spread), "picture"))
	}
	return nil
}

func base64Len(n int) int { return (n + 2) / 3 * 4 }

// sample asks about n images, tells what the rest will take, and reports whether
// to go on.
func (a *asking) sample(ctx context.Context, drain <-chan struct{}, n int) (goOn bool, err error) {
	scope := a.scope
	scope.Sample = n
	o, err := a.run(ctx, drain, scope)
	if err != nil {
		return false, err
	}
	if a.worker.Budget > 0 {
		a.worker.Budget = max(o.BudgetLeft, 1)
	}
	if o.total > 0 {
		if err := a.tellSampled(ctx, o); err != nil {
			return false, err
		}
	}
	ahead, err := a.store.Ahead(ctx, a.task.ID, a.scope, 0)
	if err != nil {
		return false, err
	}
	if o.stopped != nil || ahead.Jobs == 0 {
		return false, a.con.tellRun(o)
	}
	if err := a.tellProjected(o, ahead.Jobs); err != nil {
		return false, err
	}
	if a.c.Bool("yes") {
		return true, nil
	}
	if isTerminal(os.Stdin) {
		goOn, err = a.confirmed(drain, ahead.Jobs)
	} else if a.scope.Redo != nil {
		a.con.remark("the rest keep their answers; --yes goes on without asking")
	} else {
		a.con.remark("the rest is pending; --yes goes on without asking, and so does: %s run", program(a.c))
	}
	if goOn || err != nil {
		return goOn, err
	}
	return false, a.endSample(o)
}

// endSample ends a run that was only a sample: programs get its summary, and rows
// that failed show in the exit code.
func (a *asking) endSample(o outcome) error {
	if a.con.json {
		return a.con.tellRun(o)
	}
	if o.failedBefore > 0 {
		return errRowsFailed
	}
	return nil
}

// confirmed asks the person. Ctrl-C is an answer too.
func (a *asking) confirmed(drain <-chan struct{}, jobs int) (bool, error) {
	yes, interrupted := a.con.agreed(drain, fmt.Sprintf("Go on with the other %s?", count(jobs, "image")))
	switch {
	case yes:
		return true, nil
	case a.scope.Redo != nil:
		a.con.remark("the rest keep their answers")
	default:
		a.con.remark("the rest is pending; go on with: %s run", program(a.c))
	}
	if interrupted {
		return false, errTold
	}
	return false, nil
}

// agreed asks a person a question; Ctrl-C, which closes drain, interrupts it.
func (c console) agreed(drain <-chan struct{}, question string) (yes, interrupted bool) {
	fmt.Fprint(c.err, printable(question)+" [y/N] ")
	line, in := make(chan string, 1), bufio.NewReader(os.Stdin)
	go func() { // ends with the program, if nobody answers
		text, _ := in.ReadString('\n')
		line <- strings.ToLower(strings.TrimSpace(text))
	}()
	select {
	case answer := <-line:
		return answer == "y" || answer == "yes", false
	case <-drain:
		return false, true
	}
}

// tellSampled shows what the model said.
func (a *asking) tellSampled(ctx context.Context, o outcome) error {
	for r, err := range a.store.RunResults(ctx, o.runID) {
		if err != nil {
			return err
		}
		if a.con.json {
			object := resultObject(r)
			object["event"] = "sample"
			if err := a.con.object(object); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(a.con.out, "\n%s  (%s)\n  %s\n", oneLine(r.Path), sampledFigures(r), strings.ReplaceAll(strings.TrimSpace(printable(sampledText(r))), "\n", "\n  "))
	}
	return nil
}

func sampledText(r domain.Result) string {
	switch {
	case r.Status == domain.Done:
		return r.Answer
	case r.ErrorKind == "":
		return outcomeText(r)
	}
	return fmt.Sprintf("%s: %s", r.ErrorKind, r.Error)
}

// sampledFigures tells what an answer took.
func sampledFigures(r domain.Result) string {
	s := string(r.Status)
	if r.TokensIn != nil && r.TokensOut != nil {
		s += fmt.Sprintf(", %s tokens in, %s out", number(*r.TokensIn), number(*r.TokensOut))
	}
	if r.CostUSD != nil {
		s += ", " + domain.Dollars(*r.CostUSD).String()
	}
	if r.LatencyMS != nil {
		s += ", " + span(time.Duration(*r.LatencyMS)*time.Millisecond)
	}
	return s
}

// tellProjected tells what the rest will take, as far as the sample tells.
func (a *asking) tellProjected(o outcome, jobs int) error {
	cost := project(o.Costs, jobs)
	took := project(o.Seconds, jobs)
	// The rest is asked side by side, and not faster than the limits allow.
	lanes := float64(max(o.Slots, 1))
	low, mean, high := took.low/lanes, took.mean/lanes, took.high/lanes
	if pace := a.client.Pace().PerMinute; pace > 0 {
		least := float64(jobs) / pace * 60
		low, mean, high = max(low, least), max(mean, least), max(high, least)
	}
	if a.con.json {
		object := map[string]any{"event": "projection", "images": jobs, "seconds": round(mean)}
		if o.Unpriced == 0 && o.Costs.N > 0 {
			object["cost_usd"], object["cost_usd_low"], object["cost_usd_high"] = cost.mean, cost.low, cost.high
		}
		return a.con.object(object)
	}
	money := "cost unknown: the model's price is (say it with --price-in and --price-out)"
	if o.Unpriced == 0 && o.Costs.N > 0 {
		money = fmt.Sprintf("about %s (%s to %s)", domain.Dollars(cost.mean), domain.Dollars(cost.low), domain.Dollars(cost.high))
	}
	_, err := fmt.Fprintf(a.con.out, "\nthe other %s: %s; about %s (%s to %s)\n", count(jobs, "image"), money,
		span(seconds(mean)), span(seconds(low)), span(seconds(high)))
	return err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// projection is a sum over the rest, with the range that holds it 19 times of 20.
type projection struct{ low, mean, high float64 }

// project takes the mean of a sample for the mean of n more, with its standard
// error: the sum of n draws around a mean that is itself only known so well.
func project(s domain.Spread, n int) projection {
	if s.N == 0 {
		return projection{}
	}
	const z = 1.96
	of := float64(n)
	off := z * s.Deviation() * math.Sqrt(of*of/float64(s.N)+of)
	sum := s.Mean() * of
	return projection{low: max(sum-off, 0), mean: sum, high: sum + off}
}

// bytesText writes a size as people do.
func bytesText(n float64) string {
	for _, unit := range []string{"bytes", "KB", "MB", "GB"} {
		if n < 1000 {
			if unit == "bytes" {
				return fmt.Sprintf("%.0f %s", n, unit)
			}
			return fmt.Sprintf("%.1f %s", n, unit)
		}
		n /= 1000
	}
	return fmt.Sprintf("%.1f TB", n)
}
