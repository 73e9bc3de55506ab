package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"vlocal"
	"vlocal/domain"
)

// Reindex makes all indexes anew from the tables.
func Reindex(ctx context.Context, path string) error {
	s, err := open(path)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	err = s.writer.write(ctx, func(t *tx) error { return t.exec(`REINDEX`) })
	if err != nil {
		err = fmt.Errorf("make the indexes of %s anew: %w", path, err)
	}
	return errors.Join(err, s.Close())
}

// MendSchema makes the view `results` anew, and the indexes that are absent.
func (s *Store) MendSchema(ctx context.Context) error {
	statements, err := indexStatements(ctx)
	if err != nil {
		return fmt.Errorf("mend the schema: %w", err)
	}
	err = s.writer.write(ctx, func(t *tx) error {
		for name, statement := range statements {
			var there int
			err := t.row(`SELECT count(*) FROM sqlite_schema WHERE type || ' ' || name = ?`, []any{name}, &there)
			if err == nil && there == 0 {
				err = t.exec(statement)
			}
			if err != nil {
				return err
			}
		}
		return makeView(t)
	})
	if err != nil {
		return fmt.Errorf("mend the schema: %w", err)
	}
	return nil
}

// indexStatements gives what makes each index of a new database.
func indexStatements(ctx context.Context) (_ map[string]string, err error) {
	ideal, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ideal.Close()) }()
	ideal.SetMaxOpenConns(1)
	if _, err := ideal.ExecContext(ctx, vlocal.Schema); err != nil {
		return nil, err
	}
	all, err := schemaOf(ctx, ideal)
	for name, statement := range all {
		if !strings.HasPrefix(name, "index ") || statement == "" {
			delete(all, name) // SQLite makes those without a statement itself
		}
	}
	return all, err
}

// MendAttempts completes what a run that died left open, as the next run would; it
// gives the number of attempts. *InUseError if a run is under way.
func (s *Store) MendAttempts(ctx context.Context) (n int, err error) {
	unlock, err := s.lockRun(ctx)
	if err != nil {
		return 0, err
	}
	err = s.writer.write(ctx, func(t *tx) error {
		n, err = recoverDead(t, millis(s.now()))
		return err
	})
	return n, errors.Join(err, unlock())
}

// Files calls look for every image that is a file, and is not on record as missing.
// err of looking ends it.
func (s *Store) Files(ctx context.Context, look func(domain.Candidate) error) error {
	for k, err := range s.imagesIn(ctx, [3]string{"", "", "\xff"}) {
		if err != nil {
			return fmt.Errorf("read the images: %w", err)
		}
		if k.missing || domain.IsURL(k.path) {
			continue
		}
		if err := look(k.candidate()); err != nil {
			return err
		}
	}
	return nil
}

// Recheck looks again at every file on record, as a scan of its folder would: find
// gives what is there now. What is not there (fs.ErrNotExist) is marked missing; a
// file that fails to be looked at otherwise is left as it is.
func (s *Store) Recheck(ctx context.Context, find func(path string) (domain.Candidate, error), look Look) (SyncReport, error) {
	y := &syncing{store: s, ctx: ctx, look: look}
	err := func() error {
		for k, err := range s.imagesIn(ctx, [3]string{"", "", "\xff"}) {
			if err != nil {
				return err
			}
			if domain.IsURL(k.path) {
				continue
			}
			c, err := find(k.file())
			switch {
			case err == nil:
				err = y.seen(k, c)
			case errors.Is(err, fs.ErrNotExist):
				err = y.unseen(k)
			default:
				err = nil
			}
			if err != nil {
				return err
			}
		}
		return y.flush()
	}()
	err = errors.Join(err, y.written())
	if err != nil {
		return y.report, fmt.Errorf("look at the photos again: %w", err)
	}
	return y.report, nil
}
