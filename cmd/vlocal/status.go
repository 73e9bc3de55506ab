package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/store"
)

func statusCommand() *cli.Command {
	return &cli.Command{
		Name:        "status",
		Usage:       "tell how far it is, what failed and why, and what it took",
		ArgsUsage:   " ",
		Description: "vlocal status",
		Flags:       []cli.Flag{taskFlag, jsonFlag},
		Action: reading(func(ctx context.Context, c *cli.Context, s *store.Store) error {
			report, err := statusOf(ctx, c, s)
			if err != nil {
				return err
			}
			con := consoleOf(c)
			if con.json {
				return con.object(report.object())
			}
			_, err = fmt.Fprint(con.out, report.text(program(c)))
			return err
		}),
	}
}

// reading wraps the action of a command that only looks at a database that is
// there, takes no arguments of its own and ends at Ctrl-C.
func reading(action func(context.Context, *cli.Context, *store.Store) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.Args().Present() && strings.TrimSpace(c.Command.ArgsUsage) == "" {
			return usagef("%s takes no %q", c.Command.Name, c.Args().First())
		}
		ctx, stop := untilInterrupted(c.Context)
		defer stop()
		s, err := store.Open(ctx, database(c))
		if err != nil {
			return err
		}
		return errors.Join(action(ctx, c, s), s.Close())
	}
}

// statusReport is all that status tells.
type statusReport struct {
	database        string
	images, missing int
	// task is the last that was asked, if asked.
	task      domain.Task
	asked     bool
	totals    domain.Totals
	tasks     []domain.TaskSpending
	decisions []domain.Decision
}

// lastDecisions is how many of the last run's decisions are told.
const lastDecisions = 8

func statusOf(ctx context.Context, c *cli.Context, s *store.Store) (r statusReport, err error) {
	r.database = s.Path()
	if r.images, r.missing, err = s.Images(ctx); err != nil {
		return r, err
	}
	if name := c.String("task"); name != "" {
		r.task, err = taskNamed(ctx, s, name)
		r.asked = err == nil
	} else {
		r.task, r.asked, err = s.LastTask(ctx)
	}
	if err != nil || !r.asked {
		return r, err
	}
	if r.totals, err = s.Totals(ctx, r.task.ID); err != nil {
		return r, err
	}
	if r.tasks, err = s.Spending(ctx); err != nil {
		return r, err
	}
	r.decisions, err = s.Decisions(ctx, r.task.ID, lastDecisions)
	return r, err
}

// lines builds lines with a name in front, which may be printed.
type lines struct{ strings.Builder }

func (l *lines) add(name, format string, args ...any) {
	l.WriteString(printable(fmt.Sprintf("%-10s "+format+"\n", append([]any{name}, args...)...)))
}

func (r statusReport) text(program string) string {
	var l lines
	l.add("database", "%s", printable(r.database))
	gone := ""
	if r.missing > 0 {
		gone = fmt.Sprintf(", %s of them gone", number(r.missing))
	}
	l.add("images", "%s on record%s", number(r.images), gone)
	if !r.asked {
		l.add("next", `%s run --prompt "What is in this photo?"`, program)
		return l.String()
	}
	l.add("task", "%s", strings.TrimSpace(r.task.ShortHash()+"  "+r.task.Name))
	l.add("question", "%s", oneLine(r.task.Prompt))
	l.add("model", "%s", oneLine(r.task.Model))
	r.progress(&l)
	r.spending(&l)
	for i, d := range r.decisions {
		name := ""
		if i == 0 {
			name = "decided"
		}
		l.add(name, "%s  %s", d.At.Local().Format("15:04:05"), oneLine(d.Text))
	}
	switch {
	case r.totals.Jobs[domain.Pending]+r.totals.Jobs[domain.Running] > 0:
		l.add("next", "%s run", program)
	case r.totals.Jobs[domain.Failed] > 0:
		l.add("next", "%s list --status failed, then %s retry", program, program)
	default:
		l.add("next", "%s export photos.csv", program)
	}
	return l.String()
}

