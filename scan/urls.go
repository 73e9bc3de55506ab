package scan

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"vlocal/domain"
)

// URLColumn is the name of the column that a CSV must have, in upper or lower
// case.
const URLColumn = "url"

const (
	// maxLine bounds a line of a text, in bytes.
	maxLine = 16 << 10
	// maxRow bounds a row of a CSV, in bytes: it may have other columns, with
	// texts in them.
	maxRow = 1 << 20
)

// URLs reads a list of images on the web, in its own order: a text with an
// address on each line, in which empty lines and those that begin with # count
// for nothing, or a CSV (RFC 4180; commas, semicolons or tabs) whose first row
// names a column url. It is taken for a CSV if it has that column, or if name
// ends in .csv or .tsv. name stands for the list in messages.
//
// The addresses come as URL spells them, those that stand in it twice come twice.
// What is no address is left out, and the report tells in which line. An error
// ends the list: it cannot be read on, or is no list at all.
func URLs(ctx context.Context, name string, list io.Reader, report *Report) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		l := urlList{ctx: ctx, name: name, report: report, yield: yield}
		in := bufio.NewReaderSize(list, maxLine)
		if err := l.read(in); err != nil {
			yield("", fmt.Errorf("read %s: %w", domain.PathText(name), err))
		}
	}
}

type urlList struct {
	ctx    context.Context // of the one call that this value lives for
	name   string
	report *Report
	yield  func(string, error) bool
}

func (l *urlList) read(in *bufio.Reader) error {
	start, err := in.Peek(maxLine)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return withoutPath(err)
	}
	if bytes.HasPrefix(start, []byte("\xff\xfe")) || bytes.HasPrefix(start, []byte("\xfe\xff")) {
		return errors.New("it is UTF-16 (save it as UTF-8 or as CSV UTF-8)")
	}
	if bom := []byte("\xef\xbb\xbf"); bytes.HasPrefix(start, bom) {
		start = start[len(bom):]
		if _, err := in.Discard(len(bom)); err != nil {
			return err
		}
	}
	header, _, _ := bytes.Cut(start, []byte("\n"))
	comma, isCSV := separator(string(header))
	if ext := strings.ToLower(filepath.Ext(l.name)); isCSV || ext == ".csv" || ext == ".tsv" {
		return l.readCSV(in, comma)
	}
	return l.readText(in)
}

// separator gives what separates the columns of a CSV, and whether one of them
// is that of the addresses.
func separator(header string) (comma rune, ok bool) {
	for _, comma := range ",;\t" {
		r := csv.NewReader(strings.NewReader(header))
		r.Comma = comma
		if names, err := r.Read(); err == nil && urlColumn(names) >= 0 {
			return comma, true
		}
	}
	return ',', false
}

// urlColumn gives the place of the column with the addresses; -1 if there is none.
func urlColumn(names []string) int {
	return slices.IndexFunc(names, func(n string) bool {
		return strings.EqualFold(strings.TrimSpace(n), URLColumn)
	})
}

// take hands an address on, and reports whether to go on.
func (l *urlList) take(line int, address string) bool {
	u, err := URL(address)
	if err != nil {
		l.bad(line, err)
		return true
	}
	l.report.found.Add(1)
	return l.yield(u, nil)
}

func (l *urlList) bad(line int, err error) {
	l.report.NotURLs++
	l.report.problem(fmt.Sprintf("%s:%d", l.name, line), err)
}

func (l *urlList) readText(in *bufio.Reader) error {
	for n := 1; ; n++ {
		if l.ctx.Err() != nil {
			return context.Cause(l.ctx)
		}
		line, err := in.ReadSlice('\n')
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return withoutPath(err)
		}
		ended := err != nil
		switch text := strings.TrimSpace(string(line)); {
		case tooLong:
			l.bad(n, fmt.Errorf("the line is longer than %d bytes", maxLine))
		case text == "" || text[0] == '#':
		case !l.take(n, text):
			return nil
		}
		if ended {
			return nil
		}
	}
}

func (l *urlList) readCSV(in io.Reader, comma rune) error {
	bounded := &rowReader{in: in}
	r := csv.NewReader(bounded)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
	column := -1
	for {
		if l.ctx.Err() != nil {
			return context.Cause(l.ctx)
		}
		bounded.left = maxRow
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if e, ok := errors.AsType[*csv.ParseError](err); ok && column >= 0 && !errors.Is(err, errLongRow) {
			l.bad(e.StartLine, unquoted(e))
			continue
		}
		if err != nil {
			return withoutPath(err)
		}
		if column < 0 {
			if column = urlColumn(row); column < 0 {
				return fmt.Errorf("no column of it is called %q (name it so in the first row)", URLColumn)
			}
			continue
		}
		if !l.takeRow(r, row, column) {
			return nil
		}
	}
}

// takeRow takes the address of a row. Rows that are all empty, which
// spreadsheets write below a table, count for nothing.
func (l *urlList) takeRow(r *csv.Reader, row []string, column int) (goOn bool) {
	if !slices.ContainsFunc(row, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
		return true
	}
	at := min(column, len(row)-1)
	line, _ := r.FieldPos(at)
	if at < column {
		l.bad(line, errors.New("the row has no such column"))
		return true
	}
	return l.take(line, row[column])
}

// unquoted says what is wrong with the quotes of a row.
func unquoted(e *csv.ParseError) error {
	if e.Line > e.StartLine {
		return fmt.Errorf("a quote is opened and not closed, up to line %d", e.Line)
	}
	return errors.New("the quotes in the row are not in pairs")
}

// errLongRow is about a row that does not end.
var errLongRow = fmt.Errorf("a row is longer than %d bytes; see whether a quote is not closed", maxRow)

// rowReader gives up where a row goes on for too long. Whoever reads a row sets
// left before.
type rowReader struct {
	in   io.Reader
	left int
}

func (r *rowReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errLongRow
	}
	n, err := r.in.Read(p)
	r.left -= n
	return n, err
}
