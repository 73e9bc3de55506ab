package export

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"

	"vlocal/fields"
)

// Markdown writes a table as GitHub's Markdown has it, and gives the number of
// rows. No text of a row can end its cell, or become a link, a picture or HTML.
//
// Source: https://github.github.com/gfm/#tables-extension-
func Markdown(w io.Writer, t Table) (n int, err error) {
	out := bufio.NewWriterSize(w, 64<<10)
	// A bufio.Writer keeps its first error for Flush.
	for _, c := range t.Columns {
		_, _ = out.WriteString("| " + markdownText(c.Name) + " ")
	}
	_, _ = out.WriteString("|\n")
	for _, c := range t.Columns {
		rule := "|---"
		if c.Type == fields.Integer || c.Type == fields.Number {
			rule = "|---:"
		}
		_, _ = out.WriteString(rule)
	}
	_, _ = out.WriteString("|\n")
	for row, err := range t.Rows {
		if err != nil {
			return n, err
		}
		for _, c := range row {
			_, _ = out.WriteString("| " + markdownText(c.String()) + " ")
		}
		if _, err := out.WriteString("|\n"); err != nil {
			return n, fmt.Errorf("write the rows: %w", err)
		}
		n++
	}
	if err := out.Flush(); err != nil {
		return n, fmt.Errorf("write the rows: %w", err)
	}
	return n, nil
}

// markdownText gives a text that stands for itself in a cell: what has a meaning is
// escaped, line breaks are shown as such, other control characters as U+FFFD.
func markdownText(s string) string {
	var b strings.Builder
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	for i, r := range s {
		switch {
		case r == '\n' || r == '\r':
			b.WriteString("<br>")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '\t':
			b.WriteByte(' ')
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			b.WriteRune(unicode.ReplacementChar)
		case r == ':' && (strings.HasPrefix(s[i:], "://")), r == '@':
			// GitHub makes links of bare addresses, which no backslash hinders.
			fmt.Fprintf(&b, "&#%d;", r)
		case r == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			b.WriteString("&#46;")
		case strings.ContainsRune("\\`*_[]|~$", r):
			// The others mean something at the beginning of a line only.
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
