package store

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
)

// redoing starts a run that asks again about what is done.
func redoing(t *testing.T, s *Store, scope Scope) *Run {
	t.Helper()
	after, err := s.LastAnswer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	scope.Redo = &Redo{After: after}
	return startRun(t, s, scope)
}

// answer makes the images done, each with bytes and an answer of its own name.
func answer(t *testing.T, s *Store, names ...string) {
	t.Helper()
	add(t, s, names...)
	r := startRun(t, s, Scope{})
	for _, j := range claim(t, r, len(names)) {
		name := filepath.Base(j.Image.Path)
		end(t, r, begin(t, r, j, name), answered("old "+name))
	}
	endRun(t, r)
}

// answers gives path base -> status and answer of the rows of the task.
func answers(t *testing.T, s *Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for r, err := range s.Results(t.Context(), newTask(t, s).ID) {
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(r.Path)] = string(r.Status) + ": " + r.Answer
	}
	return all
}

func TestRedoKeepsTheEarlierAnswer(t *testing.T) {
	s := create(t)
	answer(t, s, "a.jpg", "b.jpg")
	r := redoing(t, s, Scope{Match: func(path string) bool { return filepath.Base(path) == "a.jpg" }})
	if r.Total != 1 {
		t.Fatalf("%d jobs", r.Total)
	}
	end(t, r, begin(t, r, claim(t, r, 9)[0], "a.jpg"), answered("new a.jpg"))
	endRun(t, r)
	if diff := cmp.Diff(map[string]string{"a.jpg": "done: new a.jpg", "b.jpg": "done: old b.jpg"}, answers(t, s)); diff != "" {
		t.Error(diff)
	}
	image, err := s.ImageByName(t.Context(), "a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Histories(t.Context(), image.ID)
	if err != nil || len(h) != 1 || h[0].Earlier.Text != "old a.jpg" || len(h[0].Attempts) != 2 {
		t.Errorf("%+v, %v", h, err)
	}
}

// Whatever becomes of a redo, the row is as it was, unless there is a new answer.
func TestRedoThatComesToNothingChangesNothing(t *testing.T) {
	for name, fail := range map[string]func(*testing.T, *Run, domain.Job){
		"failed for good": func(t *testing.T, r *Run, j domain.Job) {
			end(t, r, begin(t, r, j, "a.jpg"), failed(domain.Refused, domain.Failed))
		},
		"answered badly": func(t *testing.T, r *Run, j domain.Job) {
			e := failed(domain.InvalidAnswer, domain.Failed)
			e.Answer.Text = "rubbish"
			end(t, r, begin(t, r, j, "a.jpg"), e)
		},
		"to be tried again": func(t *testing.T, r *Run, j domain.Job) {
			end(t, r, begin(t, r, j, "a.jpg"), failed(domain.Timeout, domain.Pending))
		},
		"left to another run": func(t *testing.T, r *Run, j domain.Job) {
			e := failed(domain.Timeout, domain.Pending)
			e.Release = true
			end(t, r, begin(t, r, j, "a.jpg"), e)
		},
		"stopped": func(*testing.T, *Run, domain.Job) {},
	} {
		t.Run(name, func(t *testing.T) {
			s := create(t)
			now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			s.now = func() time.Time { return now }
			answer(t, s, "a.jpg", "b.jpg")
			before := rows(t, s)
			now = now.Add(time.Hour)
			r := redoing(t, s, Scope{})
			fail(t, r, claim(t, r, 1)[0])
			endRun(t, r)
			after := rows(t, s)
			for i := range after {
				after[i].Attempts, after[i].LatencyMS = before[i].Attempts, before[i].LatencyMS // are on record
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Error(diff)
			}
			if n := query[int](t, s, `SELECT count(*) FROM jobs WHERE earlier_id IS NOT NULL`); n != 0 {
				t.Errorf("%d are being asked again", n)
			}
		})
	}
}

func rows(t *testing.T, s *Store) (all []domain.Result) {
	t.Helper()
	for r, err := range s.Results(t.Context(), newTask(t, s).ID) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// A process that dies in the middle of a redo takes no answer with it: not while
// nobody has looked, and not after the next run, whatever that asks.
func TestRedoThatDiesLeavesTheAnswers(t *testing.T) {
	s := create(t)
	answer(t, s, "a.jpg", "b.jpg", "c.jpg")
	r := redoing(t, s, Scope{})
	jobs := claim(t, r, 2)
	begin(t, r, jobs[0], "a.jpg") // on its way
	end(t, r, begin(t, r, jobs[1], "b.jpg"), answered("new b.jpg"))
	if err := r.unlock(); err != nil { // and here the process dies
		t.Fatal(err)
	}
	for name, row := range answers(t, s) {
		if _, text, _ := strings.Cut(row, ": "); text != map[string]string{"a.jpg": "old a.jpg", "b.jpg": "new b.jpg", "c.jpg": "old c.jpg"}[name] {
			t.Errorf("%s is %q", name, row)
		}
	}
	other, err := s.Task(t.Context(), domain.Task{Prompt: "another", Model: "m", Parameters: question.Parameters})
	if err != nil {
		t.Fatal(err)
	}
	next, err := s.StartRun(t.Context(), other, "http://localhost/v1", Scope{})
	if err != nil {
		t.Fatal(err)
	}
	if next.Recovered != 1 {
		t.Errorf("%d attempts recovered", next.Recovered)
	}
	endRun(t, next)
	want := map[string]string{"a.jpg": "done: old a.jpg", "b.jpg": "done: new b.jpg", "c.jpg": "done: old c.jpg"}
	if diff := cmp.Diff(want, answers(t, s)); diff != "" {
		t.Error(diff)
	}
	if n := query[int](t, s, `SELECT count(*) FROM attempts WHERE outcome = 'interrupted'`); n != 1 {
		t.Errorf("%d on record as interrupted", n)
	}
	// And run asks nothing of it.
	r = startRun(t, s, Scope{})
	if r.Total != 0 {
		t.Errorf("run asks %d", r.Total)
	}
	endRun(t, r)
}

// A copy shares the new answer, not the one that was to be replaced.
func TestRedoSharesOnlyWhatItAskedItself(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "copy.jpg")
	r := startRun(t, s, Scope{})
	for _, j := range claim(t, r, 2) {
		a, err := r.Begin(t.Context(), j, domain.Facts{SHA256: sum("x")}, asked)
		if errors.Is(err, domain.ErrAnswered) {
			continue
		}
		end(t, r, a, answered("old"))
	}
	endRun(t, r)
	r = redoing(t, s, Scope{})
	jobs := claim(t, r, 2)
	end(t, r, begin(t, r, jobs[0], "x"), answered("new"))
	if _, err := r.Begin(t.Context(), jobs[1], domain.Facts{SHA256: sum("x")}, asked); !errors.Is(err, domain.ErrAnswered) {
		t.Errorf("the copy: %v", err)
	}
	endRun(t, r)
	if diff := cmp.Diff(map[string]string{"a.jpg": "done: new", "copy.jpg": "done: new"}, answers(t, s)); diff != "" {
		t.Error(diff)
	}
}

// The answer of before was about other bytes.
func TestChangedFileHasNoEarlierAnswer(t *testing.T) {
	s := create(t)
	answer(t, s, "a.jpg")
	r := redoing(t, s, Scope{})
	if err := r.unlock(); err != nil { // dies
		t.Fatal(err)
	}
	changed := inOrder([]domain.Candidate{{Path: filepath.FromSlash("/photos/a.jpg"), Size: 99, ModTime: time.Unix(1800000000, 0)}})
	look := Look{Hash: func(string) ([32]byte, error) { return sum("other bytes"), nil }, Gone: func(string) bool { return false }}
	if _, err := s.Sync(t.Context(), filepath.FromSlash("/photos"), changed, look); err != nil {
		t.Fatal(err)
	}
	r = startRun(t, s, Scope{})
	defer endRun(t, r)
	if diff := cmp.Diff(map[string]string{"a.jpg": "pending: "}, answers(t, s)); diff != "" || r.Total != 1 {
		t.Errorf("%d to ask: %s", r.Total, diff)
	}
}

func TestRedoLeavesOutWhatTheModelAnswered(t *testing.T) {
	s := create(t)
	answer(t, s, "a.jpg")
	for model, want := range map[string]int{"m": 0, "other": 1, "": 1} {
		scope := Scope{Redo: &Redo{Model: model, After: 1}}
		ahead, err := s.Ahead(t.Context(), newTask(t, s).ID, scope, 5)
		if err != nil {
			t.Fatal(err)
		}
		r := startRun(t, s, scope)
		if r.Total != want || ahead.Jobs != want || len(ahead.Spread) != want {
			t.Errorf("of %q: %d, ahead %+v, want %d", model, r.Total, ahead, want)
		}
		endRun(t, r)
	}
}

// A redo that comes to nothing leaves the one before it on record.
func TestRedoThatComesToNothingKeepsWhatWasEarlier(t *testing.T) {
	for name, fail := range map[string]func(*testing.T, *Run, domain.Job){
		"failed": func(t *testing.T, r *Run, j domain.Job) {
			end(t, r, begin(t, r, j, "a.jpg"), failed(domain.Refused, domain.Failed))
		},
		"stopped": func(*testing.T, *Run, domain.Job) {},
	} {
		t.Run(name, func(t *testing.T) {
			s := create(t)
			answer(t, s, "a.jpg")
			r := redoing(t, s, Scope{})
			end(t, r, begin(t, r, claim(t, r, 1)[0], "a.jpg"), answered("new"))
			endRun(t, r)
			r = redoing(t, s, Scope{})
			fail(t, r, claim(t, r, 1)[0])
			endRun(t, r)
			h, err := s.Histories(t.Context(), 1)
			if err != nil || h[0].Result.Answer != "new" || h[0].Earlier.Text != "old a.jpg" {
				t.Errorf("%+v, %v", h, err)
			}
		})
	}
}

func TestSampleOfARedoLeavesTheRest(t *testing.T) {
	s := create(t)
	answer(t, s, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
	r := redoing(t, s, Scope{Sample: 2})
	if r.Total != 2 {
		t.Fatalf("%d jobs", r.Total)
	}
	if n := query[int](t, s, `SELECT count(*) FROM jobs WHERE status = 'done' AND earlier_id IS NULL`); n != 2 {
		t.Errorf("%d are as they were", n)
	}
	endRun(t, r)
	r = redoing(t, s, Scope{})
	for _, j := range claim(t, r, 4) {
		end(t, r, begin(t, r, j, filepath.Base(j.Image.Path)), answered("new"))
	}
	endRun(t, r)
	endRun(t, redoing(t, s, Scope{Sample: 2}))
	if n := query[int](t, s, `SELECT count(*) FROM jobs WHERE status = 'done' AND earlier_id < answer_id`); n != 4 {
		t.Errorf("%d have their earlier answer still", n)
	}
}

func TestRetryTakesWhatIsChosen(t *testing.T) {
	s := create(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s.now = func() time.Time { return now }
	add(t, s, "a/1.jpg", "a/2.jpg", "b/3.jpg", "b/4.jpg")
	r := startRun(t, s, Scope{})
	for i, j := range claim(t, r, 4) {
		now = now.Add(time.Minute)
		end(t, r, begin(t, r, j, j.Image.Path), failed([]domain.ErrorKind{domain.Timeout, domain.BadRequest}[i%2], domain.Failed))
	}
	endRun(t, r)
	named := func(name string) func(string) bool {
		return func(path string) bool { return strings.Contains(path, name) }
	}
	for _, c := range []struct {
		scope Scope
		want  []string
	}{
		{Scope{}, []string{"1.jpg", "2.jpg", "3.jpg", "4.jpg"}},
		{Scope{Kind: domain.Timeout}, []string{"1.jpg", "3.jpg"}},
		{Scope{Since: now.Add(-time.Minute)}, []string{"3.jpg", "4.jpg"}},
		{Scope{Match: named("2")}, []string{"2.jpg"}},
		{Scope{Roots: []string{filepath.FromSlash("/photos/a")}, Kind: domain.Timeout, Match: named("jpg")}, []string{"1.jpg"}},
		{Scope{Kind: domain.Server}, nil},
	} {
		c.scope.Failed = true
		ahead, err := s.Ahead(t.Context(), newTask(t, s).ID, c.scope, 9)
		if err != nil {
			t.Fatal(err)
		}
		r := startRun(t, s, c.scope)
		var got []string
		for _, j := range claim(t, r, 9) {
			got = append(got, filepath.Base(j.Image.Path))
			// Back to what it was, at the same time.
			if err := r.store.writer.write(t.Context(), func(x *tx) error {
				return x.exec(`UPDATE jobs SET status = 'failed', error_kind = a.outcome, updated_at = a.ended_at
					FROM attempts a WHERE a.job_id = jobs.id AND jobs.id = ?`, j.ID)
			}); err != nil {
				t.Fatal(err)
			}
		}
		endRun(t, r)
		if diff := cmp.Diff(c.want, got); diff != "" || ahead.Jobs != len(c.want) {
			t.Errorf("%+v, ahead %+v: %s", c.scope, ahead, diff)
		}
	}
}
