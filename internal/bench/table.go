package main

import (
	"fmt"
	"strings"
	"time"
)

// table is printed as Markdown.
type table struct {
	head []string
	rows [][]string
}

func (t table) String() string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.head)
	b.WriteString("|" + strings.Repeat("---|", len(t.head)) + "\n")
	for _, r := range t.rows {
		line(r)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// percent gives a share with one decimal.
func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// megabytes gives bytes in MB.
func megabytes(n int64) string { return fmt.Sprintf("%d MB", n>>20) }

// cpuPer gives CPU time for each of n requests in milliseconds; "-" where it
// cannot be told.
func cpuPer(cpu time.Duration, n int) string {
	if cpu == 0 || n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f ms", cpu.Seconds()*1000/float64(n))
}

// perSecond gives a rate.
func perSecond(n int, d time.Duration) string {
	return fmt.Sprintf("%.0f", float64(n)/d.Seconds())
}
