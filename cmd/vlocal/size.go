package main

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"
)

// sizeHelp says what parseSize takes.
const sizeHelp = "it takes a size such as 512MB or 2GiB"

// parseSize reads a size such as 512MB (millions of bytes), 2GiB (of 1024 x 1024 x
// 1024) or a bare number of bytes, in upper or lower case. It is at least one byte.
func parseSize(text string) (int64, error) {
	n, err := humanize.ParseBytes(text)
	// A comma would be left out: 1,5GB would be fifteen.
	if err != nil || n == 0 || n > math.MaxInt64 || strings.Contains(text, ",") {
		return 0, errors.New(sizeHelp)
	}
	return int64(n), nil
}

// sizeText gives a size as parseSize takes it, in megabytes, rounded up.
func sizeText(n int64) string {
	const mb = 1_000_000
	return fmt.Sprintf("%dMB", (n+mb-1)/mb)
}

const maxBytesFlag = "max-bytes"

// maxBytes gives the bound on a picture that is sent, in bytes; 0 for none.
func maxBytes(c *cli.Context) (int, error) {
	text := c.String(maxBytesFlag)
	if text == "" || text == "0" {
		return 0, nil
	}
	n, err := parseSize(text)
	if err != nil || n > math.MaxInt32 {
		return 0, usagef("%s %s: it takes a number of bytes such as 4MB, 500kB or 300000, and 0 for no bound",
			called(c, maxBytesFlag), text)
	}
	return int(n), nil
}
