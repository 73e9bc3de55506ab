package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"vlocal/domain"
)

func TestBackupHasWhatWasThereAndOpens(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "b.jpg")
	r := startRun(t, s, Scope{})
	defer endRun(t, r)
	end(t, r, begin(t, r, claim(t, r, 1)[0], "a"), answered("yes"))
	to := filepath.Join(t.TempDir(), "copy.db")
	size, err := Backup(t.Context(), s.Path(), to, false)
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(to)
	if err != nil || st.Size() != size || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; said %d bytes", st, err, size)
	}
	c, err := Open(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := statuses(t, c); got["a.jpg"] != domain.Done || got["b.jpg"] != domain.Pending {
		t.Errorf("the copy has %v", got)
	}
	if mode := query[string](t, c, `PRAGMA journal_mode`); mode != "wal" {
		t.Errorf("the copy has journal mode %s", mode)
	}
	// No lock came with it, so that it can be asked with beside the original.
	again, err := c.StartRun(t.Context(), r.task, "", Scope{})
	if err != nil {
		t.Fatal(err)
	}
	endRun(t, again)
}

func TestBackupReplacesABackupAndNothingElse(t *testing.T) {
	s := create(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	backup := func(to string, replace bool) error {
		_, err := Backup(t.Context(), s.Path(), to, replace)
		return err
	}
	to := filepath.Join(dir, "copy.db")
	if err := backup(to, true); err != nil {
		t.Fatal(err)
	}
	if err := backup(to, false); !errors.Is(err, ErrExists) {
		t.Errorf("over another: %v", err)
	}
	add(t, s, "a.jpg")
	if err := backup(to, true); err != nil {
		t.Error(err)
	}
	c, err := Open(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	if all, _, err := c.Images(t.Context()); all != 1 || err != nil {
		t.Errorf("the second copy has %d images, %v", all, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := backup(s.Path(), true); !errors.Is(err, ErrExists) {
		t.Errorf("over itself: %v", err)
	}
	photo := write("photo.jpg", "a photo")
	if err := backup(photo, true); !errors.Is(err, ErrNotDatabase) {
		t.Errorf("over a photo: %v", err)
	}
	write("left.db-wal", "changes of another")
	if err := backup(filepath.Join(dir, "left.db"), false); !errors.Is(err, ErrOpenElsewhere) {
		t.Errorf("beside changes of another database: %v", err)
	}
	if err := backup(filepath.Join(dir, "none", "copy.db"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into no folder: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".vlocal-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
}
