package store

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
)

func ask(t *testing.T, s *Store, prompt, name string) domain.Task {
	t.Helper()
	task := question
	task.Prompt, task.Name = prompt, name
	task, err := s.Task(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestNameMeansTheTaskThatWasGivenItLast(t *testing.T) {
	s := create(t)
	clock(s)
	old, newer := ask(t, s, "old", "receipts"), ask(t, s, "newer", "receipts")
	named := func(name string) string {
		t.Helper()
		task, err := s.TaskByName(t.Context(), name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return task.Prompt
	}
	if got := named("receipts"); got != "newer" {
		t.Errorf("it is %q", got)
	}
	if got := named(old.ShortHash()); got != "old" {
		t.Errorf("by its hash it is %q", got)
	}
	ask(t, s, "old", "receipts") // again
	if got := named("receipts"); got != "old" {
		t.Errorf("going back, it is %q", got)
	}
	ask(t, s, "newer", "") // says nothing about the name
	if got := named("receipts"); got != "old" {
		t.Errorf("asked without its name, it is %q", got)
	}
	if err := s.NameTask(t.Context(), newer.ID, "prices"); err != nil || named("prices") != "newer" || named(newer.Hash()) != "newer" {
		t.Errorf("named anew: %v", err)
	}
	for _, name := range []string{"nothing", "", old.Hash()[:3], "%"} {
		if _, err := s.TaskByName(t.Context(), name); !errors.Is(err, ErrNoTask) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A name wins over the beginning of a hash.
func TestPrefixOfSeveralHashesIsNoTask(t *testing.T) {
	s := create(t)
	seen := map[string]domain.Task{}
	for i := range 2000 {
		task := question
		task.MaxTokens = i + 1
		prefix := task.Hash()[:4]
		other, there := seen[prefix]
		if !there {
			seen[prefix] = task
			continue
		}
		for _, each := range []domain.Task{task, other} {
			if _, err := s.Task(t.Context(), each); err != nil {
				t.Fatal(err)
			}
		}
		many, ok := errors.AsType[*ManyTasksError](func() error { _, err := s.TaskByName(t.Context(), prefix); return err }())
		if !ok || len(many.Tasks) != 2 {
			t.Fatalf("%+v", many)
		}
		ask(t, s, "short", prefix)
		if got, err := s.TaskByName(t.Context(), prefix); err != nil || got.Prompt != "short" {
			t.Errorf("%+v, %v", got, err)
		}
		return
	}
	t.Fatal("no two hashes begin alike")
}

// The same question on the same bytes is shared, another is not.
func TestPartOfThePathMakesItAnotherQuestion(t *testing.T) {
	s := create(t)
	add(t, s, "x/a.jpg", "x/b.jpg", "y/b.jpg")
	r := startRun(t, s, Scope{Part: filepath.Base})
	jobs := claim(t, r, 3)
	one := begin(t, r, jobs[0], "same")
	two := begin(t, r, jobs[1], "same") // at the same time, since it is another question
	if _, err := r.Begin(t.Context(), jobs[2], domain.Facts{SHA256: sum("same")}, asked); !errors.Is(err, domain.ErrBeingAsked) {
		t.Errorf("the same name: %v", err)
	}
	end(t, r, one, answered("a"))
	end(t, r, two, answered("b"))
	r.store.now = later(r.store.now)
	if _, err := r.Begin(t.Context(), claim(t, r, 1)[0], domain.Facts{SHA256: sum("same")}, asked); !errors.Is(err, domain.ErrAnswered) {
		t.Errorf("answered before: %v", err)
	}
	endRun(t, r)
	n := query[int](t, s, `SELECT count(*) FROM results WHERE answer = 'b' AND (asked_instead IS NULL OR asked_instead LIKE '%b.jpg')`)
	if n != 2 {
		t.Errorf("%v", answers(t, s))
	}
}

func TestTasksTellProgressAndCost(t *testing.T) {
	s := create(t)
	clock(s)
	cost := domain.Dollars(0.25)
	add(t, s, "a.jpg", "b.jpg", "c.jpg")
	r := startRun(t, s, Scope{})
	jobs := claim(t, r, 2)
	e := answered("x")
	e.Answer.Cost = &cost
	end(t, r, begin(t, r, jobs[0], "a"), e)
	end(t, r, begin(t, r, jobs[1], "b"), failed(domain.Refused, domain.Failed))
	endRun(t, r)
	never := ask(t, s, "never asked", "later")
	all, err := s.TasksProgress(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	want := domain.TaskProgress{
		TaskSpending: domain.TaskSpending{Task: r.task, Attempts: 2, Spent: cost},
		Jobs:         map[domain.Status]int{domain.Done: 1, domain.Failed: 1, domain.Pending: 1},
		AskedAt:      all[0].AskedAt,
	}
	if diff := cmp.Diff(want, all[0]); diff != "" || all[0].AskedAt.IsZero() {
		t.Error(diff)
	}
	if all[1].Task != never || !all[1].AskedAt.IsZero() || len(all[1].Jobs) != 0 {
		t.Errorf("%+v", all[1])
	}
}

func TestPairsComeInPathOrder(t *testing.T) {
	s := create(t)
	answer(t, s, "b.jpg", "a.jpg")
	other := ask(t, s, "other", "")
	add(t, s, "c.jpg")
	r, err := s.StartRun(t.Context(), other, "", Scope{})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range claim(t, r, 3) {
		if name := filepath.Base(j.Image.Path); name != "a.jpg" {
			e := answered("other " + name)
			e.Answer.Fields = `{"x": 1}`
			end(t, r, begin(t, r, j, name), e)
		}
	}
	endRun(t, r)
	var got []string
	err = s.Pairs(t.Context(), newTask(t, s).ID, other.ID, func(p Pair) error {
		line := filepath.Base(p.Path)
		for _, a := range []*domain.Answer{p.A, p.B} {
			if a != nil {
				line += "|" + a.Text + a.Fields
			} else {
				line += "|"
			}
		}
		got = append(got, line)
		return nil
	})
	want := []string{"a.jpg|old a.jpg|", `b.jpg|old b.jpg|other b.jpg{"x": 1}`, `c.jpg||other c.jpg{"x": 1}`}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
}

// clock has each look at it be a second after the one before.
func clock(s *Store) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var mu sync.Mutex
	s.now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

// later is a clock that is an hour ahead of another.
func later(now func() time.Time) func() time.Time {
	return func() time.Time { return now().Add(time.Hour) }
}
