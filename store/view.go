package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"vlocal"
	"vlocal/fields"
)

// fieldsMark is the line of the view `results` in schema.sql behind which the
// columns of the fields stand.
const fieldsMark = "    -- fields\n"

// maxFieldColumns bounds the columns of fields: a view of SQLite has at most 2,000.
const maxFieldColumns = 1900

// makeView makes the view `results` anew, with a column for every field of any
// task.
func makeView(t *tx) error {
	var schemas []string
	err := t.rows(`SELECT schema FROM tasks WHERE schema <> '' ORDER BY id`, nil, func(rows *sql.Rows) error {
		schemas = append(schemas, "")
		return rows.Scan(&schemas[len(schemas)-1])
	})
	if err != nil {
		return err
	}
	if err := t.exec(`DROP VIEW IF EXISTS results`); err != nil {
		return err
	}
	return t.exec(viewOf(schemas))
}

// viewOf gives the statement that makes the view for tasks with these schemas. SQL
// has no parameters for names, so it is written here; the names are quoted.
func viewOf(schemas []string) string {
	_, after, _ := strings.Cut(vlocal.Schema, "CREATE VIEW results AS\n")
	body, _, _ := strings.Cut(after, ";\n")
	head, tail, _ := strings.Cut(body, fieldsMark)
	var b strings.Builder
	b.WriteString(head)
	var named []string
	for _, schema := range schemas {
		columns, err := fields.Columns(schema)
		if err != nil {
			continue // somebody else wrote it; the others' columns are there
		}
		for _, c := range columns {
			if strings.ContainsRune(c.Field, 0) || len(named) == maxFieldColumns {
				continue // SQL cannot spell it, or hold it; exports have it
			}
			if slices.ContainsFunc(named, func(n string) bool { return strings.EqualFold(n, c.Name) }) {
				continue
			}
			named = append(named, c.Name)
			b.WriteString("    " + valueOf(c) + " AS " + quoteName(c.Name) + ",\n")
		}
	}
	b.WriteString(tail)
	return "CREATE VIEW results AS\n" + b.String()
}

// valueOf gives the SQL that takes a field out of an answer; a list is joined as a
// spreadsheet has it.
func valueOf(c fields.Column) string {
	if strings.ContainsAny(c.Field, `"\\`) {
		// A path cannot spell such a name.
		return "(SELECT value FROM json_each(n.fields) WHERE key = " + quoteText(c.Field) + ")"
	}
	path := quoteText(`$."` + c.Field + `"`)
	if c.Type == fields.List {
		return "(SELECT group_concat(value, '; ') FROM json_each(n.fields, " + path + "))"
	}
	return "json_extract(n.fields, " + path + ")"
}

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
func quoteText(s string) string { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }

// ensureView makes the view, if an upgrade took it away, or if it is not the one
// that vlocal makes: rows that it made up would be exported as answers. Opening
// writes nothing otherwise: another process may be in the middle of a write.
func (s *Store) ensureView(ctx context.Context) error {
	// One statement, so that both are of one moment.
	rows, err := s.read.QueryContext(ctx, `
		SELECT 0 AS task, sql FROM sqlite_schema WHERE type = 'view' AND name = 'results'
		UNION ALL SELECT id, schema FROM tasks WHERE schema <> '' ORDER BY task`)
	if err != nil {
		return fmt.Errorf("read the view: %w", err)
	}
	defer rows.Close()
	var there string
	var schemas []string
	for rows.Next() {
		var task int64
		var text string
		if err := rows.Scan(&task, &text); err != nil {
			return fmt.Errorf("read the view: %w", err)
		}
		if task == 0 {
			there = text
		} else {
			schemas = append(schemas, text)
		}
	}
	if err := rows.Err(); err != nil || there == viewOf(schemas) {
		return err
	}
	return s.writer.write(ctx, makeView)
}
