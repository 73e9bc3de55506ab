package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/keys"
)

// second is another key that must not be seen.
const second = "sk-second-ZYXWVUTSRQPONMLKJI"

// partLen is how many characters in a row of a key are too many.
const partLen = 12

// toldPart gives a part of a secret that stands in a text; "" if none does.
func toldPart(text string, secrets ...string) string {
	for _, secret := range secrets {
		for i := range len(secret) - partLen + 1 {
			if part := secret[i : i+partLen]; strings.Contains(text, part) {
				return part
			}
		}
	}
	return ""
}

// workFolder is where a person works: photos, a database, and all that was said.
type workFolder struct {
	dir  string
	args []string // go with every command that asks
	said bytes.Buffer
}

// keySourcesOf are the places for keys; each puts the two keys there, or the first
// one where there is place for one only.
var keySourcesOf = []struct {
	name string
	put  func(t *testing.T, w *workFolder, baseURL string)
}{
	{"environment", func(t *testing.T, w *workFolder, baseURL string) {
		t.Setenv("VLOCAL_API_KEYS", marked+","+second)
		w.args = []string{"--base-url", baseURL, "--model", "m"}
	}},
	{"file", func(t *testing.T, w *workFolder, baseURL string) {
		w.args = []string{"--base-url", baseURL, "--model", "m", "--key-file", keyFile(t, marked+"\n"+second+"\n")}
	}},
	{"keychain", func(t *testing.T, w *workFolder, baseURL string) {
		for _, secret := range []string{marked, second} {
			if _, err := (keys.Keychain{}).Add(t.Context(), baseURL, domain.NewKey(secret)); err != nil {
				t.Fatal(err)
			}
		}
		w.args = []string{"--base-url", baseURL, "--model", "m"}
	}},
	{"provider", func(t *testing.T, w *workFolder, baseURL string) {
		t.Setenv("PROVIDERS_KEY", marked)
		text := fmt.Sprintf("[provider.p]\nbase_url = %q\nmodel = \"m\"\nkey_env = \"PROVIDERS_KEY\"\n", baseURL)
		if err := os.WriteFile(filepath.Join(w.dir, "vlocal.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.args = []string{"--provider", "p"}
	}},
}

// newWorkFolder makes one with some photos, no two the same.
func newWorkFolder(t *testing.T, photos int) *workFolder {
	t.Helper()
	alone(t)
	for _, name := range []string{"XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "config"))
	}
	for _, name := range []string{"VLOCAL_DB", "VLOCAL_PROVIDER"} {
		t.Setenv(name, "")
	}
	keyring.MockInit()
	w := &workFolder{dir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(w.dir, "photos"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range photos {
		picture := testimage.JPEG(testimage.Landscape(32+i, 24), 80)
		if err := os.WriteFile(filepath.Join(w.dir, "photos", fmt.Sprintf("%02d.jpg", i)), picture, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// does runs a command on the folder's database and gives its exit code. What it
// prints is kept to be searched.
func (w *workFolder) does(ctx context.Context, args ...string) int {
	fmt.Fprintf(&w.said, "\n$ vlocal %s\n", args[0])
	return run(ctx, append([]string{"vlocal", "--db", filepath.Join(w.dir, "v.db")}, args...), &w.said, &w.said)
}

// asks runs a command that takes the flags for the server.
func (w *workFolder) asks(ctx context.Context, args ...string) int {
	return w.does(ctx, append(args, w.args...)...)
}

// keepOpen holds the database open, so that its -wal and -shm stay to be searched.
func (w *workFolder) keepOpen(t *testing.T) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("select count(*) from images"); err != nil {
		t.Fatal(err)
	}
}

// looksAt runs all commands that tell what is on record.
func (w *workFolder) looksAt(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{
		{"status"}, {"status", "--json"}, {"list", "--limit", "0"}, {"list", "--limit", "0", "--json"},
		{"show", "1"}, {"show", "1", "--json"}, {"export", filepath.Join(w.dir, "photos.csv")},
	} {
		if code := w.does(t.Context(), args...); code != exitDone {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
	w.asks(t.Context(), "config", "show")
	w.asks(t.Context(), "config", "show", "--json")
}

// searched insists on the secrets standing neither in what was said nor in any
// file of the folder, and on what must have been searched.
func (w *workFolder) searched(t *testing.T, secrets ...string) {
	t.Helper()
	if part := toldPart(w.said.String(), secrets...); part != "" {
		t.Errorf("said %q:\n%s", part, &w.said)
	}
	files := map[string]bool{}
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files[d.Name()] = true
		if part := toldPart(string(data), secrets...); part != "" {
			t.Errorf("%s holds %q", d.Name(), part)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, name := range []string{"v.db", "v.db-wal", "v.db-shm", "v.db.lock", "photos.csv"} {
		if !files[name] {
			t.Errorf("there was no %s to search; there are %v", name, files)
		}
	}
}
