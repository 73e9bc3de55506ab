package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"vlocal/domain"
	"vlocal/preprocess"
	"vlocal/store"
	"vlocal/vision"
	"vlocal/worker"
)

// client says who asks, and how.
type client struct {
	// URL is the server's; it is filled in when the server runs.
	URL string
	// Plain is the peer: goroutines that post ready bodies with net/http and
	// record nothing.
	Plain bool
	// Photos are what the whole program is run on, instead of the loop alone; nil
	// for the loop.
	Photos *photos
	// Jobs says that jobs go through the table, and nothing is asked.
	Jobs bool
	// Soak says that what the process holds is watched, and must not grow.
	Soak bool
	// Look is the number of jobs in a database that commands are to look at; 0 for
	// none.
	Look int
	// Start says that the program is built and started.
	Start bool
	// Files is the number of files in a folder that is to be scanned; 0 for none.
	Files int
	// Requests is how many jobs there are, Picture the size of each in bytes.
	Requests, Picture, Slots int
	// Timeout bounds a request; 0 means the default.
	Timeout time.Duration
	// For ends the run after that long, though jobs are left; 0 means never.
	For time.Duration
	// PerMinute is the pace that the user asked for; 0 means none.
	PerMinute float64
	// Profile is a file for a CPU profile of the run; "" means none.
	Profile string
}

// clientResult is what a client did.
type clientResult struct {
	// Setup is the making of the jobs; Elapsed the run, without it.
	Setup, Elapsed time.Duration
	// CPU is of the run, in user and system; 0 where it cannot be told.
	CPU time.Duration
	// PeakBytes is the most memory that the process held, setup included.
	PeakBytes int64
	// Done to Retried are as the worker counts them; the peer has only Done.
	Done, Failed, Sent, Retried int
	// Errors counts attempts by kind.
	Errors map[domain.ErrorKind]int
	// Begin and End are the means of waiting for an attempt's begin and end to be
	// on disk, Answer of waiting for an answer, HTTP included.
	Begin, End, Answer time.Duration
	// Took is what commands took, by what they are called in a table.
	Took map[string]time.Duration
	// Peaks is the most memory that each held, in bytes.
	Peaks map[string]int64
	// ProgramBytes is the size of the program.
	ProgramBytes int64
	// Held is what the process held, over the run.
	Held samples
	// InFlight is the mean of the slots in use, for each second.
	InFlight []float64
}

// measure asks until the jobs are through, or their time is up.
func (c client) measure(ctx context.Context) (clientResult, error) {
	if c.Plain {
		return c.measurePlain(ctx)
	}
	if c.Photos != nil {
		return c.measureProgram(ctx)
	}
	if c.Look > 0 {
		return c.measureLooks(ctx)
	}
	if c.Start {
		return c.measureStart(ctx)
	}
	if c.Files > 0 {
		return c.measureScan(ctx)
	}
	if c.Jobs {
		return c.measureJobs(ctx)
	}
	dir, err := os.MkdirTemp("", "vlocal-bench-")
	if err != nil {
		return clientResult{}, err
	}
	defer os.RemoveAll(dir)
	began := time.Now()
	s, err := store.Create(ctx, filepath.Join(dir, "vlocal.db"))
	if err != nil {
		return clientResult{}, err
	}
	got, err := c.measureLoop(ctx, s, began)
	return got, errors.Join(err, s.Close())
}

