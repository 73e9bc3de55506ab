package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"vlocal"
)

// ErrStrange: a database of vlocal in which somebody put what makes SQLite do more
// than keep rows, such as a trigger. Such a file is not opened.
var ErrStrange = errors.New("the database holds what vlocal did not make")

// ordinary is how SQLite itself writes the head of a statement that makes an
// ordinary table, a view or an index. Anything else made a trigger or a virtual
// table, or was written by hand past SQLite, which runs it when it opens the file.
var ordinary = regexp.MustCompile(`^CREATE (TABLE|VIEW|INDEX|UNIQUE INDEX) `)

// own are the statements of schema.sql that make what is judged by its words: the
// triggers that count jobs, and the view beside results.
var own = ownStatements(vlocal.Schema)

func ownStatements(schema string) map[string]bool {
	all := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?ms)^(CREATE TRIGGER .*?^END);|^(CREATE VIEW attempts_open .*?);$`).FindAllStringSubmatch(schema, -1) {
		all[m[1]+m[2]] = true
	}
	return all
}

// strange refuses a database whose schema has an effect of its own: triggers of
// others, virtual tables, views or tables in the place of what vlocal relies on, columns
// that are computed, and keys that change other rows. What else a person added
// (tables, columns, indexes, views) is let be: vlocal looks at none of it. The error
// is ErrStrange, with the thing's name, or one of reading.
//
// Source: https://www.sqlite.org/security.html
func strange(ctx context.Context, db *sql.DB) error {
	// What the schema is made of comes first: the other questions use functions that
	// something in it may be called like.
	err := eachStrange(ctx, db, `SELECT type, name, coalesce(sql, '') FROM sqlite_schema`, whyStrange)
	if err != nil {
		return err
	}
	as := func(_, _, why string) string { return why }
	return eachStrange(ctx, db, `
		SELECT type, name, 'stands in for a table of vlocal that takes one type a column' FROM pragma_table_list
		WHERE schema = 'main' AND (type <> 'table' OR NOT strict) AND lower(name) IN (
			'images', 'tasks', 'runs', 'jobs', 'attempts', 'decisions', 'answers', 'answer_formats',
			'job_counts', 'attempt_counts')
		UNION ALL
		SELECT 'column', m.name || '.' || c.name, 'is computed'
		FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND c.hidden <> 0
		UNION ALL
		SELECT 'key', m.name || '.' || k."from", 'changes rows when others change'
		FROM sqlite_schema m, pragma_foreign_key_list(m.name) k
		WHERE m.type = 'table' AND (k.on_update <> 'NO ACTION' OR k.on_delete <> 'NO ACTION')`, as)
}

// eachStrange asks about the schema, and gives an error for the first row of which
// why says something.
func eachStrange(ctx context.Context, db *sql.DB, question string, why func(kind, name, text string) string) error {
	rows, err := db.QueryContext(ctx, question)
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, name, text string
		if err := rows.Scan(&kind, &name, &text); err != nil {
			return fmt.Errorf("read the schema: %w", err)
		}
		if why := why(kind, name, text); why != "" {
			return fmt.Errorf("%w: the %s %q %s", ErrStrange, kind, name, why)
		}
	}
	return rows.Err()
}

// whyStrange judges one row of the schema by the statement that made it, which an
// index that comes with a table has none of.
func whyStrange(kind, name, statement string) string {
	name = strings.ToLower(name)
	switch {
	case own[statement]:
		return ""
	case kind == "view" && name == "attempts_open":
		return "is not the one that vlocal makes"
	case name == "json_each" || strings.HasPrefix(name, "pragma_"):
		return "is called like a function of SQLite"
	case statement != "" && !ordinary.MatchString(statement):
		return "is no plain table, view or index"
	}
	return ""
}
