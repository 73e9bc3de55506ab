package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

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
