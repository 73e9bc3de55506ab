//go:build unix

package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"vlocal/domain"
)

// disturbed begins a run, has something happen to the database's file and then an
// answer recorded, and gives what the end of the run says.
func disturbed(t *testing.T, happen func(path string)) (*Store, *DisplacedError) {
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
	add(t, s, "a.jpg", "b.jpg")
	r := startRun(t, s, Scope{})
	a := begin(t, r, claim(t, r, 1)[0], "a")
	happen(s.Path())
	end(t, r, a, answered("paid for"))
	_, _, err = r.Claim(t.Context(), 1)
	if _, ok := errors.AsType[*DisplacedError](err); !ok {
		t.Fatalf("claim: %v", err)
	}
	displaced, ok := errors.AsType[*DisplacedError](r.Close(t.Context(), err))
	if !ok || displaced.Unsaved != nil {
		t.Fatalf("close: %v", displaced)
	}
	return s, displaced
}

// hasTheAnswer opens a database and looks for what disturbed recorded.
func hasTheAnswer(t *testing.T, path string) {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := statuses(t, s); got["a.jpg"] != domain.Done || got["b.jpg"] != domain.Pending {
		t.Errorf("%s has %v", path, got)
	}
	if ok := query[string](t, s, `PRAGMA integrity_check`); ok != "ok" {
		t.Error(ok)
	}
}

func TestDeletedDatabaseIsThereAgain(t *testing.T) {
	for name, happen := range map[string]func(path string){
		"alone": func(path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"with what is beside it": func(path string) {
			for _, beside := range []string{"", "-wal", "-shm", ".lock"} {
				if err := os.Remove(path + beside); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, displaced := disturbed(t, happen)
			if displaced.Saved != s.Path() {
				t.Errorf("saved in %s", displaced.Saved)
			}
			hasTheAnswer(t, s.Path())
		})
	}
}

func TestReplacedDatabaseIsLeftAloneAndTheOpenOneSaved(t *testing.T) {
	other := create(t)
	add(t, other, "c.jpg")
	copied := filepath.Join(t.TempDir(), "other.db")
	if _, err := Backup(t.Context(), other.Path(), copied, false); err != nil {
		t.Fatal(err)
	}
	s, displaced := disturbed(t, func(path string) {
		if err := os.Rename(copied, path); err != nil {
			t.Fatal(err)
		}
	})
	if want := filepath.Join(filepath.Dir(s.Path()), "vlocal-saved.db"); displaced.Saved != want {
		t.Errorf("saved in %s, want %s", displaced.Saved, want)
	}
	hasTheAnswer(t, displaced.Saved)
	// The changes of the open one are not taken for changes of the other.
	now, err := Open(t.Context(), s.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer now.Close()
	if got := statuses(t, now); len(got) != 0 {
		t.Errorf("the other one has %v", got)
	}
	if all, _, err := now.Images(t.Context()); all != 1 || err != nil {
		t.Errorf("the other one has %d images, %v", all, err)
	}
}

func TestDatabaseIsSavedInTheHomeWhenItsFolderIsGone(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	_, displaced := disturbed(t, func(path string) {
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
	})
	if want := filepath.Join(home, "vlocal.db"); displaced.Saved != want {
		t.Errorf("saved in %s, want %s", displaced.Saved, want)
	}
	hasTheAnswer(t, displaced.Saved)
}
