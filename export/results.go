package export

import (
	"encoding/json"
	"iter"
	"slices"

	"vlocal/domain"
	"vlocal/fields"
)

// Results is the table of a task's rows: for a task with fields, these stand where
// a person looks first, and the answer's raw text behind them.
func Results(columns []fields.Column, rows iter.Seq2[domain.Result, error]) Table {
	t := Table{Name: "results", Columns: slices.Concat(head, fieldColumns(columns), tail)}
	t.Rows = func(yield func([]Cell, error) bool) {
		cells := make([]Cell, len(t.Columns))
		for r, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			cells[0] = Cell{Kind: Text, Text: r.Path}
			cells[1] = TextCell(string(r.Status))
			fieldCells(cells[len(head):], columns, r.Fields)
			tailCells(cells[len(head)+len(columns):], &r)
			if !yield(cells, nil) {
				return
			}
		}
	}
	return t
}

// head and tail are the results' own columns, before and behind the fields.
var (
	head = []Column{{Name: "path", Type: fields.Text, Path: true}, {Name: "status", Type: fields.Text}}
	tail = []Column{
		{Name: "answer", Type: fields.Text},
		{Name: "error_kind", Type: fields.Text}, {Name: "error", Type: fields.Text},
		{Name: "attempts", Type: fields.Integer}, {Name: "model", Type: fields.Text},
		{Name: "tokens_in", Type: fields.Integer}, {Name: "tokens_out", Type: fields.Integer},
		{Name: "latency_ms", Type: fields.Integer},
		{Name: "width", Type: fields.Integer}, {Name: "height", Type: fields.Integer}, {Name: "bytes", Type: fields.Integer},
		{Name: "taken_at", Type: fields.Text, Instant: true}, {Name: "finished_at", Type: fields.Text, Instant: true},
		{Name: "cost_usd", Type: fields.Number}, {Name: "warning", Type: fields.Text},
		{Name: "asked_instead", Type: fields.Text, Path: true},
	}
)

func fieldColumns(columns []fields.Column) []Column {
	all := make([]Column, len(columns))
	for i, c := range columns {
		all[i] = Column{Name: c.Name, Type: c.Type}
	}
	return all
}

// fieldCells fills in an answer's fields.
func fieldCells(cells []Cell, columns []fields.Column, object string) {
	clear(cells[:len(columns)])
	if object == "" || len(columns) == 0 {
		return
	}
	var values map[string]json.RawMessage
	if json.Unmarshal([]byte(object), &values) != nil {
		return // the database holds valid JSON only; one that is no object has no fields
	}
	for i, c := range columns {
		cells[i] = JSONCell(string(values[c.Field]))
	}
}

func tailCells(cells []Cell, r *domain.Result) {
	for i, c := range [...]Cell{
		TextCell(r.Answer),
		TextCell(string(r.ErrorKind)), TextCell(r.Error),
		IntegerCell(r.Attempts), TextCell(r.Model),
		optional(r.TokensIn), optional(r.TokensOut), optional(r.LatencyMS),
		optional(r.Width), optional(r.Height), IntegerCell(r.Bytes),
		TextCell(r.TakenAt), TextCell(r.FinishedAt),
		decimal(r.CostUSD), TextCell(r.Warning), TextCell(r.AskedInstead),
	} {
		cells[i] = c
	}
}

func optional(n *int64) Cell {
	if n == nil {
		return Cell{}
	}
	return IntegerCell(*n)
}

func decimal(f *float64) Cell {
	if f == nil {
		return Cell{}
	}
	return DecimalCell(*f)
}
