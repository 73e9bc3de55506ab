package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// maxFile bounds a key file, in bytes: some 400 keys.
const maxFile = 64 << 10

// ReadFile gives the keys in a file, one a line; blank lines and those that begin
// with # are skipped. The file has to be a regular one and must not be open to
// other users: its mode may have no bit of 0077.
//
// On Windows the mode says nothing about other users, and is not looked at: there
// a file in the person's own profile folder is closed to them by the permissions
// it inherits.
func ReadFile(path string) ([]Found, error) {
	data, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	var found []Found
	// Windows editors put a byte order mark first.
	text := string(bytes.TrimPrefix(data, []byte("\ufeff")))
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := Parse(line)
		if err != nil {
			return nil, fmt.Errorf("key file %s, line %d: %w", path, n, err)
		}
		found = append(found, Found{key, fmt.Sprintf("%s line %d", path, n)})
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("key file %s: there is no key in it; put one on each line", path)
	}
	return unique(found), nil
}

func readPrivate(path string) ([]byte, error) {
	// Before it is opened: a named pipe would keep one waiting for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return nil, bare(err)
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	// Again: by now it may be another file.
	if info, err = f.Stat(); err != nil {
		return nil, bare(err)
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, bare(err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("it has more than %d bytes, and is hardly one", maxFile)
	}
	return data, nil
}

// private says what is wrong with a file that is to hold keys.
func private(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		if strings.ContainsAny(path, " \t'\"\\$&;()*") {
			path = strconv.Quote(path)
		}
		return fmt.Errorf("other users may read or change it (its mode is %o); close it to them with: chmod 600 %s", mode, path)
	}
	return nil
}

// bare leaves out the path, which the caller tells.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
