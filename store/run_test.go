package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vlocal/domain"
)

func TestOneRunAtATime(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})

	other, err := Open(t.Context(), s.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, err = other.StartRun(t.Context(), r.task, "", Scope{})
	held, ok := errors.AsType[*InUseError](err)
	if !ok || held.PID != os.Getpid() || time.Since(held.Since) > time.Minute {
		t.Fatalf("error %v (%+v); want who holds it", err, held)
	}
	if all, _, err := other.Images(t.Context()); all != 1 || err != nil {
		t.Errorf("reading meanwhile: %d, %v", all, err)
	}
	endRun(t, r)
	endRun(t, startRun(t, other, Scope{}))
}

func TestClaimGivesEachJobOnceInPathOrder(t *testing.T) {
	s := create(t)
	add(t, s, "c.jpg", "a.jpg", "b.jpg")
	r := startRun(t, s, Scope{})
	defer endRun(t, r)
	var got []string
	for {
		jobs, next, err := r.Claim(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(jobs) == 0 {
			if !next.IsZero() {
				t.Errorf("next = %v with no job left", next)
			}
			break
		}
		for _, j := range jobs {
			got = append(got, filepath.Base(j.Image.Path))
		}
	}
	if diff := cmp.Diff([]string{"a.jpg", "b.jpg", "c.jpg"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFailedAttemptMakesTheJobDueLater(t *testing.T) {
	s := create(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s.now = func() time.Time { return now }
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})
	defer endRun(t, r)
	e := failed(domain.Server, domain.Pending)
	e.NotBefore = now.Add(10 * time.Second)
	end(t, r, begin(t, r, claim(t, r, 1)[0], "a"), e)

	jobs, next, err := r.Claim(t.Context(), 1)
	if len(jobs) != 0 || !next.Equal(e.NotBefore) || err != nil {
		t.Fatalf("claim = %v, %v, %v; want nothing until %v", jobs, next, err, e.NotBefore)
	}
	now = now.Add(10 * time.Second)
	if jobs := claim(t, r, 1); len(jobs) != 1 || jobs[0].Tries != 1 {
		t.Errorf("claim = %+v; want the job with 1 try", jobs)
	}
}

func TestRunTakesOnlyItsScope(t *testing.T) {
	s := create(t)
	add(t, s, "a/1.jpg", "a/2.jpg", "a-b/3.jpg", "b/4.jpg")
	root := func(n string) []string { return []string{filepath.FromSlash("/photos/" + n)} }
	r := startRun(t, s, Scope{Roots: root("a")})
	if r.Total != 2 {
		t.Errorf("total = %d, want 2", r.Total)
	}
	endRun(t, r) // nothing asked: pending

	r = startRun(t, s, Scope{Roots: root("b")})
	jobs := claim(t, r, 10)
	if len(jobs) != 1 || filepath.Base(jobs[0].Image.Path) != "4.jpg" {
		t.Errorf("claimed %+v; want 4.jpg alone, whatever is pending elsewhere", jobs)
	}
	endRun(t, r)
	r = startRun(t, s, Scope{})
	if r.Total != 4 {
		t.Errorf("without a path: %d, want all 4", r.Total)
	}
	endRun(t, r)
}

func TestRetryTakesTheFailedAndNothingElse(t *testing.T) {
	s := create(t)
	add(t, s, "bad.jpg", "good.jpg", "new.jpg")
	r := startRun(t, s, Scope{})
	jobs := claim(t, r, 2)
	end(t, r, begin(t, r, jobs[0], "bad"), failed(domain.BadRequest, domain.Failed))
	end(t, r, begin(t, r, jobs[1], "good"), answered("fine"))
	endRun(t, r)

	r = startRun(t, s, Scope{Failed: true})
	defer endRun(t, r)
	jobs = claim(t, r, 9)
	if r.Total != 1 || len(jobs) != 1 || filepath.Base(jobs[0].Image.Path) != "bad.jpg" || jobs[0].Tries != 0 {
		t.Errorf("total %d, claimed %+v; want bad.jpg, afresh", r.Total, jobs)
	}
}

// What a killed process leaves: a claimed job, and an attempt under way.
func TestDeadRunsAttemptsAreOnRecordAsInterrupted(t *testing.T) {
	s := create(t)
	add(t, s, "asked.jpg", "claimed.jpg", "done.jpg")
	r := startRun(t, s, Scope{})
	jobs := claim(t, r, 3)
	begin(t, r, jobs[0], "asked")
	end(t, r, begin(t, r, jobs[2], "done"), answered("kept"))
	if err := r.unlock(); err != nil { // as the end of a process does
		t.Fatal(err)
	}

	r = startRun(t, s, Scope{})
	defer endRun(t, r)
	if r.Recovered != 1 || r.Total != 2 {
		t.Errorf("recovered %d, total %d; want 1 and 2", r.Recovered, r.Total)
	}
	got := claim(t, r, 9)
	if len(got) != 2 || got[0].Tries != 0 {
		t.Errorf("claimed %+v; want the two, without a try counted", got)
	}
	h, err := s.Histories(t.Context(), jobs[0].Image.ID)
	if err != nil {
		t.Fatal(err)
	}
	if a := h[0].Attempts; len(a) != 1 || a[0].Outcome != string(domain.Interrupted) || a[0].EndedAt.IsZero() {
		t.Errorf("attempts %+v; want one, interrupted", a)
	}
}

func TestSameBytesAreAskedOnce(t *testing.T) {
	s := create(t)
	now := time.Now()
	s.now = func() time.Time { return now }
	add(t, s, "a.jpg", "copy.jpg", "later.jpg")
	r := startRun(t, s, Scope{})
	jobs := claim(t, r, 3)
	first := begin(t, r, jobs[0], "same bytes")
	f := domain.Facts{SHA256: sum("same bytes")}

	if _, err := r.Begin(t.Context(), jobs[1], f, asked); !errors.Is(err, domain.ErrBeingAsked) {
		t.Fatalf("while it is asked: %v", err)
	}
	if jobs, next, err := r.Claim(t.Context(), 1); len(jobs) != 0 || !next.After(now) || err != nil {
		t.Errorf("the copy is due at %v (%v, %v); want a moment later", next, jobs, err)
	}
	end(t, r, first, answered("a cat"))
	now = now.Add(askedElsewhere)
	if _, err := r.Begin(t.Context(), claim(t, r, 1)[0], f, asked); !errors.Is(err, domain.ErrAnswered) {
		t.Fatalf("after it was answered: %v", err)
	}
	if _, err := r.Begin(t.Context(), jobs[2], f, asked); !errors.Is(err, domain.ErrAnswered) {
		t.Fatalf("the third: %v", err)
	}
	endRun(t, r)
	for row, err := range s.Results(t.Context(), r.task.ID) {
		if err != nil {
			t.Fatal(err)
		}
		want := int64(0)
		if filepath.Base(row.Path) == "a.jpg" {
			want = 1
		}
		if row.Answer != "a cat" || row.Status != domain.Done || row.Attempts != want {
			t.Errorf("%s: %s %q, %d attempts", row.Path, row.Status, row.Answer, row.Attempts)
		}
	}
	totals, err := s.Totals(t.Context(), r.task.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := domain.Totals{
		Jobs: map[domain.Status]int{domain.Done: 3}, Failures: map[domain.ErrorKind]int{},
		Attempts: 1, Shared: 2, Usage: domain.Usage{TokensIn: 10, TokensOut: 2}, MeanLatency: 48 * time.Millisecond,
		Asking: askedElsewhere, Unpriced: 1,
		Keys: []domain.KeyTotals{{Key: "…abcd", Attempts: 1, Usage: domain.Usage{TokensIn: 10, TokensOut: 2}, Unpriced: 1}},
	}
	if diff := cmp.Diff(want, totals); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyAGoodAnswerIsShared(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "copy.jpg")
	r := startRun(t, s, Scope{})
	defer endRun(t, r)
	jobs := claim(t, r, 2)
	cut := failed(domain.Truncated, domain.Failed)
	cut.Answer = domain.Answer{Text: "half an ans", FinishReason: "length"}
	end(t, r, begin(t, r, jobs[0], "same"), cut)
	begin(t, r, jobs[1], "same") // fails the test if it is not begun
	for row, err := range s.List(t.Context(), r.task.ID, Filter{Status: domain.Failed}) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Answer != "half an ans" || row.ErrorKind != domain.Truncated {
			t.Errorf("%+v; want what was paid for, beside the error", row)
		}
	}
}

func TestHistoryHasEveryAttemptInOrder(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})
	defer endRun(t, r)
	for _, kind := range []domain.ErrorKind{domain.Server, domain.RateLimited} {
		end(t, r, begin(t, r, claim(t, r, 1)[0], "a"), failed(kind, domain.Pending))
	}
	priced := answered("a dog")
	cost := domain.Dollars(0.0003)
	priced.Answer.Cost, priced.Answer.TokensCached = &cost, 4
	end(t, r, begin(t, r, claim(t, r, 1)[0], "a"), priced)

	image, err := s.ImageByName(t.Context(), "a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Histories(t.Context(), image.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []domain.Attempt{
		{Asked: asked, Outcome: "server", Error: "ask: server happened", HTTPStatus: 500, Latency: 5 * time.Millisecond},
		{Asked: asked, Outcome: "rate_limited", Error: "ask: rate_limited happened", HTTPStatus: 500, Latency: 5 * time.Millisecond},
		{Asked: asked, Outcome: "ok", HTTPStatus: 200, Latency: 48 * time.Millisecond, Answer: priced.Answer},
	}
	if diff := cmp.Diff(want, h[0].Attempts, cmpopts.IgnoreFields(domain.Attempt{}, "ID", "JobID", "StartedAt", "EndedAt")); diff != "" {
		t.Error(diff)
	}
	if h[0].Result.Status != domain.Done || h[0].Task != r.task {
		t.Errorf("%+v", h[0])
	}
}

func TestAttemptEndsOnce(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})
	defer endRun(t, r)
	a := begin(t, r, claim(t, r, 1)[0], "a")
	end(t, r, a, answered("first"))
	if err := r.End(t.Context(), a, answered("second")); err == nil {
		t.Error("an attempt on record was overwritten")
	}
	if n := query[int](t, s, "SELECT count(*) FROM answers"); n != 1 {
		t.Errorf("%d answers", n)
	}
}

