package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"vlocal/domain"
	"vlocal/internal/powercut"
)

// cuts is how often the power goes in a test: a few times, or with VLOCAL_LONG=1 as
// often as takes some minutes.
func cuts(few, many int) int {
	if os.Getenv("VLOCAL_LONG") != "" {
		return many
	}
	return few
}

// An answer that was recorded is there after the power went, whenever that is, and
// whatever the disk had not written by then.
func TestPowerCutLosesNoAnswer(t *testing.T) {
	const images = 60
	work := func(ctx context.Context, s *Store, d *powercut.Disk) error {
		r, err := runIn(ctx, s)
		if err != nil {
			return err
		}
		return errors.Join(answerAll(ctx, r, d), r.Close(ctx, nil))
	}
	prepare := func(t *testing.T, path string) {
		s := createAt(t, path)
		for n := range images {
			add(t, s, fmt.Sprintf("%d.jpg", n))
		}
		closeStore(t, s)
	}
	check := func(t *testing.T, s *Store, promised []any) {
		for _, p := range promised {
			got := query[string](t, s, fmt.Sprintf(
				"SELECT coalesce((SELECT n.text || ' ' || j.status FROM jobs j JOIN answers n ON n.id = j.answer_id WHERE j.id = %d), 'lost')", p))
			if got != fmt.Sprintf("answer %d done", p) {
				t.Errorf("job %d was answered, and now it is %q", p, got)
			}
		}
		r, err := runIn(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if err := answerAll(t.Context(), r, nil); err != nil {
			t.Fatal(err)
		}
		endRun(t, r)
		if n := query[int](t, s, "SELECT count(*) FROM jobs WHERE status = 'done'"); n != images {
			t.Errorf("%d of %d jobs are done in the end", n, images)
		}
	}
	cutOften(t, cuts(25, 2000), prepare, work, check)
}

// runIn starts a run of all that is there.
func runIn(ctx context.Context, s *Store) (*Run, error) {
	task, err := s.Task(ctx, question)
	if err != nil {
		return nil, err
	}
	return s.StartRun(ctx, task, "http://localhost/v1", Scope{})
}

// answerAll answers the jobs of a run, eight at once, and promises each on d.
func answerAll(ctx context.Context, r *Run, d *powercut.Disk) error {
	for {
		jobs, _, err := r.Claim(ctx, 8)
		if err != nil || len(jobs) == 0 {
			return err
		}
		var all sync.WaitGroup
		failed := make(chan error, len(jobs))
		for _, j := range jobs {
			all.Go(func() {
				a, err := r.Begin(ctx, j, domain.Facts{SHA256: sum(j.Image.Path)}, asked)
				if err == nil {
					err = r.End(ctx, a, answered(fmt.Sprintf("answer %d", j.ID)))
				}
				if err == nil && d != nil {
					d.Promise(j.ID)
				}
				failed <- err
			})
		}
		all.Wait()
		close(failed)
		for err := range failed {
			if err != nil {
				return err
			}
		}
	}
}

// A new file that the power went from while it was made is no obstacle to making
// it once more.
func TestPowerCutWhileTheDatabaseIsMade(t *testing.T) {
	work := func(ctx context.Context, s *Store, d *powercut.Disk) error {
		d.Promise("made")
		_, err := s.Task(ctx, question)
		return err
	}
	check := func(t *testing.T, s *Store, _ []any) {
		newTask(t, s)
	}
	cutOften(t, cuts(25, 1000), func(*testing.T, string) {}, work, check)
}

// What an older program had on record is there after an upgrade that the power went
// in the middle of.
func TestPowerCutInAnUpgrade(t *testing.T) {
	prepare := func(t *testing.T, path string) {
		data, err := os.ReadFile(oldDatabase(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	work := func(context.Context, *Store, *powercut.Disk) error { return nil }
	check := func(t *testing.T, s *Store, _ []any) {
		if n := query[int](t, s, "SELECT count(*) FROM results WHERE status = 'done' AND answer <> ''"); n != 11 {
			t.Errorf("%d answers, want the 11 of before", n)
		}
	}
	cutOften(t, cuts(25, 1000), prepare, work, check)
}

// cutOften opens the database that prepare makes, works, and takes the power away
// at a random moment in that, times times over; then it opens what is left and has
// check look at it.
func cutOften(t *testing.T, times int, prepare func(*testing.T, string), work func(context.Context, *Store, *powercut.Disk) error, check func(*testing.T, *Store, []any)) {
	original := filepath.Join(t.TempDir(), "vlocal.db")
	prepare(t, original)
	events := workOn(t, original, 0, 0, work).Events()
	for n := range times {
		seed := rand.Uint64()
		at := 1 + int(seed%uint64(events))
		t.Run(fmt.Sprintf("%d/event=%d/seed=%d", n, at, seed), func(t *testing.T) {
			left := workOn(t, original, at, seed, work).Left()
			folder := t.TempDir()
			if err := left.WriteTo(folder); err != nil {
				t.Fatal(err)
			}
			s := createAt(t, filepath.Join(folder, "vlocal.db"))
			defer closeStore(t, s)
			if got := query[string](t, s, "SELECT group_concat(integrity_check) FROM pragma_integrity_check"); got != "ok" {
				t.Fatalf("the database is damaged: %s", got)
			}
			checkCounts(t, s)
			check(t, s, left.Promised)
		})
	}
}

// workOn works on a copy of the database, or on a new one, on a disk whose power
// goes at an event.
func workOn(t *testing.T, original string, at int, seed uint64, work func(context.Context, *Store, *powercut.Disk) error) *powercut.Disk {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "vlocal.db")
	if data, err := os.ReadFile(original); err == nil {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	disk, end, err := powercut.Between(folder, at, seed)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	s := createAt(t, path)
	if err := work(t.Context(), s, disk); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	return disk
}

func createAt(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
