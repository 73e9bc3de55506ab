package export

import (
	"bufio"
	"fmt"
	"io"
)

// Texts writes lines of texts as CSV, with the same care as CSV.
type Texts struct {
	out  *bufio.Writer
	line csvLine
}

// NewTexts begins a CSV file. Of the options both count.
func NewTexts(w io.Writer, o CSVOptions) *Texts {
	t := &Texts{out: bufio.NewWriterSize(w, 64<<10), line: csvLine{raw: o.Raw}}
	if o.BOM {
		_, _ = t.out.WriteString("\uFEFF") // a bufio.Writer keeps its first error
	}
	return t
}

// Write adds a line.
func (t *Texts) Write(cells ...string) error {
	t.line.buf = t.line.buf[:0]
	for _, c := range cells {
		t.line.text(c)
	}
	t.line.buf[len(t.line.buf)-1] = '\r' // instead of the last comma
	t.line.buf = append(t.line.buf, '\n')
	if _, err := t.out.Write(t.line.buf); err != nil {
		return fmt.Errorf("write the rows: %w", err)
	}
	return nil
}

// Flush ends the file.
func (t *Texts) Flush() error {
	if err := t.out.Flush(); err != nil {
		return fmt.Errorf("write the rows: %w", err)
	}
	return nil
}
