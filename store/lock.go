package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// InUseError says that another process is asking with this database.
type InUseError struct {
	Path string
	// PID and Host are of the process that holds it, Since when its run began;
	// PID is 0 when the holder has not put itself on record yet.
	PID   int
	Host  string
	Since time.Time
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s is in use by another run", e.Path)
	}
	return fmt.Sprintf("%s is in use by another run: process %d on %s, since %s",
		e.Path, e.PID, e.Host, e.Since.Local().Format("2006-01-02 15:04:05"))
}

// Free reports that nobody asks with this database now, or fails with *InUseError.
// Whoever is to ask finds out before it scans and writes: the other one may stand
// still in the middle of a write.
func (s *Store) Free(ctx context.Context) error {
	unlock, err := s.lockRun(ctx)
	if err != nil {
		return err
	}
	return unlock()
}

// lockRun takes the right to ask with this database, for one process at a time,
// or fails with *InUseError at once. The lock is the operating system's on a
// file beside the database: it ends with the process, however that dies, and
// holds while the process is merely stopped. Scanning and reading need no lock.
//
// The lock file stays: removing it would race with the next one to take it.
func (s *Store) lockRun(ctx context.Context) (unlock func() error, err error) {
	lock := flock.New(s.path+".lock", flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	if ok {
		return lock.Unlock, nil
	}
	held := &InUseError{Path: s.path}
	var since int64
	err = s.read.QueryRowContext(ctx, `
		SELECT pid, host, started_at FROM runs
		WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1`).Scan(&held.PID, &held.Host, &since)
	if found, err := optional(err); err != nil {
		return nil, errors.Join(held, err)
	} else if found {
		held.Since = time.UnixMilli(since)
	}
	return nil, held
}
