//go:build unix

package scan_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/scan"
)

// A pipe that is called like a photo would be waited for for ever.
func TestPipesAreNotOpened(t *testing.T) {
	root := tree(t, "a.jpg")
	for _, name := range []string{"pipe.jpg", "pipe"} {
		if err := syscall.Mkfifo(filepath.Join(root, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, report := walk(t, root, scan.Options{})
	if diff := cmp.Diff([]string{"a.jpg"}, found); diff != "" || report.NotImages != 2 {
		t.Errorf("%d not images; %s", report.NotImages, diff)
	}
}
