package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
		Flags:       []cli.Flag{jsonFlag},
		Action: reading(func(ctx context.Context, c *cli.Context, s *store.Store) error {
			images, missing, err := s.Images(ctx)
			if err != nil {
				return err
			}
			task, found, err := s.LastTask(ctx)
			if err != nil {
				return err
			}
			totals, err := s.Totals(ctx, task.ID)
			if err != nil {
				return err
			}
			con := consoleOf(c)
			if con.json {
				return con.object(statusObject(s, images, missing, task, totals))
			}
			_, err = fmt.Fprint(con.out, statusText(program(c), s, images, missing, task, found, totals))
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

func statusText(program string, s *store.Store, images, missing int, task domain.Task, asked bool, t domain.Totals) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s "+format+"\n", append([]any{name}, args...)...)
	}
	line("database", "%s", printable(s.Path()))
	gone := ""
	if missing > 0 {
		gone = fmt.Sprintf(", %s of them gone", number(missing))
	}
	line("images", "%s on record%s", number(images), gone)
	if !asked {
		line("next", `%s run --prompt "What is in this photo?"`, program)
		return b.String()
	}
	line("question", "%s", oneLine(task.Prompt))
	line("model", "%s", oneLine(task.Model))
	for _, status := range domain.Statuses {
		if n := t.Jobs[status]; n > 0 || status == domain.Done {
			share := 100 * float64(n) / float64(max(t.All(), 1))
			line(string(status), "%s (%.1f%%)", number(n), share)
		}
	}
	for _, kind := range kindsIn(t.Failures) {
		line("", "  %-15s %s", kind, number(t.Failures[kind]))
	}
	if t.Shared > 0 {
		line("shared", "%s have the answer of a file with the same bytes", number(t.Shared))
	}
	line("took", "%s in %s, mean latency %s", count(t.Attempts, "attempt"), span(t.Asking), span(t.MeanLatency))
	if t.Interrupted > 0 {
		line("", "%s interrupted", number(t.Interrupted))
	}
	line("tokens", "%s in, %s out", number(t.TokensIn), number(t.TokensOut))
	switch {
	case t.Jobs[domain.Pending]+t.Jobs[domain.Running] > 0:
		line("next", "%s run", program)
	case t.Jobs[domain.Failed] > 0:
		line("next", "%s list --status failed, then %s retry", program, program)
	default:
		line("next", "%s export photos.csv", program)
	}
	return b.String()
}

func statusObject(s *store.Store, images, missing int, task domain.Task, t domain.Totals) map[string]any {
	return map[string]any{
		"database": s.Path(), "images": images, "missing": missing,
		"prompt": task.Prompt, "model": task.Model,
		"jobs": t.Jobs, "failures": t.Failures, "shared": t.Shared,
		"attempts": t.Attempts, "interrupted": t.Interrupted,
		"tokens_in": t.TokensIn, "tokens_out": t.TokensOut,
		"mean_latency_ms": t.MeanLatency.Milliseconds(), "asking_ms": t.Asking.Milliseconds(),
	}
}
