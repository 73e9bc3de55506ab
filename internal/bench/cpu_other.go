//go:build !unix

package main

import (
	"os"
	"time"
)

// cpuTime cannot be told here.
func cpuTime() time.Duration { return 0 }

// peakOf cannot be told here.
func peakOf(*os.ProcessState) string { return "-" }
