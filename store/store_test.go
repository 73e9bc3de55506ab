package store

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vlocal/domain"
)

// create makes a database in a folder of the test's own.
func create(t *testing.T) *Store {
	t.Helper()
	s, err := Create(t.Context(), filepath.Join(t.TempDir(), "vlocal.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// candidates gives files of the size len(name), in the order that Sync wants.
func candidates(root string, names ...string) iter.Seq2[domain.Candidate, error] {
	var all []domain.Candidate
	for _, n := range names {
		all = append(all, domain.Candidate{
			Path: filepath.Join(root, n), Size: int64(len(n)), ModTime: time.Unix(1700000000, 123),
		})
	}
	return inOrder(all)
}

func inOrder(all []domain.Candidate) iter.Seq2[domain.Candidate, error] {
	slices.SortFunc(all, func(a, b domain.Candidate) int {
		return cmp.Or(strings.Compare(domain.PathText(a.Path), domain.PathText(b.Path)), strings.Compare(a.Path, b.Path))
	})
	return func(yield func(domain.Candidate, error) bool) {
		for _, c := range all {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// onDisk is the real look at files.
var onDisk = Look{
	Hash: func(path string) ([32]byte, error) {
		data, err := os.ReadFile(path)
		return sum(string(data)), err
	},
	Gone: func(path string) bool {
		_, err := os.Lstat(path)
		return os.IsNotExist(err)
	},
}

// add puts images on record, under /photos.
func add(t *testing.T, s *Store, names ...string) {
	t.Helper()
	root := filepath.FromSlash("/photos")
	never := Look{Gone: func(string) bool { return false }}
	if _, err := s.Sync(t.Context(), root, candidates(root, names...), never); err != nil {
		t.Fatal(err)
	}
}

var question = domain.Task{
	Prompt: "What is it?", Model: "m",
	Parameters: domain.Parameters{MaxTokens: 100, MaxWidth: 1920, MaxHeight: 1080, Quality: 85},
}

func newTask(t *testing.T, s *Store) domain.Task {
	t.Helper()
	task, err := s.Task(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func startRun(t *testing.T, s *Store, scope Scope) *Run {
	t.Helper()
	r, err := s.StartRun(t.Context(), newTask(t, s), "http://localhost/v1", scope)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func endRun(t *testing.T, r *Run) {
	t.Helper()
	if err := r.Close(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, r.store)
}

func claim(t *testing.T, r *Run, n int) []domain.Job {
	t.Helper()
	jobs, _, err := r.Claim(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// asked is whom the tests ask.
var asked = domain.Asked{Model: "m", Key: "…abcd"}

func begin(t *testing.T, r *Run, j domain.Job, bytes string) domain.Attempt {
	t.Helper()
	a, err := r.Begin(t.Context(), j, domain.Facts{SHA256: sum(bytes), Width: 4, Height: 3, Format: "jpeg", Orientation: 1}, asked)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func end(t *testing.T, r *Run, a domain.Attempt, e domain.Ending) {
	t.Helper()
	if err := r.End(t.Context(), a, e); err != nil {
		t.Fatal(err)
	}
}

// answered is an ending with an answer.
func answered(text string) domain.Ending {
	return domain.Ending{
		Answer:   domain.Answer{Text: text, FinishReason: "stop", Model: "m-1", Usage: domain.Usage{TokensIn: 10, TokensOut: 2}},
		Latency:  48 * time.Millisecond,
		Status:   domain.Done,
		CountTry: true,
	}
}

// failed is an ending with an error after which the job becomes status.
func failed(kind domain.ErrorKind, status domain.Status) domain.Ending {
	return domain.Ending{
		Err:     &domain.Error{Kind: kind, Op: "ask", Err: fmt.Errorf("%s happened", kind), HTTPStatus: 500},
		Latency: 5 * time.Millisecond, Status: status, CountTry: true,
	}
}

// statuses gives path base -> status of the rows of the task.
func statuses(t *testing.T, s *Store) map[string]domain.Status {
	t.Helper()
	all := map[string]domain.Status{}
	for r, err := range s.Results(t.Context(), newTask(t, s).ID) {
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(r.Path)] = r.Status
	}
	return all
}

func query[T any](t *testing.T, s *Store, q string, args ...any) (v T) {
	t.Helper()
	if err := s.read.QueryRowContext(context.Background(), q, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return v
}