func (c client) measureLoop(ctx context.Context, s *store.Store, began time.Time) (got clientResult, err error) {
	run, task, err := c.jobs(ctx, s)
	if err != nil {
		return got, err
	}
	queue := &timedQueue{Run: run}
	w, err := c.newWorker(queue, task)
	if err != nil {
		return got, errors.Join(err, run.Close(ctx, err))
	}
	drain := make(chan struct{})
	if c.For > 0 {
		time.AfterFunc(c.For, func() { close(drain) })
	}
	got.Setup = time.Since(began)
	endProfile, err := c.profile()
	if err != nil {
		return got, errors.Join(err, run.Close(ctx, err))
	}
	watch, watchMore := watchSlots(w), func() (samples, error) { return nil, nil }
	if c.Soak {
		watchMore = watchHeld(max(c.For/soakSamples, time.Second/4))
	}
	started, cpu := time.Now(), cpuTime()
	stopped := w.Run(ctx, drain)
	got.Elapsed, got.CPU = time.Since(started), cpuTime()-cpu
	got.InFlight = watch()
	if got.Held, err = watchMore(); err == nil && c.Soak {
		err = got.Held.check()
	}
	if err != nil {
		return got, errors.Join(err, run.Close(ctx, err))
	}
	if err := endProfile(); err != nil {
		return got, err
	}
	if err := run.Close(context.WithoutCancel(ctx), stopped); err != nil {
		return got, err
	}
	if stopped != nil && !errors.Is(stopped, worker.ErrDrained) {
		return got, stopped
	}
	p := w.Progress()
	got.Done, got.Failed, got.Sent, got.Retried, got.Errors = p.Done, p.Failed, p.Sent, p.Retried, p.Errors
	got.Begin, got.End, got.Answer = queue.begins.mean(), queue.ends.mean(), p.Latency.Mean
	got.PeakBytes, err = peakMemory()
	return got, err
}

// newWorker is the loop as a run wires it.
func (c client) newWorker(queue worker.Queue, task domain.Task) (*worker.Worker, error) {
	asks, err := vision.New(vision.Options{BaseURL: c.URL, Keys: []domain.Key{domain.NewKey("bench-key-0001")}, RPM: c.PerMinute, Timeout: c.Timeout, MaxConns: c.Slots})
	if err != nil {
		return nil, err
	}
	return worker.New(queue, asks, c.ready(), task, worker.Options{Concurrency: c.Slots}), nil
}

// ready stands for preprocess: a picture that is there already, different for
// every path.
func (c client) ready() worker.Prepare {
	jpeg := make([]byte, c.Picture)
	return func(_ context.Context, j domain.Job) (preprocess.Picture, error) {
		return preprocess.Picture{Picture: domain.Picture{JPEG: jpeg}, Source: domain.Facts{
			SHA256: sha256.Sum256([]byte(j.Image.Path)), Width: 4032, Height: 3024, Format: "jpeg", Orientation: 1,
		}}, nil
	}
}

// jobs puts the images on record and queues them.
func (c client) jobs(ctx context.Context, s *store.Store) (*store.Run, domain.Task, error) {
	root, err := filepath.Abs("photos")
	if err != nil {
		return nil, domain.Task{}, err
	}
	walk := func(yield func(domain.Candidate, error) bool) {
		for i := range c.Requests {
			if !yield(domain.Candidate{Path: filepath.Join(root, fmt.Sprintf("%07d.jpg", i)), Size: int64(c.Picture)}, nil) {
				return
			}
		}
	}
	if _, err := s.Sync(ctx, root, walk, store.Look{}); err != nil {
		return nil, domain.Task{}, err
	}
	task, err := s.Task(ctx, domain.Task{Prompt: "What is in this photo?", Model: "load",
		Parameters: domain.Parameters{MaxTokens: 1024, MaxWidth: 1920, MaxHeight: 1080, Quality: 85}})
	if err != nil {
		return nil, task, err
	}
	run, err := s.StartRun(ctx, task, c.URL, store.Scope{})
	return run, task, err
}

// watchSlots looks at the requests in flight 50 times a second, and gives their
// mean for each second when it is called off.
func watchSlots(w *worker.Worker) (stop func() []float64) {
	const perSecond = 50
	quit, ended := make(chan struct{}), make(chan []float64, 1)
	go func() {
		ticker := time.NewTicker(time.Second / perSecond)
		defer ticker.Stop()
		var means []float64
		for sum, n := 0, 0; ; {
			select {
			case <-ticker.C:
				sum += w.Progress().InFlight
				if n++; n == perSecond {
					means = append(means, float64(sum)/perSecond)
					sum, n = 0, 0
				}
			case <-quit:
				ended <- means
				return
			}
		}
	}()
	return func() []float64 {
		close(quit)
		return <-ended
	}
}

// profile begins the CPU profile that was asked for, and gives what ends it.
func (c client) profile() (end func() error, err error) {
	if c.Profile == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(c.Profile)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}
