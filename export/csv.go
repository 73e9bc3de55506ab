// Package export turns rows into files that people open elsewhere. Every format is
// made of a Table; what a row of the results is, it knows, and nothing of where rows
// come from.
package export

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CSVOptions are how a CSV file is written. The zero value is right for today's
// spreadsheets.
type CSVOptions struct {
	// Raw leaves texts as they are, also those a spreadsheet runs as formulas.
	Raw bool
	// BOM begins the file with U+FEFF, by which an old Excel knows UTF-8.
	BOM bool
}

// CSV writes a header and one line a row as RFC 4180 has it, in UTF-8, and gives
// the number of rows. It holds one row at a time. An error of rows ends it.
//
// Texts are made valid UTF-8: bytes that are not, and NUL, become U+FFFD. Unless
// o.Raw is set, a text that a spreadsheet would run as a formula gets an
// apostrophe in front.
func CSV(w io.Writer, t Table, o CSVOptions) (n int, err error) {
	out := bufio.NewWriterSize(w, 64<<10)
	if o.BOM {
		_, _ = out.WriteString("\uFEFF") // a bufio.Writer keeps its first error for Flush
	}
	line := csvLine{raw: o.Raw}
	_, _ = out.Write(line.names(t.Columns))
	for row, err := range t.Rows {
		if err != nil {
			return n, err
		}
		if _, err := out.Write(line.of(row)); err != nil {
			return n, fmt.Errorf("write the rows: %w", err)
		}
		n++
	}
	if err := out.Flush(); err != nil {
		return n, fmt.Errorf("write the rows: %w", err)
	}
	return n, nil
}

// csvLine builds lines in a buffer of its own.
type csvLine struct {
	raw bool
	buf []byte
}

// names gives the columns' names as a line. A field may have any name.
func (l *csvLine) names(columns []Column) []byte {
	l.buf = l.buf[:0]
	for _, c := range columns {
		l.text(c.Name)
	}
	return l.ended()
}

// of gives the row as a line, which holds until the next call.
func (l *csvLine) of(row []Cell) []byte {
	l.buf = l.buf[:0]
	for _, c := range row {
		switch c.Kind {
		case Empty:
			l.buf = append(l.buf, ',')
		case Integer:
			l.buf = append(strconv.AppendInt(l.buf, c.Int(), 10), ',')
		case Decimal: // without an exponent, which not every spreadsheet reads
			l.buf = append(strconv.AppendFloat(l.buf, c.Float(), 'f', -1, 64), ',')
		default:
			l.text(c.String())
		}
	}
	return l.ended()
}

// ended puts the line's end in the place of its last comma.
func (l *csvLine) ended() []byte {
	l.buf[len(l.buf)-1] = '\r'
	l.buf = append(l.buf, '\n')
	return l.buf
}

func (l *csvLine) text(s string) {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		// Spreadsheets end a text at a NUL, and lose what follows.
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	formula := !l.raw && runsAsFormula(s)
	if !needsQuotes(s) {
		if formula {
			l.buf = append(l.buf, '\'')
		}
		l.buf = append(append(l.buf, s...), ',')
		return
	}
	l.buf = append(l.buf, '"')
	if formula {
		l.buf = append(l.buf, '\'')
	}
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		l.buf = append(append(l.buf, s[:i]...), `""`...)
		s = s[i+1:]
	}
	l.buf = append(append(l.buf, s...), `",`...)
}

// needsQuotes reports whether a text would not come back whole without them: RFC
// 4180 names comma, quote, CR and LF; some readers trim spaces at the edges; and
// LibreOffice splits at semicolons and tabs too unless told otherwise, which
// could make a new cell begin with what was the inside of a text.
func needsQuotes(s string) bool {
	return s != "" && (s[0] == ' ' || s[len(s)-1] == ' ' || strings.ContainsAny(s, ",\"\r\n;\t"))
}

// runsAsFormula reports whether a spreadsheet may take a text for a formula and
// run it: it starts, behind what a program may strip, with one of = + - @ (full
// width too), a tab or a line break. A plain number such as -5 is only a number.
//
// Source: OWASP, CSV Injection,
// https://owasp.org/www-community/attacks/CSV_Injection
func runsAsFormula(s string) bool {
	if s == "" {
		return false
	}
	switch s[0] {
	case '\t', '\r', '\n':
		return true
	}
	start := strings.TrimLeftFunc(s, unseen)
	first, _ := utf8.DecodeRuneInString(start)
	switch first {
	case '=', '@', '＝', '＋', '－', '＠':
		return true
	case '+', '-':
		return !isNumber(start[1:])
	}
	return false
}

// unseen reports whether r leaves no mark on paper: spaces, control characters,
// and format characters such as U+200B and U+FEFF.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// isNumber reports whether s is digits with at most one decimal mark.
func isNumber(s string) bool {
	digits, marks := 0, 0
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' || c == ',':
			marks++
		default:
			return false
		}
	}
	return digits > 0 && marks <= 1
}
