package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
)

// peakMemory is the most memory that the process held, in bytes. Where the system
// does not tell (only Linux does), it is what Go's runtime took from it, which is
// somewhat more.
//
// Source: proc_pid_status(5), VmHWM.
func peakMemory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.Sys), nil
	}
	_, after, found := bytes.Cut(status, []byte("VmHWM:"))
	var kb int64
	if _, err := fmt.Sscan(string(after), &kb); !found || err != nil {
		return 0, fmt.Errorf("read VmHWM in /proc/self/status: %w", err)
	}
	return kb << 10, nil
}
