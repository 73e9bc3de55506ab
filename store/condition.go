package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// Condition is a condition that a person wrote about the columns of the view
// `results`, such as price > 10; Store.Condition checked it. The zero Condition
// holds for every row.
type Condition struct{ expression string }

// sql gives the condition for a statement in which the columns of results can be
// named alone.
func (c Condition) sql() string {
	if c.expression == "" {
		return "1"
	}
	// The line's end ends a comment.
	return "(" + c.expression + "\n)"
}

// ConditionError says why a text is no condition.
type ConditionError struct {
	Text string
	// Column is the column that there is not; "" where that is not what is wrong.
	Column string
	Why    string
}

func (e *ConditionError) Error() string { return fmt.Sprintf("%q is no condition: %s", e.Text, e.Why) }

// maxCondition bounds a condition, in bytes.
const maxCondition = 10_000

// Condition checks that a text is one expression over the columns of the view
// `results` and nothing else: it cannot end the statement that it is put into, look
// at another row or table, or call a function that has an effect or fills the
// memory. The error is a *ConditionError, or one of reading.
//
// SQLite itself is the judge. It compiles the text against an empty table with the
// view's columns, in a database in memory that holds nothing else; twice, in
// parentheses and in CASE WHEN ... THEN: a parenthesis that closes one that the text
// did not open is an error in the second, and so is what is no expression. Meanwhile
// SQLite's authorizer says what it would do.
//
// Source: https://www.sqlite.org/c3ref/set_authorizer.html
func (s *Store) Condition(ctx context.Context, text string) (Condition, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return Condition{}, &ConditionError{Text: text, Why: "it is empty"}
	case len(text) > maxCondition:
		return Condition{}, &ConditionError{Text: text, Why: fmt.Sprintf("it is longer than %d bytes", maxCondition)}
	case strings.ContainsRune(text, 0):
		return Condition{}, &ConditionError{Text: text, Why: "it holds a zero byte"}
	}
	columns, err := s.columns(ctx)
	if err == nil {
		err = judge(ctx, columns, text)
	}
	if err != nil {
		return Condition{}, fmt.Errorf("check the condition: %w", err)
	}
	return Condition{expression: text}, nil
}

// columns gives the columns of the view `results`.
func (s *Store) columns(ctx context.Context) (all []string, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT name FROM pragma_table_info('results')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		all = append(all, "")
		if err := rows.Scan(&all[len(all)-1]); err != nil {
			return nil, err
		}
	}
	return all, rows.Err()
}

// judge compiles a condition in a database of its own.
func judge(ctx context.Context, columns []string, text string) (err error) {
	// Without _dqs=0 a column that is not there, between double quotes, is a text.
	db, err := sql.Open("sqlite", "file::memory:?_dqs=0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = quoteName(c)
	}
	if _, err := conn.ExecContext(ctx, "CREATE TABLE results ("+strings.Join(names, ", ")+")"); err != nil {
		return err
	}
	return conn.Raw(func(raw any) error { return compile(ctx, raw, text) })
}

// compile has SQLite compile a condition.
func compile(ctx context.Context, raw any, text string) error {
	guarded, ok := raw.(sqlite.AuthorizerRegisterer)
	if !ok {
		return errors.New("this SQLite has no authorizer")
	}
	for _, statement := range []string{
		"SELECT 1 FROM results WHERE (" + text + "\n)",
		"SELECT 1 FROM results WHERE CASE WHEN " + text + "\nTHEN 1 END",
	} {
		var g guard
		if err := guarded.RegisterAuthorizer(g.allow); err != nil {
			return err
		}
		// Without a row there is nothing to compute, but what has a parameter fails.
		rows, err := raw.(driver.QueryerContext).QueryContext(ctx, statement, nil)
		if err == nil {
			err = rows.Close()
		}
		switch {
		case g.denied != "":
			return &ConditionError{Text: text, Why: g.denied}
		case err != nil:
			return conditionError(text, err)
		}
	}
	return nil
}

// guard says what a condition may do, and keeps what it may not.
type guard struct {
	selects int
	denied  string
}

func (g *guard) allow(action sqlite.AuthorizerActionCode, first, second, _, _ string) sqlite.AuthorizerReturnCode {
	switch action {
	case sqlite.AuthSelect:
		// The first one is that around the condition.
		if g.selects++; g.selects == 1 {
			return sqlite.AuthorizerOK
		}
		return g.deny("it looks at other rows (SELECT), and only this row's columns can be compared")
	case sqlite.AuthRead:
		if first == "results" {
			return sqlite.AuthorizerOK
		}
		return g.deny("it looks at the table " + first)
	case sqlite.AuthFunction:
		if slices.Contains(harmless, strings.ToLower(second)) {
			return sqlite.AuthorizerOK
		}
		return g.deny("the function " + second + " cannot be used; there are " + strings.Join(harmless, ", "))
	}
	return g.deny("it does more than compare")
}

func (g *guard) deny(why string) sqlite.AuthorizerReturnCode {
	if g.denied == "" {
		g.denied = why
	}
	return sqlite.AuthorizerDeny
}

// harmless are the functions that a condition may call: none has an effect, reads
// anything else, or makes much of little.
var harmless = []string{
	"abs", "ceil", "coalesce", "date", "datetime", "floor", "glob", "ifnull", "iif", "instr",
	"json_array_length", "json_extract", "json_type", "julianday", "length", "like", "lower", "ltrim",
	"max", "min", "nullif", "round", "rtrim", "sign", "strftime", "substr", "time", "trim", "typeof",
	"unixepoch", "upper", "->", "->>",
}

// conditionError puts SQLite's error in a person's words.
func conditionError(text string, err error) error {
	why := err.Error()
	why = strings.TrimPrefix(why, "SQL logic error: ")
	why, _, _ = strings.Cut(why, " (1)")
	if strings.Contains(why, "missing argument") || strings.Contains(why, "missing named argument") {
		why = "it has a parameter (?, :name, @name or $name); put texts between single quotes"
	}
	if _, column, ok := strings.Cut(why, "no such column: "); ok {
		return &ConditionError{Text: text, Column: column, Why: "there is no column " + column}
	}
	return &ConditionError{Text: text, Why: why}
}
