//go:build unix

package export_test

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"vlocal/export"
)

func TestPipeIsWrittenToDirectly(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.csv")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		defer close(read)
		data, err := os.ReadFile(pipe)
		if err != nil {
			t.Error(err)
		}
		read <- string(data)
	}()
	err := export.File(pipe, func(w io.Writer) error { _, err := io.WriteString(w, "rows"); return err })
	if err != nil {
		t.Fatal(err)
	}
	// Before the reader is waited for: of a pipe that was replaced it gets nothing.
	if st, err := os.Lstat(pipe); err != nil || st.Mode().Type() != os.ModeNamedPipe {
		t.Fatalf("the pipe is gone: %v, %v", st, err)
	}
	if got := <-read; got != "rows" {
		t.Errorf("the reader got %q", got)
	}
}
