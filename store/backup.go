package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Errors of Backup, beside those of Open. Callers add what to do about them.
var (
	// ErrExists: there is a file of the backup's name already.
	ErrExists = errors.New("there is a file of that name already")
	// ErrOpenElsewhere: the file that is to be replaced has a journal beside it, so
	// that a program has it open, or died with it.
	ErrOpenElsewhere = errors.New("it has changes beside it (-wal) that belong to another database")
)

// Backup copies the database at from, as it is at one moment, into a new file at to,
// and gives its size in bytes. Others may read and write meanwhile. A database of an
// earlier version is copied as it is.
//
// The copy has its name only when it is whole, checked and on disk; only its owner
// can read it. With replace it takes the place of another vlocal database, and of
// nothing else.
func Backup(ctx context.Context, from, to string, replace bool) (size int64, err error) {
	version, err := inspect(ctx, from)
	if err == nil && version == 0 {
		err = fmt.Errorf("the file is empty: %w", ErrNoDatabase)
	}
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", from, err)
	}
	if size, err = backup(ctx, from, to, replace); err != nil {
		return 0, fmt.Errorf("copy %s to %s: %w", from, to, err)
	}
	return size, nil
}

func backup(ctx context.Context, from, to string, replace bool) (int64, error) {
	if err := mayBecome(ctx, from, to, replace); err != nil {
		return 0, err
	}
	db, err := sql.Open("sqlite", dsn(from, "rw"))
	if err != nil {
		return 0, err
	}
	whole, err := copyWhole(ctx, db, filepath.Dir(to))
	if err = errors.Join(err, db.Close()); err != nil {
		return 0, err
	}
	st, err := os.Stat(whole)
	if err == nil {
		err = os.Rename(whole, to)
	}
	if err != nil {
		return 0, errors.Join(err, os.Remove(whole))
	}
	return st.Size(), syncFolder(filepath.Dir(to))
}

// mayBecome says whether a copy of a database may take the name to.
func mayBecome(ctx context.Context, from, to string, replace bool) error {
	there, err := os.Stat(to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if same, err := os.Stat(from); err == nil && os.SameFile(there, same) {
		return fmt.Errorf("%w: it is the database itself", ErrExists)
	}
	// SQLite would take them for changes of the copy.
	for _, beside := range []string{"-wal", "-journal"} {
		if st, err := os.Stat(to + beside); err == nil && st.Size() > 0 {
			return ErrOpenElsewhere
		}
	}
	if there == nil {
		return nil
	}
	if !replace {
		return ErrExists
	}
	if _, err := inspect(ctx, to); err != nil {
		return fmt.Errorf("only another backup is replaced: %w", err)
	}
	return nil
}

// copyWhole writes what a connection to a database has into a new file in a folder,
// checks that, has it on disk and gives its name.
func copyWhole(ctx context.Context, from executor, folder string) (name string, err error) {
	f, err := os.CreateTemp(folder, ".vlocal-*.tmp")
	if err != nil {
		return "", err
	}
	name = f.Name()
	defer func() {
		if err != nil {
			for _, left := range []string{"", "-wal", "-shm", "-journal"} {
				_ = os.Remove(name + left) // err is what counts
			}
		}
	}()
	if err := f.Close(); err != nil {
		return name, err
	}
	// VACUUM reads in one transaction, which in WAL mode keeps nobody waiting, and
	// fails on pages that it cannot read.
	if _, err := from.ExecContext(ctx, `VACUUM INTO ?`, name); err != nil {
		return name, err
	}
	if err := checkCopy(ctx, name); err != nil {
		return name, err
	}
	// SQLite does not sync what VACUUM INTO writes.
	return name, syncFile(name)
}

// executor is a database, or one connection to it.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// checkCopy reads a whole copy, and gives it the journal mode of the original, which
// is not copied.
func checkCopy(ctx context.Context, name string) error {
	db, err := sql.Open("sqlite", dsn(name, "rw"))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	var verdict string
	err = db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("the copy is damaged: %s", verdict)
	}
	if err == nil {
		_, err = db.ExecContext(ctx, `PRAGMA journal_mode = WAL`)
	}
	return errors.Join(err, db.Close())
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncFolder has the names in a folder on disk. Windows has no such thing, and needs
// none.
func syncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