// progress tells how far the task is.
func (r statusReport) progress(l *lines) {
	t := r.totals
	for _, status := range domain.Statuses {
		if n := t.Jobs[status]; n > 0 || status == domain.Done {
			share := 100 * float64(n) / float64(max(t.All(), 1))
			l.add(string(status), "%s (%.1f%%)", number(n), share)
		}
	}
	for _, kind := range kindsIn(t.Failures) {
		l.add("", "  %-15s %s", kind, number(t.Failures[kind]))
	}
	if t.Alike > 0 {
		l.add("alike", "%s skipped, because one that looks alike is asked instead", number(t.Alike))
	}
	if t.Shared > 0 {
		l.add("shared", "%s have the answer of a file with the same bytes", number(t.Shared))
	}
	l.add("took", "%s in %s, mean latency %s", count(t.Attempts, "attempt"), span(t.Asking), span(t.MeanLatency))
	if t.Interrupted > 0 {
		l.add("", "%s interrupted", number(t.Interrupted))
	}
}

// spending tells what it cost: this task, each key where there are several, and
// the other tasks.
func (r statusReport) spending(l *lines) {
	t := r.totals
	l.add("tokens", "%s in, %s out", number(t.TokensIn), number(t.TokensOut))
	if t.Spent > 0 || t.Unpriced > 0 {
		l.add("spent", "%s", moneyText(t.Spent, t.Unpriced))
	}
	if len(t.Keys) > 1 {
		for _, k := range t.Keys {
			l.add("", "  key %-8s %s, %s not answered, %s", cmp.Or(k.Key, "none"), count(k.Attempts, "attempt"), number(k.Failed),
				moneyText(k.Spent, k.Unpriced))
		}
	}
	for _, other := range r.tasks {
		if other.Task.ID != r.task.ID && (other.Spent > 0 || other.Unpriced > 0) {
			l.add("", "  earlier: %s, for %q of %s", moneyText(other.Spent, other.Unpriced),
				runewidth.Truncate(oneLine(other.Task.Prompt), 40, "…"), oneLine(other.Task.Model))
		}
	}
}

// hashOf gives the hash of a task; "" of none.
func hashOf(t domain.Task) string {
	if t.ID == 0 {
		return ""
	}
	return t.Hash()
}

func (r statusReport) object() map[string]any {
	t := r.totals
	keys, tasks, decisions := []map[string]any{}, []map[string]any{}, []map[string]any{}
	for _, k := range t.Keys {
		keys = append(keys, map[string]any{
			"key": k.Key, "attempts": k.Attempts, "not_answered": k.Failed,
			"tokens_in": k.TokensIn, "tokens_out": k.TokensOut, "cost_usd": moneyNumber(k.Spent, k.Unpriced), "unpriced": k.Unpriced,
		})
	}
	for _, s := range r.tasks {
		tasks = append(tasks, map[string]any{
			"prompt": s.Task.Prompt, "model": s.Task.Model, "attempts": s.Attempts,
			"cost_usd": moneyNumber(s.Spent, s.Unpriced), "unpriced": s.Unpriced,
		})
	}
	for _, d := range r.decisions {
		decisions = append(decisions, map[string]any{"at": d.At.UTC(), "what": d.What, "text": d.Text})
	}
	return map[string]any{
		"database": r.database, "images": r.images, "missing": r.missing,
		"task": r.task.Name, "hash": hashOf(r.task), "prompt": r.task.Prompt, "model": r.task.Model,
		"jobs": t.Jobs, "failures": t.Failures, "shared": t.Shared, "alike": t.Alike,
		"attempts": t.Attempts, "interrupted": t.Interrupted,
		"tokens_in": t.TokensIn, "tokens_out": t.TokensOut, "tokens_cached": t.TokensCached,
		"cost_usd": moneyNumber(t.Spent, t.Unpriced), "unpriced": t.Unpriced,
		"mean_latency_ms": t.MeanLatency.Milliseconds(), "asking_ms": t.Asking.Milliseconds(),
		"keys": keys, "tasks": tasks, "decisions": decisions,
	}
}
