package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"vlocal/builtin"
	"vlocal/domain"
	"vlocal/store"
	"vlocal/vision"
	"vlocal/worker"
)

// asking is what run and retry share: a question, whom to put it to, and about
// what.
type asking struct {
	c      *cli.Context
	con    console
	store  *store.Store
	client *vision.Client
	task   domain.Task
	server server
	scope  store.Scope
	// pictures makes what is sent, shown are the examples that go with it.
	pictures pictures
	shown    []domain.Shown
	// worker has the settings of every run of this invocation, budget what is
	// left of the money; 0 for no bound.
	worker worker.Options
	// models are all that may be asked, the task's first.
	models []string
	record *record
	// checked says that the keys were tried.
	checked bool
}

// ask scans if there is something to scan, queues the scope's jobs, works through
// them, and tells how it went.
func ask(c *cli.Context, s *store.Store, task domain.Task, srv server, scope store.Scope) error {
	a := asking{c: c, con: consoleOf(c), store: s, server: srv, scope: scope, record: &record{con: consoleOf(c)}}
	memory, err := memoryOf(c)
	if err != nil {
		return err
	}
	if err = a.configure(); err != nil {
		return err
	}
	if err = checkSchema(task); err != nil {
		return err
	}
	if err = a.put(c.Context, task, memory); err != nil {
		return err
	}
	if err = a.connect(); err != nil {
		return err
	}
	if err = s.Free(c.Context); err != nil && !c.Bool("dry-run") {
		return err
	}
	ctx, drain, stop := interrupts(c.Context, a.con)
	defer stop()
	if (len(scope.Roots) > 0 || scope.URLs) && !scope.Failed && scope.Redo == nil {
		scanning, cancel := untilDrained(ctx, drain)
		err := scanInto(scanning, c, s, scope.Roots)
		cancel()
		if err != nil {
			return err
		}
	}
	if c.Bool("dry-run") {
		task.Name = "" // it does not become what the name means
	}
	if a.task, err = s.Task(ctx, task); err != nil {
		return err
	}
	if c.Bool("dry-run") {
		return a.tellAhead(ctx)
	}
	if n := c.Int("sample"); n > 0 {
		goOn, err := a.sample(ctx, drain, n)
		if err != nil || !goOn {
			return err
		}
	}
	o, err := a.run(ctx, drain, a.scope)
	if err != nil {
		return err
	}
	return a.con.tellRun(o)
}

// configure takes the settings of a run from the flags.
func (a *asking) configure() error {
	routes, err := routesOf(a.c)
	if err != nil {
		return err
	}
	a.worker = worker.Options{
		Concurrency: a.c.Int("concurrency"), MaxTries: 1 + a.c.Int("retries"),
		Budget: domain.Dollars(a.c.Float64("budget")), Price: pricesOf(a.c, a.server),
		Fallback: a.c.StringSlice("fallback-model"), Route: routes.model,
		Decided: a.record.decided,
	}
	a.models = append([]string{a.server.model}, a.worker.Fallback...)
	a.models = append(a.models, routes.models()...)
	return checkBudget(a.worker, a.models)
}

