package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/scan"
	"vlocal/store"
)

func scanFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{
			Name:  "include",
			Usage: "take only files that match `GLOB`, such as '*.jpg' or '2024/**' (can be repeated)",
		},
		&cli.StringSliceFlag{
			Name:  "exclude",
			Usage: "leave out files and folders that match `GLOB` (can be repeated)",
		},
	}
}

func scanCommand() *cli.Command {
	return &cli.Command{
		Name:      "scan",
		Usage:     "find the images in folders and put them on record, without asking anything",
		ArgsUsage: "PATH...",
		Description: `vlocal scan ~/Photos
vlocal scan ~/Photos /mnt/card --exclude thumbs
vlocal scan --urls list.txt         images on the web`,
		Flags: append(scanFlags(), urlsFlag, quietFlag, jsonFlag),
		Action: func(c *cli.Context) error {
			roots, err := rootsOf(c)
			if err != nil {
				return err
			}
			urls, err := haveURLs(c)
			if err != nil {
				return err
			}
			if len(roots) == 0 && !urls {
				return usagef("scan which folder? For example: vlocal scan ~/Photos")
			}
			ctx, stop := untilInterrupted(c.Context)
			defer stop()
			s, err := store.Create(ctx, database(c))
			if err != nil {
				return err
			}
			err = scanInto(ctx, c, s, roots)
			return errors.Join(err, s.Close())
		},
	}
}

// rootsOf gives the folders and files named on the command line.
func rootsOf(c *cli.Context) ([]string, error) {
	roots, err := scan.Roots(c.Args().Slice())
	if err != nil {
		return nil, err
	}
	if err := scanOptions(c).Validate(); err != nil {
		return nil, usageError{err}
	}
	return roots, nil
}

func scanOptions(c *cli.Context) scan.Options {
	return scan.Options{Include: c.StringSlice("include"), Exclude: c.StringSlice("exclude")}
}

// scanInto brings the database in line with the roots, adds the URLs of a list,
// and tells what was found.
func scanInto(ctx context.Context, c *cli.Context, s *store.Store, roots []string) error {
	con := consoleOf(c)
	var report scan.Report
	var changes store.SyncReport
	started := time.Now()
	stop := con.followScan(&report)
	defer stop()
	for _, root := range roots {
		found := scan.Walk(ctx, root, scanOptions(c), &report)
		r, err := s.Sync(ctx, root, found, store.Look{Hash: scan.HashFile, Gone: gone})
		changes.Add(r)
		if err != nil {
			return err
		}
	}
	if c.IsSet(urlsFlag.Name) {
		r, err := addURLs(ctx, c, s, &report)
		changes.Add(r)
		if err != nil {
			return err
		}
	}
	stop()
	return con.tellScan(&report, changes, time.Since(started))
}

// gone says that nothing goes by that name any more. A folder that cannot be
// looked into tells nothing about its files.
func gone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func (c console) tellScan(r *scan.Report, s store.SyncReport, took time.Duration) error {
	for _, p := range r.Problems {
		c.remark("left out: %s", printable(p.Error()))
	}
	if c.json {
		return c.object(map[string]any{
			"event": "scan", "images": r.FoundSoFar() - s.Twice, "new": s.New, "changed": s.Changed, "same": s.Same + s.Touched,
			"returned": s.Returned, "missing": s.Missing, "not_images": r.NotImages, "hidden": r.Hidden,
			"excluded": r.Excluded, "links": r.Links, "not_urls": r.NotURLs, "twice": s.Twice,
			"problems": r.ProblemCount(), "elapsed_ms": took.Milliseconds(),
		})
	}
	line := fmt.Sprintf("%s: %s new", count(r.FoundSoFar()-s.Twice, "image"), number(s.New))
	for _, part := range []struct {
		n    int
		what string
	}{
		{s.Changed, "changed"}, {s.Returned, "back again"}, {s.Missing, "gone"},
	} {
		if part.n > 0 {
			line += fmt.Sprintf(", %s %s", number(part.n), part.what)
		}
	}
	left := ""
	for _, part := range []struct {
		n    int
		what string
	}{
		{r.NotImages, "not images"}, {r.Hidden, "hidden"}, {r.Excluded, "excluded"},
		{r.Links, "links to what is scanned already"}, {s.Twice, "listed twice"}, {r.NotURLs, "not addresses"},
		{r.ProblemCount() - r.NotURLs, "not readable"},
	} {
		if part.n > 0 {
			left += fmt.Sprintf(", %s %s", number(part.n), part.what)
		}
	}
	if left != "" {
		line += "; left out: " + left[2:]
	}
	c.remark("%s", line)
	return nil
}

// lastTask gives the task that is gone on with when none is named.
func lastTask(ctx context.Context, s *store.Store) (domain.Task, error) {
	task, found, err := s.LastTask(ctx)
	if err == nil && !found {
		err = fmt.Errorf("nothing was asked yet with %s; ask with: vlocal run FOLDER --prompt \"What is in this photo?\"", s.Path())
	}
	return task, err
}
