package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrDiskFull: there is no room left for what is to be recorded.
var ErrDiskFull = errors.New("the disk with the database is full")

// reserveBytes are kept free for the answers that are on their way when the disk
// becomes full: they are paid for. Recording one writes some pages of 4 KiB, which
// those that come together share.
const reserveBytes = 4 << 20

// reserve is room on the disk of the database that is held until it is needed. It
// is a file without a name, where the system has such, so that none is left over.
type reserve struct {
	mu   sync.Mutex
	file *os.File
	used bool
}

// hold takes the room; ErrDiskFull if there is not enough.
func (r *reserve) hold(database string) error {
	f, err := os.OpenFile(database+".reserve", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("hold room for answers: %w", err)
	}
	// Windows keeps the name of an open file; giveBack takes it away.
	_ = os.Remove(f.Name())
	// No zeros, which some file systems store as nothing.
	if _, err = io.CopyN(f, rand.Reader, reserveBytes); err != nil {
		err = fmt.Errorf("hold room for answers: %w", err)
		if noRoom(err) {
			err = fmt.Errorf("%w (%w)", ErrDiskFull, err)
		}
		return errors.Join(err, f.Close(), removeLeft(f.Name()))
	}
	r.file = f
	return nil
}

// use gives the room free, and reports whether there was any: whoever met a full
// disk may try again then.
func (r *reserve) use() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file != nil {
		// It holds nothing; if it cannot be closed there is no more room, and the
		// next try says so.
		_, r.used = r.file.Close(), true
		_ = removeLeft(r.file.Name())
		r.file = nil
	}
	return r.used
}

// spent says that the room was needed.
func (r *reserve) spent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.used
}

// giveBack ends the holding.
func (r *reserve) giveBack() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return errors.Join(f.Close(), removeLeft(f.Name()))
}

func removeLeft(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// diskFull reports whether SQLite found no room.
func diskFull(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == sqlite3.SQLITE_FULL
}

// withRoom does a write and, if the disk is full, once more with the room that was
// held for it.
func (r *Run) withRoom(write func() error) error {
	err := write()
	if diskFull(err) && r.reserve.use() {
		err = write()
	}
	if diskFull(err) {
		err = fmt.Errorf("%w (%w)", ErrDiskFull, err)
	}
	return err
}