func TestChangedQuestionIsANewTask(t *testing.T) {
	s := create(t)
	first := newTask(t, s)
	if again := newTask(t, s); again.ID != first.ID {
		t.Errorf("the same question became task %d, then %d", first.ID, again.ID)
	}
	for _, change := range []func(*domain.Task){
		func(t *domain.Task) { t.Prompt += "?" },
		func(t *domain.Task) { t.Model = "other" },
		func(t *domain.Task) { t.MaxTokens++ },
		func(t *domain.Task) { t.Quality-- },
		func(t *domain.Task) { t.MaxWidth++ },
		func(t *domain.Task) { t.MaxHeight++ },
	} {
		other := question
		change(&other)
		got, err := s.Task(t.Context(), other)
		if err != nil || got.ID == first.ID {
			t.Errorf("%+v is task %d, %v", other, got.ID, err)
		}
	}
}

// Writes of many goroutines share transactions; one that fails takes no other
// with it.
func TestWritesTogetherFailAlone(t *testing.T) {
	s := create(t)
	var wg sync.WaitGroup
	errs := make([]error, 200)
	for i := range errs {
		wg.Go(func() {
			errs[i] = s.writer.write(context.Background(), func(t *tx) error {
				path := "p" + strings.Repeat("x", i)
				if i%7 == 0 {
					path = "twice" // breaks UNIQUE for all but the first
				}
				return t.exec(`INSERT INTO images (path, bytes, mtime_ns, found_at) VALUES (?, 1, 1, 1)`, path)
			})
		})
	}
	wg.Wait()
	failures := 0
	for i, err := range errs {
		if err != nil {
			failures++
			if i%7 != 0 {
				t.Errorf("write %d: %v", i, err)
			}
		}
	}
	if twice := (len(errs) + 6) / 7; failures != twice-1 {
		t.Errorf("%d writes failed, want %d", failures, twice-1)
	}
	if n := query[int](t, s, "SELECT count(*) FROM images"); n != len(errs)-failures {
		t.Errorf("%d rows for %d good writes", n, len(errs)-failures)
	}
}

