package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"vlocal/export"
	"vlocal/store"
)

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write the answers as a CSV file for a spreadsheet",
		ArgsUsage: "FILE|-",
		Description: `vlocal export photos.csv
vlocal export - | head              to standard output
vlocal export --bom photos.csv      for an old Excel that shows letters wrong

One row an image, in path order, for the last question asked. A text that a
spreadsheet would run as a formula (it starts with = + - @) gets an apostrophe
in front; --raw leaves it as it is.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "raw", Usage: "do not make formulas harmless; for programs, not for spreadsheets"},
			&cli.BoolFlag{Name: "bom", Usage: "begin with a byte order mark"},
			taskFlag, quietFlag,
		},
		Action: reading(exportCSV),
	}
}

func exportCSV(ctx context.Context, c *cli.Context, s *store.Store) error {
	if c.Args().Len() != 1 {
		return usagef("export to which file? For example: vlocal export photos.csv")
	}
	task, err := taskOf(ctx, c, s)
	if err != nil {
		return err
	}
	name := c.Args().First()
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".xlsx", ".xls", ".ods":
		return usagef("export writes CSV, which every spreadsheet opens, but not under the name %s. Try: vlocal export %s",
			name, strings.TrimSuffix(name, filepath.Ext(name))+".csv")
	}
	n := 0
	write := func(w io.Writer) (err error) {
		n, err = export.CSV(w, s.Results(ctx, task.ID), export.CSVOptions{Raw: c.Bool("raw"), BOM: c.Bool("bom")})
		return err
	}
	if name == "-" {
		return write(c.App.Writer)
	}
	if err := export.File(name, write); err != nil {
		return err
	}
	consoleOf(c).remark("%s in %s", count(n, "row"), printable(name))
	return nil
}
