//go:build !unix

package preprocess

// openNonblock is of no use where pipes do not live in the file system.
const openNonblock = 0
