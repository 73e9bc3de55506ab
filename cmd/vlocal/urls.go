package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/scan"
	"vlocal/store"
)

var urlsFlag = &cli.StringFlag{
	Name: "urls", TakesFile: true,
	Usage: "take the images on the web that `FILE` lists: a text with a URL on each line, or a CSV with a column named url; - is standard input",
}

const allowPrivateFlag = "allow-private-urls"

// urlFlags say how images on the web get to the model.
func urlFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "url-mode", Value: string(fetchURLs),
			Usage: "`HOW` images on the web get to the model: 'fetch' gets them here and sends them like files, 'pass' sends the URL for the model's server to fetch",
		},
		&cli.BoolFlag{
			Name:  allowPrivateFlag,
			Usage: "fetch images from this machine and private networks too, and through the proxy in HTTP_PROXY",
		},
	}
}

// urlMode is how images on the web get to the model. The list is closed.
type urlMode string

const (
	// fetchURLs: vlocal fetches and prepares them and sends data.
	fetchURLs urlMode = "fetch"
	// passURLs: the model's server is sent the URL.
	passURLs urlMode = "pass"
)

func checkURLMode(c *cli.Context) error {
	if mode := urlMode(c.String("url-mode")); mode != fetchURLs && mode != passURLs {
		return usagef("--url-mode %s: it takes %s or %s", mode, fetchURLs, passURLs)
	}
	return nil
}

// haveURLs reports whether a list of URLs is named. One that is not there is an
// error, before anything is made.
func haveURLs(c *cli.Context) (bool, error) {
	if !c.IsSet(urlsFlag.Name) {
		return false, nil
	}
	name := c.String(urlsFlag.Name)
	if name == "" {
		return false, usagef("--urls takes the name of a file, for example: --urls list.txt")
	}
	if name == "-" {
		if isTerminal(os.Stdin) {
			return false, usagef("--urls - takes the list from another program, for example: grep jpg links.txt | vlocal scan --urls -")
		}
		return true, nil
	}
	_, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("there is no file %s (check how it is spelled)", domain.PathText(name))
	case err != nil:
		return false, fmt.Errorf("read the list: %w", err)
	}
	return true, nil
}

// addURLs puts the list that is named on record.
func addURLs(ctx context.Context, c *cli.Context, s *store.Store, report *scan.Report) (store.SyncReport, error) {
	name, in := c.String(urlsFlag.Name), c.App.Reader
	if name == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return store.SyncReport{}, fmt.Errorf("read the list: %w", err)
		}
		// A file that was only read has nothing left to lose when it is closed.
		defer func() { _ = f.Close() }()
		in = f
	}
	return s.AddURLs(ctx, scan.URLs(ctx, name, in, report))
}
