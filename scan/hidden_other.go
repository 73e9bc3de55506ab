//go:build !windows

package scan

import "io/fs"

// hidden is said by the name alone here.
func hidden(fs.DirEntry) bool { return false }
