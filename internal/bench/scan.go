package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

var scanScenario = scenario{
	name: "scan",
	about: "A folder of files called .jpg, a thousand in each folder, all in the system's cache: `find -printf '%p %s %T@'`, then " +
		"`vlocal scan` with a new database, then once more with nothing changed; the best of three.",
	columns: []string{"files", "find", "scan", "of find", "peak memory", "rescan", "of find", "peak memory"},
	rows: func(s settings) []row {
		return []row{{label: "vlocal", client: client{Files: s.files}}}
	},
	cells: func(r row, got result) []string {
		seconds := func(what string) string { return fmt.Sprintf("%.2f s", got.Client.Took[what].Seconds()) }
		times := func(what string) string {
			return fmt.Sprintf("%.1f x", got.Client.Took[what].Seconds()/got.Client.Took["find"].Seconds())
		}
		return []string{
			strconv.Itoa(r.client.Files), seconds("find"),
			seconds("scan"), times("scan"), megabytes(got.Client.Peaks["scan"]),
			seconds("rescan"), times("rescan"), megabytes(got.Client.Peaks["rescan"]),
		}
	},
}

// measureScan makes the files and times find and vlocal on them.
func (c client) measureScan(ctx context.Context) (got clientResult, err error) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "vlocal-bench-")
	if err != nil {
		return got, err
	}
	defer os.RemoveAll(dir)
	program, folder := filepath.Join(dir, "vlocal.exe"), filepath.Join(dir, "photos")
	if err := build(ctx, program); err != nil {
		return got, err
	}
	if err := makeFiles(folder, c.Files); err != nil {
		return got, fmt.Errorf("make the files: %w", err)
	}
	got.Setup = time.Since(began)
	got.Took, got.Peaks = map[string]time.Duration{}, map[string]int64{}
	measure := func(what, program string, args ...string) error {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stderr = os.Stderr
		started := time.Now()
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if took := time.Since(started); got.Took[what] == 0 || took < got.Took[what] {
			got.Took[what] = took
		}
		got.Peaks[what] = max(got.Peaks[what], peakOf(cmd.ProcessState))
		return nil
	}
	db := filepath.Join(dir, "vlocal.db")
	scan := []string{"--db", db, "scan", "--quiet", folder}
	for range 3 {
		err := errors.Join(
			measure("find", "find", folder, "-printf", "%p %s %T@\n"),
			os.RemoveAll(db),
			measure("scan", program, scan...),
			measure("rescan", program, scan...),
		)
		if err != nil {
			return got, err
		}
	}
	return got, nil
}

// makeFiles makes a folder of n empty files, a thousand in each folder within.
func makeFiles(folder string, n int) error {
	for i := range n {
		within := filepath.Join(folder, fmt.Sprintf("%04d", i/1000))
		if i%1000 == 0 {
			if err := os.MkdirAll(within, 0o700); err != nil {
				return err
			}
		}
		f, err := os.Create(filepath.Join(within, fmt.Sprintf("IMG_%07d.jpg", i)))
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
