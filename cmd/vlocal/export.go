package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/export"
	htmlreport "vlocal/export/report"
	"vlocal/store"
)

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write the answers into a spreadsheet, a page to look at, or beside the photos",
		ArgsUsage: "FILE|-",
		Description: `vlocal export photos.csv
vlocal export photos.xlsx --where "price > 10" --sort -price
vlocal export photos.html           a page with charts and small pictures
vlocal export - | head              CSV to standard output
vlocal export chairs.jsonl --columns path,title,price
vlocal export defects.csv --explode defects      a row for each defect
vlocal export log.xlsx --table attempts
vlocal export --format xmp          keywords and captions, beside the photos

The name's ending says the format: .csv, .xlsx, .jsonl, .md, .html. One row an
image, in path order, for the last question asked; the fields of an answer are
columns. The columns that --where and --sort take are those of the view results
in the database; a text stands between single quotes there.

A text that a spreadsheet would run as a formula (it starts with = + - @) gets an
apostrophe in front in CSV; --raw leaves it as it is. XLSX needs none: its texts
are texts.

Sidecars are called IMG.xmp for camera raw files and IMG.jpg.xmp for others
(--sidecar-names). One that another program wrote or changed is left as it is, and
no photo is ever written to.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "write `FORMAT`, whatever the file is called: csv, xlsx, jsonl, md, html or xmp"},
			&cli.StringFlag{Name: "table", Value: "results", Usage: "export `TABLE`: results, attempts (under the last question) or images"},
			&cli.StringFlag{Name: "columns", Usage: "only these `COLUMNS`, in this order, with commas between them; a name with a comma in it stands between double quotes"},
			&cli.StringFlag{Name: "status", Usage: "only rows with this `STATUS`: pending, running, done, failed or skipped"},
			whereFlag,
			&cli.StringFlag{Name: "sort", Usage: "sort by `COLUMN`; -COLUMN for the largest first"},
			&cli.StringFlag{Name: "explode", Usage: "a row for each value of the list in `COLUMN`"},
			&cli.IntFlag{Name: "thumbnails", Usage: "small pictures on the first `N` rows of xlsx (default: none) or html (default: 200)"},
			&cli.StringFlag{Name: "keywords", Usage: "xmp: the keywords come from these `COLUMNS` (default: the fields that are lists)"},
			&cli.StringFlag{Name: "caption", Usage: "xmp: the caption comes from `COLUMN`, or 'none' (default: the answer, or the first field that is a text)"},
			&cli.StringFlag{Name: "sidecar-names", Value: "auto", Usage: "xmp: `NAMES` as adobe has them (IMG.xmp), as digikam has them (IMG.jpg.xmp), or auto: the first for raw files, the other for all else"},
			&cli.BoolFlag{Name: "raw", Usage: "csv: do not make formulas harmless; for programs, not for spreadsheets"},
			&cli.BoolFlag{Name: "bom", Usage: "csv: begin with a byte order mark, for an old Excel that shows letters wrong"},
			taskFlag, quietFlag,
		},
		Action: reading(exportRows),
	}
}

// whereFlag is that of all commands that choose rows by what is in them.
var whereFlag = &cli.StringFlag{Name: "where", Usage: "only rows for which `CONDITION` holds, such as \"price > 10\""}

// exporter is an export under way.
type exporter struct {
	c       *cli.Context
	con     console
	store   *store.Store
	task    domain.Task
	format  string
	columns []string // nil for all
	filter  store.Filter
	// note is added to what is told in the end.
	note string
}

func exportRows(ctx context.Context, c *cli.Context, s *store.Store) error {
	format, err := formatOf(c)
	if err != nil {
		return err
	}
	e := &exporter{c: c, con: consoleOf(c), store: s, format: format}
	if err := e.check(); err != nil {
		return err
	}
	if c.String("table") != "images" {
		if e.task, err = taskOf(ctx, e.c, s); err != nil {
			return err
		}
	}
	t, err := e.table(ctx)
	if err != nil {
		return err
	}
	if format == "xmp" {
		return e.sidecars(ctx)
	}
	name := c.Args().First()
	n := 0
	write := func(w io.Writer) (err error) {
		n, err = e.write(w, t)
		return err
	}
	if name == "-" {
		return write(c.App.Writer)
	}
	if err := export.File(name, write); err != nil {
		return err
	}
	e.con.remark("%s in %s%s", count(n, "row"), printable(name), e.note)
	return nil
}

// formats are the endings of file names, and the formats they stand for.
var formats = map[string]string{
	".csv": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl", ".md": "md", ".markdown": "md", ".html": "html", ".htm": "html",
}

// allFormats is the closed list of what --format takes.
var allFormats = []string{"csv", "xlsx", "jsonl", "md", "html", "xmp"}

// formatOf says what is to be written, and that the arguments fit.
func formatOf(c *cli.Context) (string, error) {
	format := strings.ToLower(c.String("format"))
	if format != "" && !slices.Contains(allFormats, format) {
		return "", usagef("there is no format %q; there are %s", format, words(allFormats))
	}
	if format == "xmp" {
		if c.Args().Present() {
			return "", usagef("--format xmp writes beside the photos, to no file: vlocal export --format xmp")
		}
		return format, nil
	}
	if c.Args().Len() != 1 {
		return "", usagef("export to which file? For example: vlocal export photos.csv")
	}
	name := c.Args().First()
	ending := strings.ToLower(filepath.Ext(name))
	switch {
	case format != "":
		return format, nil
	case formats[ending] != "":
		return formats[ending], nil
	}
	base := strings.TrimSuffix(name, filepath.Ext(name))
	switch ending {
	case ".xls", ".ods":
		return "", usagef("export writes no %s, but XLSX, which every spreadsheet opens. Try: vlocal export %s", ending, base+".xlsx")
	case ".parquet", ".tsv", ".json", ".pdf", ".xml":
		return "", usagef("export writes no %s; there are %s. Try: vlocal export %s", ending, words(allFormats), base+".csv")
	case ".xmp":
		return "", usagef("sidecars stand beside the photos, and no file is named for them: vlocal export --format xmp")
	}
	return "csv", nil
}

// check says which flags do not fit each other.
func (e *exporter) check() (err error) {
	table := e.c.String("table")
	if !slices.Contains([]string{"results", "attempts", "images"}, table) {
		return usagef("there is no table %q; there are results, attempts and images", table)
	}
	e.filter.Status = domain.Status(e.c.String("status"))
	if e.filter.Status != "" && !slices.Contains(domain.Statuses, e.filter.Status) {
		return usagef("there is no status %q; there are %s", e.filter.Status, words(domain.Statuses))
	}
	if table != "results" {
		for _, flag := range []string{"status", "where", "sort", "explode"} {
			if e.c.String(flag) != "" {
				return usagef("--%s is about the results; leave it out with --table %s", flag, table)
			}
		}
		if e.format == "html" || e.format == "xmp" {
			return usagef("%s is made of the results; take csv, xlsx, jsonl or md for --table %s", e.format, table)
		}
	}
	for _, o := range onlyFor {
		if e.c.IsSet(o.flag) && !slices.Contains(o.formats, e.format) {
			return usagef("--%s is for %s; leave it out with %s", o.flag, words(o.formats), e.format)
		}
	}
	if n := e.c.Int("thumbnails"); n < 0 {
		return usagef("--thumbnails %d: it takes a number from 0", n)
	}
	e.columns, err = namesIn(e.c, "columns")
	return err
}

// onlyFor are the flags that say something to some formats only. To the others they
// would promise what does not come.
var onlyFor = []struct {
	flag    string
	formats []string
}{
	{"columns", []string{"csv", "xlsx", "jsonl", "md", "html"}},
	{"explode", []string{"csv", "xlsx", "jsonl", "md"}},
	{"thumbnails", []string{"xlsx", "html"}},
	{"raw", []string{"csv"}},
	{"bom", []string{"csv"}},
	{"keywords", []string{"xmp"}},
	{"caption", []string{"xmp"}},
	{"sidecar-names", []string{"xmp"}},
}

// write writes the table in its format and gives the number of rows.
func (e *exporter) write(w io.Writer, t export.Table) (int, error) {
	pictures := e.c.Int("thumbnails")
	switch e.format {
	case "xlsx":
		// Its buffers of 16 MB would double what is in use otherwise.
		defer debug.SetGCPercent(debug.SetGCPercent(40))
		r, err := export.XLSX(w, t, export.XLSXOptions{Thumbnails: max(pictures, 0), Thumbnail: thumbnails(e.c.Context, xlsxSide)})
		if r.Cut > 0 {
			e.note = "; " + count(r.Cut, "text") + " too long for a cell, cut"
		}
		return r.Rows, err
	case "jsonl":
		return export.JSONL(w, t)
	case "md":
		return export.Markdown(w, t)
	case "html":
		if !e.c.IsSet("thumbnails") {
			pictures = defaultPictures
		}
		r, err := htmlreport.Write(w, t, htmlreport.Options{
			Title: e.task.Prompt, Model: e.task.Model, Made: time.Now(), Columns: e.columns,
			Thumbnails: pictures, Thumbnail: thumbnails(e.c.Context, pageSide),
		})
		if r.Shown < r.Rows {
			e.note = "; the first " + number(r.Shown) + " are in its table"
		}
		return r.Rows, err
	}
	return export.CSV(w, t, export.CSVOptions{Raw: e.c.Bool("raw"), BOM: e.c.Bool("bom")})
}

// unknownColumn makes a usage error of a column that is not there.
func unknownColumn(flag string, err error) error {
	if unknown, ok := errors.AsType[*export.UnknownColumnError](err); ok {
		return usagef("--%s: %w", flag, unknown)
	}
	return err
}
