package export

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File has write fill the file at path, whole or not at all: what is written
// goes to a file beside it that takes its name in the end, when it is on disk.
// On any error the file is as it was before.
//
// A link is followed, so that the file it points to is replaced. What is not a
// regular file (a pipe, /dev/stdout) is written to directly.
func File(path string, write func(io.Writer) error) error {
	target := path
	mode := fs.FileMode(0o600)
	switch st, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("write %s: %w", path, err)
	case st.IsDir():
		return fmt.Errorf("write %s: it is a folder; name a file in it, such as %s",
			path, filepath.Join(path, "photos.csv"))
	case !st.Mode().IsRegular():
		return direct(path, write)
	default:
		mode = st.Mode().Perm()
		if target, err = filepath.EvalSymlinks(path); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return replace(target, mode, write)
}

func direct(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return errors.Join(write(f), f.Close())
}

func replace(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".vlocal-*.tmp")
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: there is no folder %s; make it first", path, filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			// Already closed where that went well; the error that counts is err.
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := errors.Join(f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("replace %s (is it open in a spreadsheet? close it there and try again): %w", path, err)
	}
	return nil
}
