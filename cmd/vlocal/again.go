package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/scan"
	"vlocal/store"
)

// againFlags choose among the rows that are asked again.
func againFlags() []cli.Flag {
	return []cli.Flag{
		taskFlag,
		&cli.StringSliceFlag{Name: "path", Usage: "only images that match `GLOB`, such as '*.png' or 'receipts/**' (can be repeated)"},
		&cli.StringFlag{Name: "since", Usage: "only rows that ended since `TIME`: 2h ago, 2026-11-24, or 2026-11-24T18:00:00Z"},
	}
}

// again fills in what the flags choose.
func again(c *cli.Context, scope *store.Scope) (err error) {
	globs := c.StringSlice("path")
	if err := (scan.Options{Include: globs}).Validate(); err != nil {
		return usageError{fmt.Errorf("--path: %w", err)}
	}
	if len(globs) > 0 {
		scope.Match = func(path string) bool {
			return slices.ContainsFunc(globs, func(glob string) bool { return scan.MatchesPath(glob, path) })
		}
	}
	scope.Kind = domain.ErrorKind(c.String("kind"))
	if scope.Kind != "" && !slices.Contains(domain.ErrorKinds, scope.Kind) {
		return usagef("there is no error kind %q; there are %s", scope.Kind, words(domain.ErrorKinds))
	}
	if text := c.String("since"); text != "" {
		scope.Since, err = sinceOf(text, time.Now())
	}
	return err
}

// sinceOf reads a moment in the past: so long ago, a day (from its begin, in local
// time), or RFC 3339.
func sinceOf(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	var days int
	if n, err := fmt.Sscanf(text, "%dd", &days); n == 1 && err == nil && days > 0 && fmt.Sprintf("%dd", days) == text {
		return now.AddDate(0, 0, -days), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("--since %q: it takes how long ago (90m, 2h, 3d), a day (2026-11-24) or a time (2026-11-24T18:00:00Z)", text)
}

func retryCommand() *cli.Command {
	flags := slices.Concat(againFlags(), []cli.Flag{
		&cli.StringFlag{Name: "kind", Usage: "only rows that failed with this error `KIND`, such as timeout"},
	}, serverFlags(), moneyFlags(), urlFlags())
	return &cli.Command{
		Name:      "retry",
		Usage:     "ask again about the failed rows of a task, and only those",
		ArgsUsage: "[PATH...]",
		Description: `vlocal retry
vlocal retry ~/Photos/2024          only the failed ones in this folder
vlocal retry --kind timeout --since 2h`,
		Flags: append(flags, memoryFlag, dryRunFlag, quietFlag, jsonFlag),
		Action: asksAgain(func(c *cli.Context, s *store.Store, scope store.Scope) error {
			task, err := taskOf(c.Context, c, s)
			if err != nil {
				return err
			}
			if name := c.String("model"); said(c, "model") && name != task.Model {
				return usagef("the failed rows were asked of %q; to ask %q is another question: vlocal run --model %s", task.Model, name, name)
			}
			srv, err := chooseServer(c.Context, c, s, task)
			if err != nil {
				return err
			}
			scope.Failed = true
			return ask(c, s, task, srv, scope)
		}),
	}
}

// asksAgain wraps the action of a command that asks again about some rows.
func asksAgain(action func(*cli.Context, *store.Store, store.Scope) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		roots, err := rootsOf(c)
		if err != nil {
			return err
		}
		if err := errors.Join(checkNumbers(c), checkURLMode(c)); err != nil {
			return err
		}
		scope := store.Scope{Roots: roots}
		if err := again(c, &scope); err != nil {
			return err
		}
		s, err := store.Open(c.Context, database(c))
		if err != nil {
			return err
		}
		return errors.Join(action(c, s, scope), s.Close())
	}
}

func redoCommand() *cli.Command {
	flags := slices.Concat(againFlags(), []cli.Flag{
		&cli.BoolFlag{Name: "all", Usage: "ask again about every done row of the task"},
	}, serverFlags(), moneyFlags(), sampleFlags(), urlFlags())
	return &cli.Command{
		Name:      "redo",
		Usage:     "ask again about done rows, of another model for example",
		ArgsUsage: "[PATH...]",
		Description: `vlocal redo IMG_1234.jpg
vlocal redo --path 'receipts/**' --model gpt-4o

The new answer takes the place of the earlier one, which stays on record: see
'vlocal show'. A row that gets no new answer keeps the one that it has. With
--model, rows whose answer is from that model already are left out, so that a
redo that was stopped can be run again.`,
		Flags:  append(flags, memoryFlag, dryRunFlag, quietFlag, jsonFlag),
		Action: asksAgain(redo),
	}
}

func redo(c *cli.Context, s *store.Store, scope store.Scope) error {
	task, err := taskOf(c.Context, c, s)
	if err != nil {
		return err
	}
	srv, err := chooseServer(c.Context, c, s, task)
	if err != nil {
		return err
	}
	scope.Redo = &store.Redo{}
	if said(c, "model") {
		scope.Redo.Model = srv.model
	}
	if scope.Redo.After, err = s.LastAnswer(c.Context); err != nil {
		return err
	}
	chosen := len(scope.Roots) > 0 || scope.Match != nil || !scope.Since.IsZero()
	if !chosen && !c.Bool("all") && !c.Bool("dry-run") && c.Int("sample") == 0 {
		if goOn, err := agreedToAll(c, s, task, scope); err != nil || !goOn {
			return err
		}
	}
	return ask(c, s, task, srv, scope)
}

// agreedToAll asks whether really every row is to be asked again: it costs what it
// did the first time.
func agreedToAll(c *cli.Context, s *store.Store, task domain.Task, scope store.Scope) (bool, error) {
	ahead, err := s.Ahead(c.Context, task.ID, scope, 0)
	if err != nil || ahead.Jobs == 0 {
		return err == nil, err
	}
	if !isTerminal(os.Stdin) {
		return false, usagef("ask again about all %s? Say so with --all, or choose some: a PATH, --path GLOB, --since TIME", count(ahead.Jobs, "image"))
	}
	con := consoleOf(c)
	_, drain, stop := interrupts(c.Context, con)
	defer stop()
	yes, interrupted := con.agreed(drain, fmt.Sprintf("Ask again about all %s?", count(ahead.Jobs, "image")))
	if interrupted {
		return false, errTold
	}
	return yes, nil
}
