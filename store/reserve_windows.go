package store

import (
	"errors"
	"syscall"
)

// noRoom reports whether the system found no room: ERROR_HANDLE_DISK_FULL and
// ERROR_DISK_FULL.
//
// Source: https://learn.microsoft.com/en-us/windows/win32/debug/system-error-codes--0-499-
func noRoom(err error) bool {
	return errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112))
}
