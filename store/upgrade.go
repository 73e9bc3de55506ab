package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
)

//go:embed upgrades/2.sql
var upgradeTo2 string

//go:embed upgrades/3.sql
var upgradeTo3 string

// upgrades are the steps from one version of the schema to the next: upgrades[0]
// leads from 1 to 2. A step is one SQL script; it runs in a transaction of its
// own together with the new version number, so a crash leaves the file at a
// whole version. Steps are never edited once they have landed.
//
// With a step come: schema.sql as it is after the step, its user_version raised;
// and testdata/vN.sql, a dump of a database of the version before, on which
// TestOldDatabasesOpen proves the step.
var upgrades = []string{upgradeTo2, upgradeTo3}

// latest is the version this program knows: the one after the last step.
func latest() int { return len(upgrades) + 1 }

// bringUpToDate makes the schema in an empty file (version 0), or runs the steps
// that an older file lacks.
func bringUpToDate(ctx context.Context, path string, version int, schema string, steps []string) (err error) {
	if version == len(steps)+1 {
		return nil
	}
	db, err := sql.Open("sqlite", dsn(path, "rw"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()

	if version == 0 {
		// WAL is a property of the file and stays with it.
		if _, err := conn.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
			return err
		}
		return step(ctx, conn, 0, schema, "")
	}
	// A step may make a table anew, to which others refer.
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = OFF"); err != nil {
		return err
	}
	for v := version; v <= len(steps); v++ {
		err := step(ctx, conn, v, steps[v-1], fmt.Sprintf("PRAGMA user_version = %d", v+1))
		if err != nil {
			return fmt.Errorf("upgrade the schema from version %d to %d: %w", v, v+1, err)
		}
	}
	return nil
}

// step runs a script in one transaction, if the file is still at the version it
// is for: another process may have been quicker.
func step(ctx context.Context, conn *sql.Conn, from int, script, setVersion string) error {
	if _, err := conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		return err
	}
	var now int
	err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&now)
	if err == nil && now == from {
		if _, err = conn.ExecContext(ctx, script); err == nil && setVersion != "" {
			_, err = conn.ExecContext(ctx, setVersion)
		}
	}
	if err != nil {
		_, rollback := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, rollback)
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return err
}
