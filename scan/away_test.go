package scan_test

import (
	"os"
	"path/filepath"
	"testing"

	"vlocal/scan"
)

func TestAwayIsAboutTheFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"full", "empty"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "full", "other.jpg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]bool{"full": false, "empty": true, "none": true} {
		if got := scan.Away(filepath.Join(dir, folder, "a.jpg")); got != want {
			t.Errorf("in the folder %q: away is %v", folder, got)
		}
	}
}
