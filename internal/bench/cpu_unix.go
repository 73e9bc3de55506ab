//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// cpuTime is what the process has used so far, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakOf is the most memory that a process that ended held.
//
// Source: getrusage(2): ru_maxrss is in kilobytes on Linux, in bytes on macOS.
func peakOf(p *os.ProcessState) string {
	u, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return "-"
	}
	if runtime.GOOS == "darwin" {
		return megabytes(u.Maxrss)
	}
	return megabytes(u.Maxrss << 10)
}