// run asks about a scope.
func (a *asking) run(ctx context.Context, drain <-chan struct{}, scope store.Scope) (outcome, error) {
	jobs, err := a.store.StartRun(ctx, a.task, a.client.BaseURL(), scope)
	if err != nil {
		return outcome{}, err
	}
	a.record.begin(jobs)
	if jobs.Recovered > 0 {
		a.con.remark("the last run ended in the middle: %s on record as interrupted", count(jobs.Recovered, "attempt"))
	}
	if jobs.Total > 0 {
		a.con.remark("%s", a.announcement(count(jobs.Total, "image")))
	}
	stopped := a.check(ctx, drain, jobs.Total)
	asked := a.task
	asked.Model = a.server.model // not the task's in a redo
	w := worker.New(jobs, a.client, a.pictures.prepare, asked, a.worker)
	if stopped == nil {
		follow := a.con.followRun(jobs.Total, func() runState {
			return runState{Progress: w.Progress(), pace: a.client.Pace(), most: a.worker.Concurrency}
		})
		stopped = w.Run(ctx, drain)
		follow()
	}

	end := context.WithoutCancel(ctx)
	closeErr := jobs.Close(end, stopped)
	if displaced, ok := errors.AsType[*store.DisplacedError](closeErr); ok {
		return outcome{}, displaced // the name leads to another database, if to any
	}
	left, leftErr := jobs.Left(end)
	failed, failedErr := a.store.FailedIn(end, a.task.ID, a.scope)
	if err := errors.Join(closeErr, leftErr, failedErr); err != nil {
		return outcome{}, errors.Join(stopped, err)
	}
	p := w.Progress()
	// Some that were skipped may have been let go again, and left.
	p.Skipped = max(min(p.Skipped, jobs.Total-p.Done-p.Failed-left), 0)
	if scope.Redo != nil {
		failed = p.Failed // their rows are done as they were
	}
	return outcome{
		redo:     scope.Redo != nil,
		Progress: p, total: jobs.Total, left: left + p.Given, failedBefore: failed, stopped: stopped, program: program(a.c), runID: jobs.ID(),
	}, nil
}

// checkTime bounds the look at the lists of models before a run.
const checkTime = 10 * time.Second

// check asks the server with each key whether it knows it and has the models,
// before anything is spent, and goes on without the keys that do not work.
func (a *asking) check(ctx context.Context, drain <-chan struct{}, jobs int) error {
	if jobs == 0 || a.checked || a.server.baseURL == builtin.BaseURL {
		return nil
	}
	undrained, cancel := untilDrained(ctx, drain)
	defer cancel()
	checking, cancel := context.WithTimeout(undrained, checkTime)
	defer cancel()
	usable, remarks, err := checkKeys(checking, a.client, a.server.keys, a.models)
	if undrained.Err() != nil {
		return worker.ErrDrained
	}
	if checking.Err() != nil {
		return nil // the first question will tell
	}
	for _, r := range remarks {
		a.con.remark("%s", oneLine(r))
	}
	if err != nil {
		return err
	}
	a.checked = true
	if len(usable) < len(a.server.keys) {
		for _, f := range a.server.keys {
			if !slices.Contains(usable, f) {
				a.server.leftOut = append(a.server.leftOut, f)
			}
		}
		a.server.keys = usable
		err = a.connect()
	}
	return err
}

// connect makes the client, with what was found out of the server before.
func (a *asking) connect() error {
	address := strings.TrimRight(strings.TrimSpace(a.server.baseURL), "/")
	formats, err := a.store.Formats(a.c.Context, address)
	if err != nil {
		return err
	}
	a.client, err = connect(a.c, a.server, vision.Options{
		Decided: a.record.decided, Formats: formats,
		FormatFound: func(model string, f domain.Format) {
			// Without it the next run finds it out again; and without the database no
			// answer is recorded either, which stops the run with its own error.
			_ = a.store.FoundFormat(context.WithoutCancel(a.c.Context), address, model, f)
		},
	})
	return err
}

// announcement tells in one line who is asked about the images; whoever has named
// nobody is told how to.
func (a *asking) announcement(images string) string {
	if a.server.named {
		return fmt.Sprintf("asking %s about %s", a.server.whom(), images)
	}
	return fmt.Sprintf("answering offline about %s with %s, which only measures pixels; for a real model set VLOCAL_API_KEY and give --model NAME, or --base-url URL --model NAME (see README)",
		images, builtin.Model)
}

// runState is what the progress line tells.
type runState struct {
	worker.Progress
	pace vision.Pace
	// most is how many slots there are when none is withheld.
	most int
}

// paused says why a run does nothing at the moment; "" if it does.
func (s runState) paused() string {
	if s.PausedUntil.IsZero() {
		return ""
	}
	wait := max(time.Until(s.PausedUntil), 0)
	return fmt.Sprintf("paused, tries again in %s: %s", span(wait), s.Paused)
}
