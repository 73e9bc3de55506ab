package export

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"vlocal/fields"
)

// Bounds of a sheet.
const (
	// sheetRows is how many rows Excel has, the header included. More go onto
	// another sheet.
	sheetRows = excelize.TotalRows
	// linkedRows is how many rows of a sheet have links to their files: Excel allows
	// 65,530 links, and each takes longer to add than the one before.
	linkedRows = 10_000
	// cellUnits is how long a text can be, in units of UTF-16.
	cellUnits = excelize.TotalCellChars
	// exactInteger is the least number that a spreadsheet does not hold exactly (it
	// keeps 15 digits); from there on a number is written as a text.
	exactInteger = 1_000_000_000_000_000
)

// thumbnailSide is the longer side of a thumbnail, in pixels.
const thumbnailSide = 96

// XLSXOptions are how an XLSX file is written.
type XLSXOptions struct {
	// Thumbnails is how many rows get a small picture in front; 0 for none.
	Thumbnails int
	// Thumbnail gives the JPEG of the image at a path, which fits into 96x96
	// pixels; nil if there is none.
	Thumbnail func(path string) []byte
	// rowsPerSheet is sheetRows, but in tests.
	rowsPerSheet int
}

// XLSXReport says what XLSX wrote.
type XLSXReport struct {
	Rows int
	// Cut counts the texts that were too long for a cell and end in "…".
	Cut int
}

// XLSX writes a workbook with typed cells: numbers, dates and yes or no are what
// they are, a text is always a text and never a formula. The header stays in sight
// and filters; paths are links. It holds one row at a time; what it has written goes
// to a temporary file until the end.
func XLSX(w io.Writer, t Table, o XLSXOptions) (report XLSXReport, err error) {
	if o.rowsPerSheet == 0 {
		o.rowsPerSheet = sheetRows
	}
	book := &workbook{file: excelize.NewFile(), table: t, options: o}
	defer func() { err = errors.Join(err, book.file.Close()) }()
	if err := book.prepare(); err != nil {
		return book.report, fmt.Errorf("write the workbook: %w", err)
	}
	for row, err := range t.Rows {
		if err != nil {
			return book.report, err
		}
		if err := book.add(row); err != nil {
			return book.report, fmt.Errorf("write the workbook: %w", err)
		}
	}
	if err := book.endSheet(); err != nil {
		return book.report, fmt.Errorf("write the workbook: %w", err)
	}
	// Without this, excelize would gather the whole file in memory first.
	book.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w) })
	if _, err := book.file.WriteTo(io.Discard); err != nil {
		return book.report, fmt.Errorf("write the workbook: %w", err)
	}
	return book.report, nil
}

// workbook is a file that is being written, sheet by sheet.
type workbook struct {
	file    *excelize.File
	table   Table
	options XLSXOptions
	report  XLSXReport

	header, day, instant, link int // styles

	sheets int
	name   string // of the sheet
	out    *excelize.StreamWriter
	row    int // the last one written, from 1
	cells  []any
}

// prepare makes the styles and the first sheet.
func (b *workbook) prepare() error {
	dayFormat, instantFormat := "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
	for _, s := range []struct {
		id    *int
		style excelize.Style
	}{
		{&b.header, excelize.Style{
			Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{Vertical: "center"},
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF4"}},
		}},
		{&b.day, excelize.Style{CustomNumFmt: &dayFormat}},
		{&b.instant, excelize.Style{CustomNumFmt: &instantFormat}},
		{&b.link, excelize.Style{Font: &excelize.Font{Color: "0563C1", Underline: "single"}}},
	} {
		id, err := b.file.NewStyle(&s.style)
		if err != nil {
			return err
		}
		*s.id = id
	}
	return b.beginSheet()
}

// lead is how many columns stand before the table's own: one for thumbnails.
func (b *workbook) lead() int {
	if b.options.Thumbnails > 0 {
		return 1
	}
	return 0
}

// beginSheet makes a sheet with a header.
func (b *workbook) beginSheet() (err error) {
	b.sheets++
	b.name, b.row = b.table.Name, 0
	if b.sheets == 1 {
		err = b.file.SetSheetName("Sheet1", b.name)
	} else {
		b.name = fmt.Sprintf("%s %d", b.table.Name, b.sheets)
		_, err = b.file.NewSheet(b.name)
	}
	if err != nil {
		return err
	}
	if b.out, err = b.file.NewStreamWriter(b.name); err != nil {
		return err
	}
	if err := b.out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	names := make([]any, b.lead()+len(b.table.Columns))
	if b.lead() > 0 {
		names[0] = "photo"
		if err := b.out.SetColWidth(1, 1, 14); err != nil {
			return err
		}
	}
	for i, c := range b.table.Columns {
		names[b.lead()+i] = b.text(c.Name)
		if err := b.out.SetColWidth(b.lead()+i+1, b.lead()+i+1, width(c)); err != nil {
			return err
		}
	}
	b.row = 1
	return b.out.SetRow("A1", names, excelize.RowOpts{StyleID: b.header, Height: 20})
}

