//go:build unix

package preprocess

import "syscall"

// openNonblock makes opening a named pipe return at once, should one have taken
// the file's place after it was looked at.
const openNonblock = syscall.O_NONBLOCK
