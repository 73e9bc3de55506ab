package preprocess_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

// put writes a file into a folder of the test's own.
func put(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o400); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFileIsItsBytes(t *testing.T) {
	data := testimage.JPEG(testimage.Landscape(60, 40), 80)
	path := put(t, "named for another format.png", data)
	got, err := preprocess.Options{}.File(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := preprocess.Options{}.Bytes(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("picture (-bytes +file):\n%s", diff)
	}
	if after, err := os.ReadFile(path); err != nil || !cmp.Equal(after, data) {
		t.Errorf("the original is not what it was (%v)", err)
	}
}

func TestFileErrorsNameTheFileAndSayWhatToDo(t *testing.T) {
	folder := t.TempDir()
	large := put(t, "large.jpg", make([]byte, 1001))
	text := put(t, "notes.jpg", []byte("hello"))
	gone := filepath.Join(folder, "gone.jpg")
	for _, c := range []struct {
		path string
		kind domain.ErrorKind
		want string
	}{
		{folder, domain.Unreadable,
			"open " + folder + ": a folder, not a file (name a picture file)"},
		{large, domain.TooLarge,
			"read " + large + ": the file has 1001 bytes; at most 1000 are read (save a smaller copy of it, or exclude it)"},
		{text, domain.Unsupported,
			"decode " + text + ": not an image: it looks like text/plain (rename or exclude it, if it is not a picture)"},
	} {
		_, err := preprocess.Options{MaxFileBytes: 1000}.File(t.Context(), c.path)
		if got := domain.KindOf(err); got != c.kind {
			t.Errorf("kind is %q (%v), want %q", got, err, c.kind)
			continue
		}
		if diff := cmp.Diff(c.want, err.Error()); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
	}
	// What a missing file is called differs between systems.
	_, err := preprocess.Options{}.File(t.Context(), gone)
	if domain.KindOf(err) != domain.Unreadable || !os.IsNotExist(cause(err)) ||
		!strings.HasPrefix(err.Error(), "open "+gone+": ") ||
		!strings.HasSuffix(err.Error(), " (it was moved or deleted; scan its folder again)") {
		t.Errorf("a file that is gone: %v", err)
	}
}

// cause is what a *domain.Error wraps.
func cause(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}

func TestFileWithoutPermissionIsUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("nothing is forbidden to this user by a file's mode")
	}
	path := put(t, "private.jpg", testimage.JPEG(testimage.Landscape(8, 8), 80))
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	_, err := preprocess.Options{}.File(t.Context(), path)
	if domain.KindOf(err) != domain.Unreadable || !strings.HasSuffix(err.Error(), "(allow your user to read it, then retry)") {
		t.Errorf("got %v, want unreadable with a hint", err)
	}
}
