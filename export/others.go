package export

import (
	"iter"
	"strings"

	"vlocal/domain"
	"vlocal/fields"
)

// Attempts is the table of attempts, whose rows have a value for each of
// domain.AttemptColumns: nil, an int64, a float64 or a string.
func Attempts(rows iter.Seq2[[]any, error]) Table {
	return Table{Name: "attempts", Columns: named(domain.AttemptColumns), Rows: cells(rows)}
}

// Images is the table of images, in the same way with domain.ImageColumns.
func Images(rows iter.Seq2[[]any, error]) Table {
	return Table{Name: "images", Columns: named(domain.ImageColumns), Rows: cells(rows)}
}

// named gives the columns of these names, with the type that their names tell.
func named(names []string) []Column {
	all := make([]Column, len(names))
	for i, name := range names {
		all[i] = Column{Name: name, Type: fields.Text, Path: name == "path", Instant: strings.HasSuffix(name, "_at")}
		switch name {
		case "latitude", "longitude", "cost_usd":
			all[i].Type = fields.Number
		case "attempt_id", "job_id", "run_id", "image_id", "http_status", "latency_ms", "tokens_in", "tokens_out",
			"tokens_cached", "bytes", "width", "height", "orientation":
			all[i].Type = fields.Integer
		}
	}
	return all
}

// cells makes cells of values.
func cells(rows iter.Seq2[[]any, error]) iter.Seq2[[]Cell, error] {
	return func(yield func([]Cell, error) bool) {
		var row []Cell
		for values, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			row = row[:0]
			for _, v := range values {
				row = append(row, cellOf(v))
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func cellOf(v any) Cell {
	switch v := v.(type) {
	case int64:
		return IntegerCell(v)
	case float64:
		return DecimalCell(v)
	case string:
		return TextCell(v)
	}
	return Cell{}
}