func TestWriteAfterCloseIsRefused(t *testing.T) {
	s, err := Create(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Task(t.Context(), question); !errors.Is(err, errClosed) {
		t.Errorf("error %v", err)
	}
}

func TestJobAsksTheModelItsLastAttemptNamed(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})
	again := failed(domain.Refused, domain.Pending)
	again.Model, again.CountTry = "second", true
	end(t, r, begin(t, r, claim(t, r, 1)[0], "a"), again)
	j := claim(t, r, 1)[0]
	if j.Model != "second" || j.Tries != 0 {
		t.Errorf("%+v; want the second model, from the start", j)
	}
	again.Err.Kind = domain.Server
	end(t, r, begin(t, r, j, "a"), again)
	if j := claim(t, r, 1)[0]; j.Model != "second" || j.Tries != 1 {
		t.Errorf("%+v; want the second model, once tried", j)
	}
	end(t, r, begin(t, r, j, "a"), failed(domain.Refused, domain.Failed))
	endRun(t, r)

	r = startRun(t, s, Scope{Failed: true})
	defer endRun(t, r)
	if j := claim(t, r, 1)[0]; j.Model != "" || j.Tries != 0 {
		t.Errorf("%+v; want a fresh start", j)
	}
}

func TestReleasedJobIsLeftToAnotherRun(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "b.jpg")
	r := startRun(t, s, Scope{})
	release := failed(domain.Server, domain.Pending)
	release.Release = true
	end(t, r, begin(t, r, claim(t, r, 1)[0], "a"), release)
	end(t, r, begin(t, r, claim(t, r, 1)[0], "b"), answered("b"))
	if jobs, next, err := r.Claim(t.Context(), 9); len(jobs) != 0 || !next.IsZero() || err != nil {
		t.Errorf("claimed %v, next %v, %v; want nothing left", jobs, next, err)
	}
	endRun(t, r)
	r = startRun(t, s, Scope{})
	defer endRun(t, r)
	if jobs := claim(t, r, 9); len(jobs) != 1 {
		t.Errorf("the next run has %v", jobs)
	}
}

func TestDecisionsAreOnRecord(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})
	defer endRun(t, r)
	var want []domain.Decision
	for i, what := range domain.Subjects {
		d := domain.Decision{At: time.UnixMilli(int64(1700000000000 + i)), What: what, Text: "as the test wants it"}
		if err := r.Decided(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		want = append(want, d)
	}
	got, err := s.Decisions(t.Context(), r.task.ID, len(want)-1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[1:], got); diff != "" {
		t.Error(diff)
	}
}
