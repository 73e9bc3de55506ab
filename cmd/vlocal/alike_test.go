package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"vlocal/internal/testimage"
)

// copies DIR N makes a folder of N copies of one photo, each larger than the last.
func copies(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	for i := range n {
		photo := testimage.JPEG(testimage.StillLife(48*(i+2), 36*(i+2)), 85)
		ts.Check(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.jpg", i)), photo, 0o600))
	}
}
