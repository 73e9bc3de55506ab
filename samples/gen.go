//go:build ignore

// Gen writes the sample pictures into the current folder.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"vlocal/internal/testimage"
)

func main() {
	for name, data := range testimage.Samples() {
		if err := write(filepath.FromSlash(name), data); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o666)
}
