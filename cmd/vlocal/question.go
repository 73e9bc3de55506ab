package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/preprocess"
	"vlocal/prompt"
	"vlocal/store"
)

// questionFlags say what is asked, beside the prompt.
func questionFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "prompt-file", TakesFile: true, Usage: "take the question from `FILE`; - is standard input"},
		&cli.StringFlag{Name: "system", Usage: "tell the model `TEXT` first, as its system prompt"},
		exampleFlag(),
	}
}

// longestPrompt bounds the file of a prompt, in bytes.
const longestPrompt = 1 << 20

// readPrompt has --prompt-file stand for --prompt.
func readPrompt(c *cli.Context) error {
	name := c.String("prompt-file")
	switch {
	case !c.IsSet("prompt-file"):
		return nil
	case c.IsSet("prompt"):
		return usagef("--prompt and --prompt-file: give one of them")
	}
	in := c.App.Reader
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("read the prompt: %w", err)
		}
		// A file that was only read has nothing left to lose when it is closed.
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, longestPrompt+1))
	if err != nil {
		return fmt.Errorf("read the prompt: %w", err)
	}
	prompt := strings.TrimSpace(strings.TrimPrefix(string(text), "\uFEFF"))
	switch {
	case len(text) > longestPrompt:
		return usagef("--prompt-file %s: it has more than %s bytes", name, number(longestPrompt))
	case prompt == "":
		return usagef("--prompt-file %s: there is no text in it", name)
	}
	return c.Set("prompt", prompt)
}

// taskBefore gives the task that a run begins from: the one that --task names, or
// the last one; the zero task if there is none. named says that it is the former,
// so that what is not said anew stays as it is.
func taskBefore(c *cli.Context, s *store.Store) (before domain.Task, named bool, err error) {
	name := c.String("task")
	if name != "" {
		before, err = s.TaskByName(c.Context, name)
		if !errors.Is(err, store.ErrNoTask) || !c.IsSet("prompt") {
			before, err = taskNamed(c.Context, s, name) // for its error
			return before, err == nil, err
		}
		if err := checkTaskName(name); err != nil {
			return before, false, err
		}
	}
	before, _, err = s.LastTask(c.Context)
	return before, false, err
}

// begunWith reports whether the task is the one that --task names.
func begunWith(c *cli.Context, before domain.Task) bool {
	name := c.String("task")
	return name != "" && before.ID != 0 && (before.Name == name || strings.HasPrefix(before.Hash(), strings.ToLower(name)))
}

// say fills in what the flags say of a question beside the prompt. A new question
// starts from nothing, unless it is a change of a named task.
func say(c *cli.Context, task *domain.Task, before domain.Task, named bool) (err error) {
	if named || !c.IsSet("prompt") {
		task.System, task.Schema, task.Examples = before.System, before.Schema, before.Examples
	}
	if name := c.String("task"); !named || before.Name == name {
		task.Name = name
	}
	if task.Schema, err = schemaOf(c, task.Schema); err != nil {
		return err
	}
	if c.IsSet("system") {
		task.System = strings.TrimSpace(c.String("system"))
	}
	if c.IsSet("example") {
		if task.Examples, err = examplesOf(c, task.Schema); err != nil {
			return err
		}
	}
	if _, err := prompt.New(*task); err != nil {
		return usageError{err} // before anybody is told that it is a new task
	}
	return nil
}

// tellTask says when a run asks another question than the one before, because its
// answers are not among those of that.
func tellTask(c *cli.Context, s *store.Store, before, task domain.Task) error {
	hash := task.Hash()
	if before.ID == 0 || before.Hash() == hash {
		return nil
	}
	label := task.ShortHash()
	if task.Name != "" {
		label = task.Name + " (" + label + ")"
	}
	_, err := s.TaskByName(c.Context, hash)
	if err != nil && !errors.Is(err, store.ErrNoTask) {
		return err
	}
	what := "this is a new task, " + label
	if err == nil {
		what = "this is an earlier task, " + label
	}
	consoleOf(c).remark("%s; the answers of %s stay: %s list --task %s", what, before.ShortHash(), program(c), before.ShortHash())
	return nil
}

// put readies the question: its template and its examples.
func (a *asking) put(ctx context.Context, task domain.Task, memory *preprocess.Memory) error {
	template, err := prompt.New(task)
	if err != nil {
		return usageError{err}
	}
	a.pictures = picturesOf(a.c, task, memory)
	if a.shown, err = shownOf(ctx, a.pictures, task); err != nil {
		return err
	}
	a.scope.Part = template.Part()
	a.worker.Preparers = a.pictures.preparers()
	a.worker.Put = func(j domain.Job, known domain.Facts) (domain.Question, error) {
		task, err := template.Put(j.Image.Path, known)
		return domain.Question{Task: task, Examples: a.shown}, err
	}
	return nil
}
