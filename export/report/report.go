// Package report makes one HTML page of the results, for those who would rather
// look: charts, and a table with small pictures. The page needs nothing but itself:
// no script, no font, nothing from elsewhere, which its Content-Security-Policy
// makes sure of.
package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"vlocal/export"
	"vlocal/fields"
)

// MaxRows is how many rows the table has at most: a page with more is no fun to
// look at. The charts count all.
const MaxRows = 5000

// Options are what a page is about.
type Options struct {
	// Title is the question, Model whom it was put to.
	Title, Model string
	// Made is when the page is made.
	Made time.Time
	// Columns are those that the table shows, in their order; nil for the ones that
	// people look at, as far as there is anything in them.
	Columns []string
	// MaxRows bounds the table; 0 means MaxRows.
	MaxRows int
	// Thumbnails is how many rows have a small picture; Thumbnail gives the JPEG of
	// the image at a path, nil if there is none. It is called by several goroutines.
	Thumbnails int
	Thumbnail  func(path string) []byte
}

// Report says what a page has.
type Report struct {
	// Rows are all, Shown those in the table, Thumbnails those with a picture.
	Rows, Shown, Thumbnails int
}

//go:embed page.html
var pageText string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Parse(pageText))

// policy allows the page's own style by its hash, pictures within the page, and
// nothing else.
//
// Source: https://www.w3.org/TR/CSP3/#strict-csp
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; img-src data:; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
}()

// view is what the template is given.
type view struct {
	Policy                  string
	Style                   template.CSS
	Title, Model, Made      string
	Rows, Shown, Thumbnails int
	Facts                   []fact
	Charts                  []chart
	Heads                   []head
	Table                   []*row
}

type head struct {
	Name   string
	Number bool
}

// row is one line of the table.
type row struct {
	Path    string
	Link    template.URL
	Picture template.URL
	Class   string
	Cells   []cell
}

type cell struct {
	Text string
	// Number says that it is set to the right, Day that it stays on one line, Path that
	// it is the image's, Wide that it is a longer text.
	Number, Day, Path, Wide bool
}

// Write makes the page of a table of results: those that export.Results gives, with
// all of its columns.
func Write(w io.Writer, t export.Table, o Options) (Report, error) {
	if o.MaxRows <= 0 {
		o.MaxRows = MaxRows
	}
	places, err := placesOf(t, o.Columns)
	if err != nil {
		return Report{}, err
	}
	counts := newCounts(t)
	v := view{Policy: policy, Style: template.CSS(style), Title: o.Title, Model: o.Model, Made: o.Made.Format("2 January 2006, 15:04")}
	for _, p := range places {
		v.Heads = append(v.Heads, head{Name: t.Columns[p].Name, Number: isNumber(t.Columns[p].Type)})
	}
	for cells, err := range t.Rows {
		if err != nil {
			return Report{}, err
		}
		counts.add(cells)
		if len(v.Table) < o.MaxRows {
			v.Table = append(v.Table, shown(t, places, cells))
		}
	}
	if o.Columns == nil {
		v.dropEmpty()
	}
	v.Thumbnails = addPictures(v.Table[:min(len(v.Table), max(o.Thumbnails, 0))], o.Thumbnail)
	v.Rows, v.Shown = counts.rows, len(v.Table)
	v.Facts, v.Charts = counts.facts(), counts.charts()
	if err := page.Execute(w, v); err != nil {
		return Report{}, fmt.Errorf("write the page: %w", err)
	}
	return Report{Rows: v.Rows, Shown: v.Shown, Thumbnails: v.Thumbnails}, nil
}

// forPeople are the results' own columns that are shown unless others are asked for.
var forPeople = []string{"path", "status", "answer", "error_kind", "error", "model", "latency_ms", "cost_usd", "taken_at", "warning", "asked_instead"}

// placesOf finds the columns to show.
func placesOf(t export.Table, names []string) (places []int, err error) {
	if names == nil {
		own := export.Results(nil, nil)
		hasFields := len(t.Columns) > len(own.Columns)
		for i, c := range t.Columns {
			_, err := own.Find(c.Name)
			switch {
			case err != nil: // a field
			case c.Name == "answer" && hasFields:
				continue // which the fields say
			case !slices.Contains(forPeople, c.Name):
				continue
			}
			places = append(places, i)
		}
		return places, nil
	}
	for _, name := range names {
		i, err := t.Find(name)
		if err != nil {
			return nil, err
		}
		places = append(places, i)
	}
	return places, nil
}

func isNumber(t fields.Type) bool { return t == fields.Number || t == fields.Integer }

// shown makes a line of the table.
func shown(t export.Table, places []int, cells []export.Cell) *row {
	r := &row{Cells: make([]cell, len(places))}
	for i, c := range t.Columns {
		switch {
		case c.Name == "path" && c.Path:
			r.Path = cells[i].Text
			if address, ok := export.Link(r.Path); ok {
				// It is a file's or a web address, whatever the path is.
				r.Link = template.URL(address)
			}
		case c.Name == "status" && r.Class == "":
			r.Class = cells[i].Text
		}
	}
	for i, p := range places {
		c := cells[p]
		r.Cells[i] = cell{
			Text:   strings.ToValidUTF8(c.String(), "\uFFFD"),
			Number: c.Kind == export.Integer || c.Kind == export.Decimal,
			Day:    t.Columns[p].Type == fields.Date && len(c.Text) == len(time.DateOnly),
			Path:   t.Columns[p].Path && t.Columns[p].Name == "path",
			Wide:   c.Kind == export.Text && len(c.Text) > longText,
		}
	}
	return r
}

// longText is from how many bytes on a text is given more room.
const longText = 60

// dropEmpty leaves out the columns in which no row that is shown has anything.
func (v *view) dropEmpty() {
	for i := len(v.Heads) - 1; i >= 0; i-- {
		if slices.ContainsFunc(v.Table, func(r *row) bool { return r.Cells[i].Text != "" }) {
			continue
		}
		v.Heads = slices.Delete(v.Heads, i, i+1)
		for _, r := range v.Table {
			r.Cells = slices.Delete(r.Cells, i, i+1)
		}
	}
}

// addPictures makes the small pictures, as many at a time as there are processors,
// and says how many there are.
func addPictures(rows []*row, thumbnail func(path string) []byte) (n int) {
	if thumbnail == nil {
		return 0
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, r := range rows {
		g.Go(func() error {
			if jpeg := thumbnail(r.Path); jpeg != nil {
				r.Picture = template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(jpeg))
			}
			return nil
		})
	}
	_ = g.Wait() // nobody in it fails
	for _, r := range rows {
		if r.Picture != "" {
			n++
		}
	}
	return n
}
