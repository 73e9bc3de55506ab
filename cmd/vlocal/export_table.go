package main

import (
	"context"
	"encoding/csv"
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/export"
	"vlocal/fields"
	"vlocal/store"
)

// table gives what is exported, with the columns and rows that the flags choose.
func (e *exporter) table(ctx context.Context) (t export.Table, err error) {
	switch e.c.String("table") {
	case "attempts":
		t = export.Attempts(e.store.Attempts(ctx, e.task.ID))
	case "images":
		t = export.Images(e.store.AllImages(ctx))
	default:
		if t, err = e.results(ctx); err != nil {
			return t, err
		}
	}
	if name := e.c.String("explode"); name != "" {
		if t, err = t.Explode(name); err != nil {
			return t, unknownColumn("explode", err)
		}
	}
	chosen := t
	if e.columns != nil {
		if chosen, err = t.Choose(e.columns); err != nil {
			return t, unknownColumn("columns", err)
		}
	}
	if e.format == "html" {
		return t, nil // whose charts need all columns
	}
	return chosen, nil
}

// namesIn reads a flag that names columns as a line of CSV, because a field may be
// called anything; nil if it names none.
func namesIn(c *cli.Context, flag string) ([]string, error) {
	text := c.String(flag)
	if text == "" {
		return nil, nil
	}
	line := csv.NewReader(strings.NewReader(text))
	line.TrimLeadingSpace, line.LazyQuotes = true, true
	names, err := line.Read()
	if err != nil {
		return nil, usagef("--%s %q: it takes names of columns, with commas between them", flag, text)
	}
	return names, nil
}

// results gives the table of the results.
func (e *exporter) results(ctx context.Context) (export.Table, error) {
	columns, err := fields.Columns(e.task.Schema)
	if err != nil {
		return export.Table{}, err
	}
	all := export.Results(columns, nil)
	if e.filter.Where, err = whereOf(ctx, e.store, e.c.String("where"), all.Names()); err != nil {
		return all, err
	}
	if by := e.c.String("sort"); by != "" {
		e.filter.SortBy, e.filter.Descending = strings.CutPrefix(by, "-")
		place, err := all.Find(e.filter.SortBy)
		if err != nil {
			return all, unknownColumn("sort", err)
		}
		e.filter.SortBy = all.Columns[place].Name
	}
	return export.Results(columns, e.store.List(ctx, e.task.ID, e.filter)), nil
}

// whereOf checks a condition that a person wrote; "" holds for every row. The names
// are those of the columns that there are.
func whereOf(ctx context.Context, s *store.Store, text string, names []string) (store.Condition, error) {
	if text == "" {
		return store.Condition{}, nil
	}
	condition, err := s.Condition(ctx, text)
	if wrong, ok := errors.AsType[*store.ConditionError](err); ok {
		if wrong.Column != "" {
			return condition, usagef("--where: there is no column %s; there are %s. A text stands between single quotes", wrong.Column, strings.Join(names, ", "))
		}
		return condition, usagef("--where: %w", wrong)
	}
	return condition, err
}

// namesOfColumns are those of a task's results, for errors.
func namesOfColumns(task domain.Task) []string {
	columns, err := fields.Columns(task.Schema)
	if err != nil {
		columns = nil // whoever makes the table tells
	}
	return export.Results(columns, nil).Names()
}
