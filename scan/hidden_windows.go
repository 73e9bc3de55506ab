package scan

import (
	"io/fs"
	"syscall"
)

// hidden reads the attribute that Windows keeps beside the name.
func hidden(d fs.DirEntry) bool {
	info, err := d.Info()
	if err != nil {
		return false // whoever looks at the file next meets the error
	}
	attributes, ok := info.Sys().(*syscall.Win32FileAttributeData)
	return ok && attributes.FileAttributes&syscall.FILE_ATTRIBUTE_HIDDEN != 0
}
