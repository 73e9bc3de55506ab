package export

import (
	"encoding/json"
	"iter"
	"math"
	"strconv"
	"strings"

	"vlocal/fields"
)

// Column is one column of a table.
type Column struct {
	Name string
	// Type says what most of its cells are, and so how wide it is and how a format
	// shows it. A cell may be something else: a model said what it liked.
	Type fields.Type
	// Path says that its texts are paths or URLs of images.
	Path bool
	// Instant says that its texts are dates with a time, in ISO 8601.
	Instant bool
}

// Table is what every format is made of: columns, and rows that come one at a time.
type Table struct {
	// Name is what the rows are: "results", "attempts", "images".
	Name    string
	Columns []Column
	// Rows gives a cell for each column. A row holds until the next one comes.
	Rows iter.Seq2[[]Cell, error]
}

// Kind says what a cell holds.
type Kind uint8

// The kinds of cells. The zero Cell is Empty: not known, or not so.
const (
	Empty Kind = iota
	Text
	Integer
	Decimal
	Bool
	// List and Object are JSON: an array, and an object.
	List
	Object
)

// Cell is one value of a row.
type Cell struct {
	Kind Kind
	// Text is that of Text, and the JSON of List and Object.
	Text string
	bits uint64
}

// TextCell gives a cell for a text; "" is an empty one.
func TextCell(s string) Cell {
	if s == "" {
		return Cell{}
	}
	return Cell{Kind: Text, Text: s}
}

// IntegerCell gives a cell for a whole number.
func IntegerCell(n int64) Cell { return Cell{Kind: Integer, bits: uint64(n)} }

// DecimalCell gives a cell for a number; an empty one for what is none (NaN).
func DecimalCell(f float64) Cell {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Cell{}
	}
	return Cell{Kind: Decimal, bits: math.Float64bits(f)}
}

// BoolCell gives a cell for yes or no.
func BoolCell(b bool) Cell {
	if b {
		return Cell{Kind: Bool, bits: 1}
	}
	return Cell{Kind: Bool}
}

// JSONCell gives a cell for a value of JSON. Null and what is no JSON are empty.
func JSONCell(raw string) Cell {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return Cell{}
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal([]byte(raw), &s) != nil {
			return Cell{}
		}
		return TextCell(s)
	case '[':
		return Cell{Kind: List, Text: raw}
	case '{':
		return Cell{Kind: Object, Text: raw}
	case 't':
		return BoolCell(true)
	case 'f':
		return BoolCell(false)
	case 'n':
		return Cell{}
	}
	return numberCell(raw)
}

// numberCell keeps a whole number whole, and one that no float64 can hold a text.
func numberCell(raw string) Cell {
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil {
		return IntegerCell(n)
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return TextCell(raw)
	}
	return DecimalCell(f)
}

// Int gives the number of an Integer.
func (c Cell) Int() int64 { return int64(c.bits) }

// Float gives the number of an Integer or a Decimal.
func (c Cell) Float() float64 {
	if c.Kind == Integer {
		return float64(c.Int())
	}
	return math.Float64frombits(c.bits)
}

// Yes gives the value of a Bool.
func (c Cell) Yes() bool { return c.bits != 0 }

// Items gives the values of a List; of any other cell itself, of an empty one
// nothing.
func (c Cell) Items() (all []Cell) {
	switch c.Kind {
	case Empty:
		return nil
	case List:
		var raw []json.RawMessage
		if json.Unmarshal([]byte(c.Text), &raw) != nil {
			return []Cell{{Kind: Text, Text: c.Text}}
		}
		for _, r := range raw {
			if item := JSONCell(string(r)); item.Kind != Empty {
				all = append(all, item)
			}
		}
		return all
	}
	return []Cell{c}
}

// String gives a cell as a person reads it: the values of a list with "; " between
// them, numbers without an exponent (which not every spreadsheet reads).
func (c Cell) String() string {
	switch c.Kind {
	case Integer:
		return strconv.FormatInt(c.Int(), 10)
	case Decimal:
		return strconv.FormatFloat(c.Float(), 'f', -1, 64)
	case Bool:
		if c.Yes() {
			return "yes"
		}
		return "no"
	case List:
		items := c.Items()
		texts := make([]string, len(items))
		for i, item := range items {
			texts[i] = item.String()
		}
		return strings.Join(texts, "; ")
	}
	return c.Text
}
