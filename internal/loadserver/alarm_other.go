//go:build !linux

package loadserver

import "time"

// alarms is empty where there is no exact timer that a goroutine can wait for.
type alarms struct{}

func (*alarms) sleep(d time.Duration) { time.Sleep(d) }
