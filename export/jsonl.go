package export

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// JSONL writes one JSON object a row on a line of its own, with a key for every
// column in their order, and gives the number of rows. Numbers are numbers, yes and
// no are true and false, lists are arrays, and what is not known is null.
//
// Source: https://jsonlines.org
func JSONL(w io.Writer, t Table) (n int, err error) {
	out := bufio.NewWriterSize(w, 64<<10)
	keys := make([][]byte, len(t.Columns))
	for i, c := range t.Columns {
		keys[i] = append(appendJSONText(nil, c.Name), ':')
	}
	var buf []byte
	for row, err := range t.Rows {
		if err != nil {
			return n, err
		}
		buf = append(buf[:0], '{')
		for i, c := range row {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = appendJSON(append(buf, keys[i]...), c)
		}
		buf = append(buf, '}', '\n')
		if _, err := out.Write(buf); err != nil {
			return n, fmt.Errorf("write the rows: %w", err)
		}
		n++
	}
	if err := out.Flush(); err != nil {
		return n, fmt.Errorf("write the rows: %w", err)
	}
	return n, nil
}

func appendJSON(buf []byte, c Cell) []byte {
	switch c.Kind {
	case Empty:
		return append(buf, "null"...)
	case Integer:
		return strconv.AppendInt(buf, c.Int(), 10)
	case Decimal:
		return strconv.AppendFloat(buf, c.Float(), 'g', -1, 64)
	case Bool:
		return strconv.AppendBool(buf, c.Yes())
	case List, Object:
		// As the model wrote it, without line breaks: keys stay in their order.
		return appendCompact(buf, c.Text)
	}
	return appendJSONText(buf, c.Text)
}

func appendJSONText(buf []byte, s string) []byte {
	if isPlain(s) {
		buf = append(buf, '"')
		return append(append(buf, s...), '"')
	}
	text, _ := json.Marshal(s) // a string always can be
	return append(buf, text...)
}

// appendCompact writes JSON in one line; what is none is written as a text.
func appendCompact(buf []byte, raw string) []byte {
	var out bytes.Buffer
	if json.Compact(&out, []byte(raw)) != nil {
		return appendJSONText(buf, raw)
	}
	return append(buf, out.Bytes()...)
}

// isPlain reports whether a text needs no escapes: most do not, and then there is
// nothing to look at twice.
func isPlain(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
