// Package store owns the SQLite file: where it is, its schema, its locks and
// every SQL statement of the project. It knows the words of the domain and
// nothing of any other room.
//
// All writing goes through one goroutine and one connection, which gathers what
// callers want to write at the same moment into one transaction. A call that
// writes returns when its part is on disk (WAL, synchronous=FULL), so 25
// callers pay for one sync together. Reading uses connections of its own and
// never waits for the writer.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
)

// Store is an open database. It is safe for many goroutines.
type Store struct {
	path string
	// file is what was at path when it was opened, changes the -wal file beside it
	// when a run began.
	file, changes fs.FileInfo

	read   *sql.DB
	writer *writer
	// lists is held while a list of URLs is added.
	lists sync.Mutex
	// now is the clock; tests hold it.
	now func() time.Time
}

// readers bounds the connections for reading: an export and a status at the
// same time, with some room.
const readers = 4

// writerPragmas are the settings of the connection that writes: room for the pages
// of the indexes, into which answers fall at random, and fewer checkpoints, which
// stop all writing for some fsyncs: one for each 32 MB of the log.
//
// Source: https://www.sqlite.org/pragma.html#pragma_wal_autocheckpoint
const writerPragmas = "&_pragma=cache_size(-4000)&_pragma=wal_autocheckpoint(8000)"

// open connects to a file that is known to be a vlocal database of today's
// schema.
func open(path string) (*Store, error) {
	// One file, one name: the run's lock stands beside it.
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	// Half the cost of a commit on journaling file systems, with the same
	// promise. Not every system has it; fsync is right there.
	if _, err := sqlite.Fdatasync(true); err != nil && !errors.Is(err, sqlite.ErrFdatasyncUnavailable) {
		return nil, err
	}
	file, err := identity(path)
	if err != nil {
		return nil, err
	}
	w, err := newWriter(dsn(path, "rw") + writerPragmas)
	if err != nil {
		return nil, err
	}
	read, err := sql.Open("sqlite", dsn(path, "rw")+"&_query_only=1")
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	read.SetMaxOpenConns(readers)
	return &Store{path: path, file: file, read: read, writer: w, now: time.Now}, nil
}

// Path gives the name the database was opened by.
func (s *Store) Path() string { return s.path }

// Close waits for writes under way, then closes the file.
func (s *Store) Close() error {
	return errors.Join(s.read.Close(), s.writer.close())
}

// dsn spells a file name as an SQLite URI, in which ?, # and % would otherwise
// have a meaning, with the settings every connection has. mode is "ro", "rw"
// or "rwc".
//
// Source: https://www.sqlite.org/uri.html
func dsn(path, mode string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	abs = filepath.ToSlash(abs)
	if runtime.GOOS == "windows" && !strings.HasPrefix(abs, "/") {
		abs = "/" + abs
	}
	escaped := (&url.URL{Path: abs}).EscapedPath()
	// busy_timeout covers the moments when another vlocal (a scan, a retry)
	// writes. Untrusted schemas must not call functions with side effects.
	return "file://" + escaped + "?mode=" + mode +
		"&_pragma=busy_timeout(30000)&_pragma=foreign_keys(1)&_pragma=synchronous(full)" +
		"&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)&_defensive=1"
}

// millis is an instant as the database holds it.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// text is a string for a column in which the empty string is NULL.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// positive is a number for a column in which 0 is NULL.
func positive[T int | int64](n T) any {
	if n <= 0 {
		return nil
	}
	return int64(n)
}

// sum256 is a hash for a column in which all zero is NULL.
func sum256(sum [32]byte) any {
	if sum == [32]byte{} {
		return nil
	}
	return sum[:]
}

// optional turns no row into found == false.
func optional(err error) (found bool, _ error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// count runs a query that gives one number.
func (s *Store) count(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.read.QueryRowContext(ctx, query, args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", s.path, err)
	}
	return n, nil
}
