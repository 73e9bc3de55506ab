package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

var startScenario = scenario{
	name:    "start",
	about:   "`vlocal --help`, the median of five, and the size of the program, built as for a release.",
	columns: []string{"`--help`", "size"},
	rows:    func(settings) []row { return []row{{label: "vlocal", client: client{Start: true}}} },
	cells: func(_ row, got result) []string {
		return []string{
			fmt.Sprintf("%.0f ms", got.Client.Took["help"].Seconds()*1000),
			fmt.Sprintf("%.1f MB", float64(got.Client.ProgramBytes)/1e6),
		}
	},
}

// measureStart builds the program and has it print its help.
func (c client) measureStart(ctx context.Context) (got clientResult, err error) {
	dir, err := os.MkdirTemp("", "vlocal-bench-")
	if err != nil {
		return got, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "vlocal.exe")
	if err := build(ctx, program); err != nil {
		return got, err
	}
	info, err := os.Stat(program)
	if err != nil {
		return got, err
	}
	help, err := median(ctx, program, []string{"--help"})
	got.ProgramBytes, got.Took = info.Size(), map[string]time.Duration{"help": help}
	return got, err
}
