package worker_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"vlocal/domain"
	"vlocal/preprocess"
	"vlocal/store"
	"vlocal/worker"
)

// bench is a database with n images, a run over them, and a model that the test
// writes.
type bench struct {
	t       testing.TB
	store   *store.Store
	task    domain.Task
	model   modelFunc
	prepare worker.Prepare
	admit   func(context.Context) error
	sent    atomic.Int64
	// models is asked instead of model where the model's name counts.
	models func(ctx context.Context, model, name string) (domain.Answer, error)
	// question is asked instead of model where more of the question counts.
	question func(q domain.Question) (domain.Answer, error)
	// admitted counts permits, withdrawn those that were given back.
	admitted, withdrawn atomic.Int64
}

type preparedPicture = preprocess.Picture

type modelFunc func(ctx context.Context, name string) (domain.Answer, error)

// Ask gives the model the picture's name, which prepare put into its bytes.
func (b *bench) Ask(ctx context.Context, _ domain.Permit, q domain.Question) (domain.Answer, error) {
	b.sent.Add(1)
	if b.question != nil {
		return b.question(q)
	}
	if b.models != nil {
		return b.models(ctx, q.Model, string(q.Picture.JPEG))
	}
	return b.model(ctx, string(q.Picture.JPEG))
}

// Admit lets every request leave, if the test does not say otherwise.
func (b *bench) Admit(ctx context.Context) (domain.Permit, error) {
	if b.admit != nil {
		if err := b.admit(ctx); err != nil {
			return domain.Permit{}, err
		}
	}
	b.admitted.Add(1)
	return domain.Permit{}, nil
}

func (b *bench) Withdraw(domain.Permit) { b.withdrawn.Add(1) }

func newBench(t testing.TB, images int, model modelFunc) *bench {
	t.Helper()
	s, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "vlocal.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	root := filepath.FromSlash("/photos")
	walk := func(yield func(domain.Candidate, error) bool) {
		for i := range images {
			if !yield(domain.Candidate{Path: filepath.Join(root, fmt.Sprintf("%04d.jpg", i))}, nil) {
				return
			}
		}
	}
	if _, err := s.Sync(t.Context(), root, walk, store.Look{}); err != nil {
		t.Fatal(err)
	}
	task, err := s.Task(t.Context(), domain.Task{Prompt: "?", Model: "m",
		Parameters: domain.Parameters{MaxTokens: 10, MaxWidth: 10, MaxHeight: 10, Quality: 85}})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, store: s, task: task, model: model, prepare: pictureOfName}
}

// pictureOfName stands for a picture; its bytes are the file's name.
func pictureOfName(_ context.Context, j domain.Job) (preprocess.Picture, error) {
	name := filepath.Base(j.Image.Path)
	return preprocess.Picture{Picture: domain.Picture{JPEG: []byte(name)}, Source: domain.Facts{SHA256: sha256.Sum256([]byte(name))}}, nil
}

// begin queues every image.
func (b *bench) begin() *store.Run {
	b.t.Helper()
	run, err := b.store.StartRun(b.t.Context(), b.task, "http://localhost/v1", store.Scope{})
	if err != nil {
		b.t.Fatal(err)
	}
	return run
}

// start queues every image and works until the run ends.
func (b *bench) start(ctx context.Context, drain <-chan struct{}, o worker.Options) (worker.Progress, error) {
	b.t.Helper()
	run := b.begin()
	w := worker.New(run, b, b.prepare, b.task, o)
	stopped := w.Run(ctx, drain)
	if err := run.Close(context.WithoutCancel(ctx), stopped); err != nil {
		b.t.Fatal(err)
	}
	return w.Progress(), stopped
}

func (b *bench) totals() domain.Totals {
	b.t.Helper()
	totals, err := b.store.Totals(context.Background(), b.task.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return totals
}

// outcomes gives how the attempts at an image ended, in order.
func (b *bench) outcomes(name string) (all []string) {
	b.t.Helper()
	for _, a := range b.attempts(name) {
		all = append(all, a.Outcome)
	}
	return all
}

// attempts gives all that is on record of an image.
func (b *bench) attempts(name string) []domain.Attempt {
	b.t.Helper()
	image, err := b.store.ImageByName(context.Background(), name)
	if err != nil {
		b.t.Fatal(err)
	}
	histories, err := b.store.Histories(context.Background(), image.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return histories[0].Attempts
}

func answer(name string) (domain.Answer, error) {
	return domain.Answer{Text: "this is " + name, FinishReason: "stop", Usage: domain.Usage{TokensIn: 3, TokensOut: 1}}, nil
}

func fails(kind domain.ErrorKind) (domain.Answer, error) {
	e := &domain.Error{Kind: kind, Op: "ask", Err: errors.New("as the test wants it"), HTTPStatus: 500}
	return domain.Answer{}, e
}

func unreachable() (domain.Answer, error) {
	return domain.Answer{}, &domain.Error{Kind: domain.Network, Op: "ask", Err: errors.New("connection refused"), Unreachable: true}
}

// quick keeps tests that run in real time short.
var quick = worker.Options{BackoffBase: time.Millisecond, BackoffCap: 2 * time.Millisecond}
