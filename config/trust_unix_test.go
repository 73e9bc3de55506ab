//go:build unix

package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vlocal/config"
)

func TestFileThatOthersCanWriteIsRefused(t *testing.T) {
	path := write(t, "model = 'x'\n")
	for _, mode := range []os.FileMode{0o602, 0o620, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := config.Load(known, path)
		if err == nil || !strings.HasPrefix(err.Error(), path+": other users can write") || !strings.Contains(err.Error(), "chmod go-w") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(known, path); err != nil {
		t.Errorf("mode 644: %v", err)
	}
}

func TestPipeIsNotWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vlocal.toml")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(known, path); err == nil || !strings.Contains(err.Error(), "this is not a file") {
		t.Errorf("%v", err)
	}
}
