package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"vlocal/builtin"
	"vlocal/domain"
	"vlocal/store"
	"vlocal/worker"
)

// ask is what run and retry share: scan if there is something to scan, queue the
// scope's jobs, work through them, and tell how it went.
func ask(c *cli.Context, s *store.Store, task domain.Task, srv server, scope store.Scope) error {
	con := consoleOf(c)
	client, err := connect(c, srv)
	if err != nil {
		return err
	}
	ctx, drain, stop := interrupts(c.Context, con)
	defer stop()
	if (len(scope.Roots) > 0 || scope.URLs) && !scope.Failed {
		scanning, cancel := untilDrained(ctx, drain)
		err := scanInto(scanning, c, s, scope.Roots)
		cancel()
		if err != nil {
			return err
		}
	}
	if task, err = s.Task(ctx, task); err != nil {
		return err
	}
	jobs, err := s.StartRun(ctx, task, client.BaseURL(), scope)
	if err != nil {
		return err
	}
	if jobs.Recovered > 0 {
		con.remark("the last run ended in the middle: %s on record as interrupted", count(jobs.Recovered, "attempt"))
	}
	if jobs.Total > 0 {
		con.remark("asking %s about %s", whom(srv), count(jobs.Total, "image"))
	}
	pictures := picturesOf(c, task)
	w := worker.New(jobs, client, pictures.prepare, task, worker.Options{
		Concurrency: c.Int("concurrency"), Preparers: pictures.preparers(),
	})

	follow := con.followRun(jobs.Total, w.Progress)
	stopped := w.Run(ctx, drain)
	follow()

	end := context.WithoutCancel(ctx)
	closeErr := jobs.Close(end, stopped)
	left, leftErr := jobs.Left(end)
	failed, failedErr := s.FailedIn(end, task.ID, scope)
	if err := errors.Join(closeErr, leftErr, failedErr); err != nil {
		return errors.Join(stopped, err)
	}
	return con.tellRun(outcome{
		Progress: w.Progress(), total: jobs.Total, left: left, failedBefore: failed, stopped: stopped, program: program(c),
	})
}

func whom(srv server) string {
	if srv.baseURL == builtin.BaseURL {
		return "the built-in model, offline,"
	}
	return fmt.Sprintf("%s at %s", srv.model, srv.baseURL)
}

// interrupts turns the first Ctrl-C (or SIGTERM) into the closing of drain, and
// the second one into the end of ctx.
func interrupts(parent context.Context, con console) (ctx context.Context, drain <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	soft := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-signals:
		case <-ctx.Done():
			return
		}
		con.remark("\nfinishing the requests in flight; once more (Ctrl-C) gives them up")
		close(soft)
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, soft, func() {
		signal.Stop(signals)
		cancel()
		<-ended
	}
}

// untilInterrupted gives a context that ends with the first Ctrl-C.
func untilInterrupted(parent context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
}

// untilDrained gives a context that ends when drain is closed.
func untilDrained(parent context.Context, drain <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		select {
		case <-drain:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
