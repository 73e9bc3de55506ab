package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/store"
)

// taskFlag says which task a command is about.
var taskFlag = &cli.StringFlag{
	Name:  "task",
	Usage: "the task called `NAME`, or by its hash; default: the one asked last (see 'vlocal tasks')",
}

// taskOf gives the task that --task names, or else the one that was asked last.
func taskOf(ctx context.Context, c *cli.Context, s *store.Store) (domain.Task, error) {
	if name := c.String("task"); name != "" {
		return taskNamed(ctx, s, name)
	}
	return lastTask(ctx, s)
}

// taskNamed gives the task with a name or a hash.
func taskNamed(ctx context.Context, s *store.Store, name string) (domain.Task, error) {
	task, err := s.TaskByName(ctx, name)
	many, isMany := errors.AsType[*store.ManyTasksError](err)
	switch {
	case errors.Is(err, store.ErrNoTask):
		tasks, err := s.Tasks(ctx)
		if err != nil {
			return task, err
		}
		if len(tasks) == 0 {
			return lastTask(ctx, s) // whose error says how to begin
		}
		return task, usagef("there is no task %q; there are:%s", name, taskLines(tasks))
	case isMany:
		return task, usagef("%w; give more of it:%s", err, taskLines(many.Tasks))
	}
	return task, err
}

// mostNamed is how many tasks an error names.
const mostNamed = 10

// taskLines names tasks, a line each.
func taskLines(tasks []domain.Task) string {
	var b strings.Builder
	for i, t := range tasks {
		if i == mostNamed {
			fmt.Fprintf(&b, "\n  and %d more; see: vlocal tasks", len(tasks)-i)
			break
		}
		fmt.Fprintf(&b, "\n  %s  %s", t.ShortHash(), taskText(t))
	}
	return b.String()
}

// taskText tells a task in a few words: its name, if it has one, and its prompt.
func taskText(t domain.Task) string {
	prompt := runewidth.Truncate(oneLine(t.Prompt), 50, "…")
	if t.Name == "" {
		return fmt.Sprintf("%q of %s", prompt, oneLine(t.Model))
	}
	return fmt.Sprintf("%s  %q of %s", t.Name, prompt, oneLine(t.Model))
}

// longestName bounds the name of a task, in characters.
const longestName = 64

// checkTaskName refuses names that would be hard to type or could be taken for
// something else.
func checkTaskName(name string) error {
	odd := strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r)
	})
	switch {
	case name == "" || strings.HasPrefix(name, "-") || odd >= 0 || !utf8.ValidString(name) || utf8.RuneCountInString(name) > longestName:
		return usagef("%q is no name for a task: it takes up to %d letters, digits and - _ . and does not begin with -", name, longestName)
	case len(name) >= 8 && strings.Trim(name, "0123456789abcdefABCDEF") == "":
		return usagef("%q is no name for a task: it could be taken for a hash", name)
	}
	return nil
}
