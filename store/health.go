package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"vlocal"
)

// Health is what an examination of a database found.
type Health struct {
	Bytes int64
	// Version is the schema's; today's is Latest. An older one is brought up to date
	// by whatever opens it, and is not looked at further.
	Version, Latest int
	// Damage has the first things that SQLite found broken in the file, Broken the
	// tables with rows that refer to what is not there. InIndexes says that all
	// damage is in indexes, which Reindex makes anew from the tables.
	Damage    []string
	InIndexes bool
	Broken    []string
	// Absent are parts of the schema that somebody took away; View says that the view
	// `results` is there and has the columns of all fields.
	Absent []string
	View   bool
	// Asking says that a run is under way. Open counts attempts without an end and
	// Running the jobs that wait for one, unless a run is under way: they are those
	// of a run that died.
	Asking        bool
	Open, Running int
}

// Old says that the schema is not today's yet.
func (h Health) Old() bool { return h.Version < h.Latest }

// Mendable says that what is absent can be made again, as indexes can.
func (h Health) Mendable() bool {
	return !slices.ContainsFunc(h.Absent, func(name string) bool { return !strings.HasPrefix(name, "index ") })
}

// maxDamage bounds what is told of damage: after the first things the rest says no
// more.
const maxDamage = 5

// Examine looks a database over without changing it. It reads all of it, beside
// whoever writes. Its errors are those of Open, about a file that is no database
// of vlocal; one that is damaged within has its damage in Health.
func Examine(ctx context.Context, path string) (h Health, err error) {
	h.Latest = latest()
	h.Version, err = inspect(ctx, path)
	if err == nil && h.Version == 0 {
		err = fmt.Errorf("the file is empty: %w", ErrNoDatabase)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code()&0xff == sqlite3.SQLITE_CORRUPT {
		h.Damage = []string{e.Error()}
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("open %s: %w", path, err)
	}
	st, err := os.Stat(path)
	if err != nil {
		return h, err
	}
	h.Bytes = st.Size()
	s, err := open(path)
	if err != nil {
		return h, fmt.Errorf("open %s: %w", path, err)
	}
	err = s.examine(ctx, &h)
	if err != nil {
		err = fmt.Errorf("examine %s: %w", path, err)
	}
	return h, errors.Join(err, s.Close())
}

func (s *Store) examine(ctx context.Context, h *Health) error {
	if err := s.findDamage(ctx, h); err != nil || len(h.Damage) > 0 || h.Old() {
		return err
	}
	if err := s.compareSchema(ctx, h); err != nil || !h.Mendable() {
		return err
	}
	err := s.querier(ctx)(`SELECT "table", count(*) FROM pragma_foreign_key_check GROUP BY 1`, nil, func(rows *sql.Rows) error {
		var table string
		var n int
		err := rows.Scan(&table, &n)
		h.Broken = append(h.Broken, fmt.Sprintf("%s: %d", table, n))
		return err
	})
	if err != nil {
		return err
	}
	held, isHeld := errors.AsType[*InUseError](s.Free(ctx))
	h.Asking = isHeld && held != nil
	if h.Asking {
		return nil
	}
	return s.read.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM attempts WHERE outcome IS NULL),
		       (SELECT count(*) FROM jobs WHERE task_id IN (SELECT id FROM tasks) AND status = 'running')`).Scan(&h.Open, &h.Running)
}

// findDamage has SQLite read the whole file. A page that cannot be read at all ends
// its check with an error, which is damage too.
func (s *Store) findDamage(ctx context.Context, h *Health) error {
	h.InIndexes = true
	err := s.querier(ctx)(fmt.Sprintf(`PRAGMA integrity_check(%d)`, maxDamage), nil, func(rows *sql.Rows) error {
		var found string
		if err := rows.Scan(&found); err != nil {
			return err
		}
		if found != "ok" {
			h.Damage = append(h.Damage, found)
			h.InIndexes = h.InIndexes && strings.Contains(found, "index")
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		h.Damage, h.InIndexes = append(h.Damage, err.Error()), false
		return nil
	}
	return err
}

// compareSchema compares what a new database has with what this one has.
func (s *Store) compareSchema(ctx context.Context, h *Health) (err error) {
	ideal, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ideal.Close()) }()
	ideal.SetMaxOpenConns(1)
	if _, err := ideal.ExecContext(ctx, vlocal.Schema); err != nil {
		return err
	}
	want, err := schemaOf(ctx, ideal)
	if err != nil {
		return err
	}
	have, err := schemaOf(ctx, s.read)
	if err != nil {
		return err
	}
	for name := range want {
		if _, there := have[name]; !there && name != "view results" {
			h.Absent = append(h.Absent, name)
		}
	}
	slices.Sort(h.Absent)
	if !h.Mendable() {
		return nil
	}
	statement, err := viewStatement(s.querier(ctx))
	// The view of schema.sql has a place for the fields where this one has the fields.
	h.View = strings.Replace(have["view results"], fieldsMark, "", 1) == statement
	return err
}

// schemaOf gives what makes each table, index, view and trigger of a database.
func schemaOf(ctx context.Context, db *sql.DB) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			return nil, err
		}
		all[name] = statement
	}
	return all, rows.Err()
}
