package scan

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Away reports that the folder of a file that cannot be read is not there, is empty
// or fails to be read: its drive was unplugged, or the folder deleted. A folder that
// this user may not look into is there.
func Away(path string) bool {
	f, err := os.Open(filepath.Dir(path))
	if err != nil {
		return !errors.Is(err, fs.ErrPermission)
	}
	defer f.Close() // it was only read
	_, err = f.Readdirnames(1)
	return errors.Is(err, io.EOF) || err != nil && !errors.Is(err, fs.ErrPermission)
}
