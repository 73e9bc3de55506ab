package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// DisplacedError says that the file of an open database is no longer at its path.
// What is written goes into the open file all the same, which nobody finds any more.
type DisplacedError struct {
	Path string
	// Err is why the file is not found at its path; nil if another one is there.
	Err error
	// Saved is where everything is now, a copy that was made of the open file; ""
	// if it was not, which Unsaved tells the reason of.
	Saved   string
	Unsaved error
}

func (e *DisplacedError) Error() string {
	what := "was replaced by another file"
	switch {
	case errors.Is(e.Err, fs.ErrNotExist):
		what = "was deleted or moved away"
	case e.Err != nil:
		what = "cannot be reached any more"
	}
	s := fmt.Sprintf("the database %s %s while it was in use", e.Path, what)
	switch {
	case e.Saved == e.Path:
		return s + "; it is there again, with all that was recorded"
	case e.Saved != "":
		return s + "; all that was recorded is in " + e.Saved
	case e.Unsaved != nil:
		return fmt.Sprintf("%s, and it could not be saved: %v", s, e.Unsaved)
	}
	return s
}

// Unwrap gives why the file is not there.
func (e *DisplacedError) Unwrap() error { return errors.Join(e.Err, e.Unsaved) }

// identity gives what os.SameFile needs to know a file again.
func identity(path string) (fs.FileInfo, error) {
	st, err := os.Stat(path)
	if err == nil {
		// On Windows the number of the file is looked up when it is first asked for.
		os.SameFile(st, st)
	}
	return st, err
}

// inPlace says whether the database's path leads to the file that is open, with
// *DisplacedError if not. It costs one look at the file's entry.
func (s *Store) inPlace() error {
	st, err := os.Stat(s.path)
	if err != nil || !os.SameFile(st, s.file) {
		return &DisplacedError{Path: s.path, Err: err}
	}
	return nil
}

// save copies the open database, whose file is displaced, to where it is found:
// to its path if nothing is there, else beside it or, without that folder, into the
// person's own.
func (s *Store) save(ctx context.Context, e *DisplacedError) {
	folders := []string{filepath.Dir(s.path)}
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, home)
	}
	for _, folder := range folders {
		whole, err := copyWhole(ctx, s.writer.conn, folder)
		if err != nil {
			e.Unsaved = errors.Join(e.Unsaved, err)
			continue
		}
		// Whoever opens the file that is there now would take the changes of this one
		// for its own.
		s.removeChanges()
		to := s.freeName(folder)
		if err := os.Rename(whole, to); err != nil {
			e.Unsaved, e.Saved = errors.Join(e.Unsaved, err), whole
			return
		}
		// It has a name and its content is on disk; that the name is there after a
		// power cut, too, not every system promises.
		_ = syncFolder(folder)
		e.Saved, e.Unsaved = to, nil
		return
	}
}

// removeChanges takes away the files beside the path that belong to the open
// database, which needs no names for them.
func (s *Store) removeChanges() {
	st, err := os.Stat(s.path + "-wal")
	if err == nil && s.changes != nil && os.SameFile(st, s.changes) {
		// What cannot be removed is left over, beside a copy that is whole.
		_ = os.Remove(s.path + "-wal")
		_ = os.Remove(s.path + "-shm")
	}
}

// freeName gives the path of the database in a folder if there is nothing there, else
// a name that says what it is.
func (s *Store) freeName(folder string) string {
	base := filepath.Base(s.path)
	ext := filepath.Ext(base)
	saved := strings.TrimSuffix(base, ext) + "-saved"
	name := base
	for n := 2; ; n++ {
		path := filepath.Join(folder, name)
		_, err := os.Lstat(path)
		_, left := os.Lstat(path + "-wal")
		if errors.Is(err, fs.ErrNotExist) && errors.Is(left, fs.ErrNotExist) {
			return path
		}
		switch n {
		case 2:
			name = saved + ext
		default:
			name = fmt.Sprintf("%s-%d%s", saved, n-1, ext)
		}
	}
}
