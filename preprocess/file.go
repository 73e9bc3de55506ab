package preprocess

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"vlocal/domain"
)

// read gives the bytes of a regular file of at most maxBytes.
func read(path string, maxBytes int64) ([]byte, error) {
	// Looking first keeps devices from being opened at all: opening some has
	// effects, such as rewinding a tape.
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable("open", err)
	}
	if !info.Mode().IsRegular() {
		return nil, notRegular(info.Mode())
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, unreadable("open", err)
	}
	// A file that was only read has nothing left to lose when it is closed.
	defer func() { _ = f.Close() }()
	// It may have been swapped since.
	if info, err = f.Stat(); err != nil {
		return nil, unreadable("open", err)
	}
	if !info.Mode().IsRegular() {
		return nil, notRegular(info.Mode())
	}
	if info.Size() > maxBytes {
		return nil, tooManyBytes(info.Size(), maxBytes)
	}
	return readUpTo(f, info.Size(), maxBytes)
}

// readUpTo reads a file that was size bytes long a moment ago, into a buffer
// that need not grow unless the file does.
func readUpTo(f io.Reader, size, maxBytes int64) ([]byte, error) {
	data := make([]byte, 0, size+1)
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, unreadable("read", err)
		}
		if int64(len(data)) > maxBytes {
			return nil, tooManyBytes(int64(len(data)), maxBytes)
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
	}
}

func unreadable(op string, err error) error {
	hint := "see whether the disk or the network share is in order, then retry"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint = "it was moved or deleted; scan its folder again"
	case errors.Is(err, fs.ErrPermission):
		hint = "allow your user to read it, then retry"
	}
	// The path is the error's object already.
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fail(domain.Unreadable, op, hint, err)
}

func notRegular(mode fs.FileMode) error {
	what := "a device or a socket"
	switch {
	case mode.IsDir():
		what = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		what = "a pipe"
	}
	return fail(domain.Unreadable, "open", "name a picture file", fmt.Errorf("%s, not a file", what))
}

func tooManyBytes(size, limit int64) error {
	return fail(domain.TooLarge, "read", "save a smaller copy of it, or exclude it",
		fmt.Errorf("the file has %d bytes; at most %d are read", size, limit))
}