// width gives the width of a column, in letters.
func width(c Column) float64 {
	least := float64(len([]rune(c.Name)) + 4) // the filter's button hides some
	w := 14.0
	switch {
	case c.Path:
		w = 50
	case c.Instant:
		w = 20
	case c.Name == "answer":
		w = 60
	case c.Name == "error", c.Name == "warning":
		w = 40
	case c.Type == fields.Text, c.Type == fields.List, c.Type == fields.Object:
		w = 24
	}
	return min(max(w, least), 80)
}

// add writes a row.
func (b *workbook) add(row []Cell) error {
	if b.row >= b.options.rowsPerSheet {
		if err := b.endSheet(); err != nil {
			return err
		}
		if err := b.beginSheet(); err != nil {
			return err
		}
	}
	b.row++
	b.report.Rows++
	b.cells = b.cells[:0]
	for range b.lead() {
		b.cells = append(b.cells, nil)
	}
	for i, c := range row {
		value, err := b.value(c, i)
		if err != nil {
			return err
		}
		b.cells = append(b.cells, value)
	}
	var options []excelize.RowOpts
	if b.report.Rows <= b.options.Thumbnails {
		options = append(options, excelize.RowOpts{Height: thumbnailSide * 0.75}) // in points
		if err := b.picture(row); err != nil {
			return err
		}
	}
	return b.out.SetRow(fmt.Sprintf("A%d", b.row), b.cells, options...)
}

// value gives what excelize writes for the cell of a column: nil for nothing.
func (b *workbook) value(c Cell, column int) (any, error) {
	switch c.Kind {
	case Empty:
		return nil, nil
	case Integer:
		if n := c.Int(); n <= -exactInteger || n >= exactInteger {
			return c.String(), nil
		}
		return c.Int(), nil
	case Decimal:
		return c.Float(), nil
	case Bool:
		return c.Yes(), nil
	case Text:
		col := b.table.Columns[column]
		switch {
		case col.Path:
			return b.linked(c.Text, column)
		case col.Type == fields.Date:
			if day, err := time.Parse(time.DateOnly, c.Text); err == nil && datable(day) {
				return excelize.Cell{StyleID: b.day, Value: day}, nil
			}
		case col.Instant:
			if at, ok := wallClock(c.Text); ok {
				return excelize.Cell{StyleID: b.instant, Value: at}, nil
			}
		}
	}
	return b.text(c.String()), nil
}

// datable reports whether Excel has that day: its calendar begins in 1900, with a
// 29 February that never was.
func datable(day time.Time) bool { return day.Year() >= 1901 && day.Year() <= 9999 }

// wallClock reads a date and time as it was shown there; a spreadsheet knows no
// time zones.
func wallClock(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05", time.RFC3339} {
		if at, err := time.Parse(layout, s); err == nil && datable(at) {
			_, offset := at.Zone()
			return at.UTC().Add(time.Duration(offset) * time.Second), true
		}
	}
	return time.Time{}, false
}

// text cuts what is too long for a cell, and counts that.
func (b *workbook) text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	units, fits := 0, 0 // fits is up to where there is room for a sign behind it
	for i, r := range s {
		if units < cellUnits {
			fits = i
		}
		units += utf16.RuneLen(r)
	}
	if units <= cellUnits {
		return s
	}
	b.report.Cut++
	return s[:fits] + "…"
}

// linked gives a cell that leads to an image, on the first rows.
func (b *workbook) linked(path string, column int) (any, error) {
	text := b.text(path)
	target, ok := Link(path)
	if !ok || b.row > linkedRows || b.table.Name != "results" {
		return text, nil
	}
	cell, err := excelize.CoordinatesToCellName(b.lead()+column+1, b.row)
	if err != nil {
		return nil, err
	}
	if err := b.file.SetCellHyperLink(b.name, cell, target, "External"); err != nil {
		return nil, err
	}
	return excelize.Cell{StyleID: b.link, Value: text}, nil
}

// picture puts the row's image in front of it, where it can be shown.
func (b *workbook) picture(row []Cell) error {
	for i, c := range b.table.Columns {
		if !c.Path {
			continue
		}
		jpeg := b.options.Thumbnail(row[i].Text)
		if jpeg == nil {
			return nil
		}
		yes := true
		return b.file.AddPictureFromBytes(b.name, fmt.Sprintf("A%d", b.row), &excelize.Picture{
			Extension: ".jpg", File: jpeg,
			Format: &excelize.GraphicOptions{
				AltText: b.text(c.Name), Positioning: "oneCell", LockAspectRatio: true,
				PrintObject: &yes, Locked: &yes, OffsetX: 2, OffsetY: 2, ScaleX: 0.95, ScaleY: 0.95,
			},
		})
	}
	return nil
}

// endSheet writes what stands behind the rows.
func (b *workbook) endSheet() error {
	last, err := excelize.CoordinatesToCellName(b.lead()+len(b.table.Columns), b.row)
	if err != nil {
		return err
	}
	if err := b.file.AutoFilter(b.name, "A1:"+last, nil); err != nil {
		return err
	}
	return b.out.Flush()
}
