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

// mostColumns bounds the columns of fields in the view: SQLite takes 2,000 columns,
// the view's own among them (https://www.sqlite.org/limits.html). What is beyond is
// in the answers all the same.
const mostColumns = 1900

// makeView makes the view `results` anew, with a column for every field of any
// task. SQL has no parameters for names, so this statement is written here; the
// names are quoted.
func makeView(t *tx) error {
	statement, err := viewStatement(t.rows)
	if err != nil {
		return err
	}
	if err := t.exec(`DROP VIEW IF EXISTS results`); err != nil {
		return err
	}
	return t.exec(statement)
}

// viewStatement gives what makes the view for the tasks that are on record.
func viewStatement(read querier) (string, error) {
	_, after, _ := strings.Cut(vlocal.Schema, "CREATE VIEW results AS\n")
	body, _, _ := strings.Cut(after, ";\n")
	head, tail, ok := strings.Cut(body, fieldsMark)
	if !ok {
		return "", fmt.Errorf("the schema has no place for the fields")
	}
	columns, err := viewColumns(read)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(head)
	for _, c := range columns {
		b.WriteString("    " + c.sql() + " AS " + quoteName(c.name) + ",\n")
	}
	b.WriteString(tail)
	return "CREATE VIEW results AS\n" + b.String(), nil
}

// viewColumn is a column of the view. Tasks may call its field otherwise (Shop and
// shop are one column to SQL) and give it another type.
type viewColumn struct {
	name    string
	sources []source
}

// source is a field that a column shows, and the tasks that have it.
type source struct {
	field string
	tasks []string // their numbers
	// whole says that it is neither a list nor an object in any of them.
	whole bool
}

// viewColumns gives the columns of all tasks' fields, those of older tasks first.
func viewColumns(read querier) (all []viewColumn, err error) {
	err = read(`SELECT id, schema FROM tasks WHERE schema <> '' ORDER BY id`, nil, func(rows *sql.Rows) error {
		var task, schema string
		if err := rows.Scan(&task, &schema); err != nil {
			return err
		}
		columns, err := fields.Columns(schema)
		if err != nil {
			return nil // somebody else wrote it; the others' columns are there
		}
		for _, c := range columns {
			i := slices.IndexFunc(all, func(v viewColumn) bool { return strings.EqualFold(v.name, c.Name) })
			switch {
			case strings.ContainsRune(c.Field, 0): // SQL cannot spell it; exports have it
			case i >= 0:
				all[i].add(task, c)
			case len(all) < mostColumns:
				v := viewColumn{name: c.Name}
				v.add(task, c)
				all = append(all, v)
			}
		}
		return nil
	})
	return all, err
}

// add has the column show a task's field.
func (v *viewColumn) add(task string, c fields.Column) {
	i := slices.IndexFunc(v.sources, func(s source) bool { return s.field == c.Field })
	if i < 0 {
		i, v.sources = len(v.sources), append(v.sources, source{field: c.Field, whole: true})
	}
	s := &v.sources[i]
	s.tasks = append(s.tasks, task)
	s.whole = s.whole && c.Type != fields.List && c.Type != fields.Object
}

// sql gives the column's value.
func (v viewColumn) sql() string {
	if len(v.sources) == 1 {
		return v.sources[0].sql()
	}
	var b strings.Builder
	b.WriteString("CASE")
	for _, s := range v.sources {
		b.WriteString(" WHEN j.task_id IN (" + strings.Join(s.tasks, ", ") + ") THEN " + s.sql())
	}
	return b.String() + " END"
}

// sql gives the SQL that takes the field out of an answer; a list is joined as a
// spreadsheet has it. Whether it is one the value itself says: a field may be a list
// in one task and a number in another, and a number that is made a text would be
// above all numbers.
func (s source) sql() string {
	if strings.ContainsAny(s.field, `"\\`) {
		// A path cannot spell such a name.
		return "(SELECT CASE f.type WHEN 'array' THEN " + joinedList("f.value") + " ELSE f.value END" +
			" FROM json_each(n.fields) f WHERE f.key = " + quoteText(s.field) + ")"
	}
	path := quoteText(`$."` + s.field + `"`)
	value := "json_extract(n.fields, " + path + ")"
	if s.whole {
		return value
	}
	return "CASE json_type(n.fields, " + path + ") WHEN 'array' THEN " + joinedList("n.fields, "+path) + " ELSE " + value + " END"
}

// joinedList joins the elements of the list that json_each finds by its arguments.
func joinedList(arguments string) string {
	return "(SELECT group_concat(CASE e.type WHEN 'true' THEN 'yes' WHEN 'false' THEN 'no' ELSE e.value END, '; ')" +
		" FROM json_each(" + arguments + ") e)"
}

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
func quoteText(s string) string { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }

// ensureView makes the view, if an upgrade took it away, or if it is not the one
// that vlocal makes: rows that it made up would be exported as answers. Opening
// writes nothing otherwise: another process may be in the middle of a write.
func (s *Store) ensureView(ctx context.Context) error {
	// One transaction, so that the view and the tasks are of one moment.
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read the view: %w", err)
	}
	// It reads only: there is nothing that could be lost.
	defer func() { _ = tx.Rollback() }()
	want, err := viewStatement(readWith(ctx, tx))
	if err != nil {
		return fmt.Errorf("read the view: %w", err)
	}
	var there string
	err = tx.QueryRowContext(ctx, `SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = 'results'`).Scan(&there)
	if _, err = optional(err); err != nil || there == want {
		return err
	}
	if err := tx.Rollback(); err != nil {
		return fmt.Errorf("read the view: %w", err)
	}
	return s.writer.write(ctx, makeView)
}
