package main

import (
	"cmp"
	"context"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/store"
)

func tasksCommand() *cli.Command {
	return &cli.Command{
		Name:      "tasks",
		Usage:     "list the questions that were asked: how far each is, and what it cost",
		ArgsUsage: " ",
		Description: `vlocal tasks
vlocal tasks name 1a2b3c4d receipts     call a question by a name

A task is a question: prompt, model, fields, examples and picture size. Commands
take one with --task, by its name or its hash; of several with one name they take
the one that was given it last.`,
		Flags:       []cli.Flag{jsonFlag},
		Action:      reading(tasks),
		Subcommands: []*cli.Command{nameTaskCommand()},
	}
}

func tasks(ctx context.Context, c *cli.Context, s *store.Store) error {
	all, err := s.TasksProgress(ctx)
	if err != nil {
		return err
	}
	con := consoleOf(c)
	if len(all) == 0 && !con.json {
		con.remark(`nothing was asked yet; ask with: %s run FOLDER --prompt "What is in this photo?"`, program(c))
		return nil
	}
	var rows [][]string
	for _, t := range all {
		if con.json {
			if err := con.object(taskObject(t)); err != nil {
				return err
			}
			continue
		}
		pending := t.Jobs[domain.Pending] + t.Jobs[domain.Running]
		rows = append(rows, []string{
			cmp.Or(t.Task.Name, "-"), t.Task.ShortHash(), runewidth.Truncate(oneLine(t.Task.Model), 30, "…"),
			number(t.Jobs[domain.Done]), number(t.Jobs[domain.Failed]), number(pending),
			moneyText(t.Spent, t.Unpriced), askedText(t.AskedAt, time.Now()), runewidth.Truncate(oneLine(t.Task.Prompt), 60, "…"),
		})
	}
	if con.json {
		return nil
	}
	return con.table([]string{"NAME", "HASH", "MODEL", "DONE", "FAILED", "PENDING", "COST", "LAST ASKED", "PROMPT"}, rows)
}

// askedText says when a task was asked last: today's by the hour.
func askedText(at, now time.Time) string {
	at, now = at.Local(), now.Local()
	switch {
	case at.IsZero():
		return "never"
	case at.Format(time.DateOnly) == now.Format(time.DateOnly):
		return at.Format("15:04")
	}
	return at.Format(time.DateOnly)
}

func taskObject(t domain.TaskProgress) map[string]any {
	asked := any(nil)
	if !t.AskedAt.IsZero() {
		asked = t.AskedAt.UTC().Format(time.RFC3339)
	}
	return map[string]any{
		"task": t.Task.Name, "hash": t.Task.Hash(), "prompt": t.Task.Prompt, "system": t.Task.System,
		"schema": t.Task.Schema, "examples": t.Task.Examples, "model": t.Task.Model, "parameters": t.Task.Parameters,
		"jobs": t.Jobs, "attempts": t.Attempts, "cost_usd": moneyNumber(t.Spent, t.Unpriced), "unpriced": t.Unpriced,
		"asked_at": asked,
	}
}

func nameTaskCommand() *cli.Command {
	return &cli.Command{
		Name:        "name",
		Usage:       "call a question by a name",
		ArgsUsage:   "HASH NAME",
		Description: "vlocal tasks name 1a2b3c4d receipts",
		Flags:       []cli.Flag{quietFlag},
		Action: reading(func(ctx context.Context, c *cli.Context, s *store.Store) error {
			if c.Args().Len() != 2 {
				return usagef("name which task, and how? For example: vlocal tasks name 1a2b3c4d receipts")
			}
			task, err := taskNamed(ctx, s, c.Args().Get(0))
			if err != nil {
				return err
			}
			name := c.Args().Get(1)
			if err := checkTaskName(name); err != nil {
				return err
			}
			if err := s.NameTask(ctx, task.ID, name); err != nil {
				return err
			}
			consoleOf(c).remark("%s is %s", task.ShortHash(), name)
			return nil
		}),
	}
}
