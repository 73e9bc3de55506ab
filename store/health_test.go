package store

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// raw runs statements in a database as another tool could.
func raw(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(statements)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// closed makes a database with some jobs and gives its path.
func closed(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vlocal.db")
	s, err := Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, "a.jpg", "b.jpg", "c.jpg")
	r := startRun(t, s, Scope{})
	end(t, r, begin(t, r, claim(t, r, 1)[0], "a"), answered("yes"))
	endRun(t, r)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func examined(t *testing.T, path string) Health {
	t.Helper()
	h, err := Examine(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHealthyDatabaseHasNoFindings(t *testing.T) {
	path := closed(t)
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Health{Bytes: st.Size(), Version: latest(), Latest: latest(), InIndexes: true, View: true}
	if diff := cmp.Diff(want, examined(t, path)); diff != "" {
		t.Error(diff)
	}
}

// The rows of a table are there, and an index on them has lost some.
func TestIndexThatDoesNotFitIsMadeAnew(t *testing.T) {
	path := closed(t)
	raw(t, path, `
		PRAGMA writable_schema = ON;
		UPDATE sqlite_schema SET sql = replace(sql, 'status = ''pending''', 'status = ''done''') WHERE name = 'jobs_due';
		PRAGMA writable_schema = RESET`)
	h := examined(t, path)
	if len(h.Damage) == 0 || !h.InIndexes {
		t.Fatalf("found %+v", h)
	}
	if err := Reindex(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if h := examined(t, path); len(h.Damage) > 0 {
		t.Errorf("after mending: %v", h.Damage)
	}
}

func TestDamagedPagesAreFound(t *testing.T) {
	path := closed(t)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	// All pages but the first two, which have the schema's beginning.
	noise := make([]byte, st.Size()-8192)
	for i := range noise {
		noise[i] = 0xa5
	}
	_, err = f.WriteAt(noise, 8192)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if h := examined(t, path); len(h.Damage) == 0 || h.InIndexes {
		t.Errorf("found %+v", h)
	}
}

func TestExaminationDuringARunTakesNothingForDead(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})
	defer endRun(t, r)
	a := begin(t, r, claim(t, r, 1)[0], "a")
	if h := examined(t, s.Path()); !h.Asking || h.Open+h.Running != 0 {
		t.Errorf("found %+v", h)
	}
	if _, err := s.MendAttempts(t.Context()); err == nil {
		t.Error("the attempts of a run under way are mended")
	}
	end(t, r, a, answered("yes"))
}
