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
// On any error the file is as it was before. A new file can be read by its owner
// only; one that was there keeps its mode.
//
// A link is followed, so that the file it points to is replaced, or made. What is
// not a regular file (a pipe, /dev/stdout) is written to directly.
func File(path string, write func(io.Writer) error) error {
	return FileMode(path, 0o600, write)
}

// FileMode is File for a new file that others may read too, of the mode given.
func FileMode(path string, mode fs.FileMode, write func(io.Writer) error) error {
	if err := writeTo(path, mode, write); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func writeTo(path string, mode fs.FileMode, write func(io.Writer) error) error {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		target, err := linked(path)
		if err != nil {
			return err
		}
		return replace(target, mode, write)
	case err != nil:
		return withoutPath(err)
	case st.IsDir():
		return fmt.Errorf("it is a folder; name a file in it, such as %s", filepath.Join(path, "photos.csv"))
	case !st.Mode().IsRegular():
		return direct(path, write)
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return withoutPath(err)
	}
	return replace(target, st.Mode().Perm(), write)
}

// maxLinks bounds how many links are followed one behind the other, as
// filepath.EvalSymlinks does.
const maxLinks = 255

// linked gives the name of the file to make for path, at which os.Stat finds
// nothing: path itself, or where the links lead that stand there.
func linked(path string) (string, error) {
	for range maxLinks {
		st, err := os.Lstat(path)
		if err != nil || st.Mode()&fs.ModeSymlink == 0 {
			return path, nil // whoever makes the file meets the error
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", withoutPath(err)
		}
		if !filepath.IsAbs(target) {
			// As the system does: seen from the folder the link is in, not from
			// one by whose linked name it was reached.
			folder, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return "", withoutPath(err)
			}
			target = filepath.Join(folder, target)
		}
		path = target
	}
	return "", errors.New("too many links, one behind the other")
}

func direct(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return withoutPath(err)
	}
	return errors.Join(write(f), f.Close())
}

func replace(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".vlocal-*.tmp")
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s; make it first", filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("make a file in %s: %w", filepath.Dir(path), withoutPath(err))
	}
	defer func() {
		if err != nil {
			// Already closed where that went well; the error that counts is err.
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("replace it (is it open in a spreadsheet program? close it there and try again): %w", err)
	}
	return nil
}

// withoutPath gives the cause of an error of package os; File names the path.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
