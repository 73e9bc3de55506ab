package main

import (
	"math"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"
)

const maxBytesFlag = "max-bytes"

// maxBytes gives the bound on a picture that is sent, in bytes; 0 for none.
func maxBytes(c *cli.Context) (int, error) {
	text := c.String(maxBytesFlag)
	if text == "" {
		return 0, nil
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n > math.MaxInt32 {
		return 0, usagef("%s %s: it takes a number of bytes such as 4MB, 500kB or 300000, and 0 for no bound",
			called(c, maxBytesFlag), text)
	}
	return int(n), nil
}
