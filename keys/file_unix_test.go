//go:build unix

package keys_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vlocal/keys"
)

func TestKeyFileThatOthersCanReadIsRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o660, 0o777} {
		path := keyFile(t, marked+"0123\n", mode)
		found, err := keys.ReadFile(path)
		if err == nil || !strings.Contains(err.Error(), `chmod 600 "`+path+`"`) || strings.Contains(err.Error(), "marked") {
			t.Errorf("%o: %v, %v", mode, found, err)
		}
	}
	for _, mode := range []os.FileMode{0o600, 0o700, 0o400} {
		if found, err := keys.ReadFile(keyFile(t, "fine\n", mode)); err != nil || len(found) != 1 {
			t.Errorf("%o: %v, %v", mode, found, err)
		}
	}
	// What counts is the file, not the link to it.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(keyFile(t, "fine\n", 0o644), link); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.ReadFile(link); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
}

// Opening a pipe waits for somebody who writes: here nobody does.
func TestNamedPipeIsNoKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.ReadFile(path); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Error(err)
	}
}
