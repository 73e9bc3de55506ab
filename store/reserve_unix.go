//go:build unix

package store

import (
	"errors"
	"syscall"
)

// noRoom reports whether the system found no room, for all or for this user.
func noRoom(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }
