//go:build unix

package preprocess_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

// Nobody writes into the pipe: opening it the plain way would wait for ever.
func TestPipeIsUnreadableAndDoesNotBlock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe.jpg")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, "/dev/zero"} {
		_, err := preprocess.Options{}.File(t.Context(), path)
		if got := domain.KindOf(err); got != domain.Unreadable {
			t.Errorf("%s: kind is %q (%v), want unreadable", path, got, err)
		}
	}
}

func TestNameThatIsNotUTF8IsSpelledOutInErrors(t *testing.T) {
	dir := t.TempDir()
	_, err := preprocess.Options{}.File(t.Context(), filepath.Join(dir, "caf\xe9.jpg"))
	// Some file systems refuse such a name, others only miss the file.
	want := "open " + dir + `/caf\xe9.jpg: `
	if domain.KindOf(err) != domain.Unreadable || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s and why it is unreadable", err, want)
	}
}

func TestLinkToAPictureIsRead(t *testing.T) {
	path := put(t, "real.jpg", testimage.JPEG(testimage.Landscape(8, 8), 80))
	link := filepath.Join(t.TempDir(), "link.jpg")
	if err := syscall.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := (preprocess.Options{}).File(t.Context(), link); err != nil {
		t.Error(err)
	}
}
