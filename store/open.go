package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"vlocal"
)

// Errors of opening. Callers add what to do about them.
var (
	// ErrNoDatabase: there is no such file.
	ErrNoDatabase = errors.New("there is no database")
	// ErrNotDatabase: the file is not SQLite's, or is damaged.
	ErrNotDatabase = errors.New("not a database")
	// ErrForeign: an SQLite database of another program.
	ErrForeign = errors.New("a database, but not one of vlocal")
	// ErrNewer: made by a later vlocal than this one.
	ErrNewer = errors.New("made by a newer version of vlocal")
	// ErrBusy: another process has been in the middle of a write for half a minute.
	ErrBusy = errors.New("another process is in the middle of a write to the database")
)

// applicationID is "vlcl", which schema.sql writes into every file.
const applicationID = 0x766c636c

// Open opens a database that is there. A database of an earlier version is
// brought up to date first; one that is foreign, newer or damaged is left as it
// is. Errors: ErrNoDatabase, ErrNotDatabase, ErrForeign, ErrNewer, ErrStrange.
func Open(ctx context.Context, path string) (*Store, error) {
	version, err := inspect(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if version == 0 {
		return nil, fmt.Errorf("open %s: the file is empty: %w", path, ErrNoDatabase)
	}
	return openAt(ctx, path, version)
}

// Create opens a database, and makes it first if there is no file or an empty
// one. The file is readable by its owner only.
func Create(ctx context.Context, path string) (*Store, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create the database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("create the database: %w", err)
	}
	version, err := inspect(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return openAt(ctx, path, version)
}

func openAt(ctx context.Context, path string, version int) (*Store, error) {
	if err := bringUpToDate(ctx, path, version, vlocal.Schema, upgrades); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := s.ensureView(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), s.Close())
	}
	return s, nil
}

// inspect says which version of the schema a file has, 0 for an empty one,
// without changing it.
func inspect(ctx context.Context, path string) (version int, err error) {
	if err := looksLikeSQLite(path); err != nil {
		return 0, err
	}
	version, err = inspectAs(ctx, path, "ro")
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code() == sqlite3.SQLITE_READONLY_ROLLBACK {
		// The power went in the middle of a change, which is to be undone first.
		return inspectAs(ctx, path, "rw")
	}
	return version, err
}

func inspectAs(ctx context.Context, path, mode string) (version int, err error) {
	db, err := sql.Open("sqlite", dsn(path, mode))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	var application, tables int
	err = db.QueryRowContext(ctx, `
		SELECT (SELECT application_id FROM pragma_application_id),
		       (SELECT user_version FROM pragma_user_version),
		       (SELECT count(*) FROM sqlite_schema)`).Scan(&application, &version, &tables)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", ErrNotDatabase, err)
	case application == 0 && version == 0 && tables == 0:
		return 0, nil
	case application != applicationID:
		return 0, ErrForeign
	case version > latest():
		return 0, fmt.Errorf("%w: its schema is version %d, this program knows %d", ErrNewer, version, latest())
	}
	return version, strange(ctx, db)
}

// looksLikeSQLite reads the file's first bytes, so that a photo given as a
// database is called what it is.
//
// Source: https://www.sqlite.org/fileformat.html#magic_header_string
func looksLikeSQLite(path string) error {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoDatabase
	}
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%w: it is not a plain file", ErrNotDatabase)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := "SQLite format 3\x00"
	head := make([]byte, len(magic))
	switch n, err := io.ReadFull(f, head); {
	case n == 0 && errors.Is(err, io.EOF):
		return nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case string(head[:n]) != magic:
		return fmt.Errorf("%w: the file holds something else", ErrNotDatabase)
	}
	return nil
}
