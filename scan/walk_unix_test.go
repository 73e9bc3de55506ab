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
	root := tree(t, "a.jpg", "link.jpg -> pipe")
	for _, name := range []string{"pipe.jpg", "pipe"} {
		if err := syscall.Mkfifo(filepath.Join(root, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, report := walk(t, root, scan.Options{})
	if diff := cmp.Diff([]string{"a.jpg"}, found); diff != "" || report.NotImages != 3 {
		t.Errorf("%d not images; %s", report.NotImages, diff)
	}
}

func TestPipeAsRootIsNotOpened(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.jpg")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	var report scan.Report
	for c, err := range scan.Walk(t.Context(), pipe, scan.Options{}, &report) {
		t.Errorf("found %v, %v", c, err)
	}
	if report.NotImages != 1 {
		t.Errorf("%d not images, want 1", report.NotImages)
	}
}
