package main

import (
	"database/sql"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// What one user asks about their photos is nothing for the next.
func TestEveryFileIsItsOwnersOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // where the folder's own rules hold
	}
	w := newWorkFolder(t, 2)
	t.Chdir(w.dir)
	for _, args := range [][]string{
		{"run", "photos", "--prompt", "?", "--model", "builtin/pixels"}, {"config", "init"},
		{"export", "x.csv"}, {"export", "x.xlsx"}, {"export", "x.jsonl"}, {"export", "x.html"}, {"export", "x.md"},
	} {
		if code := w.does(t.Context(), args...); code != exitDone {
			t.Errorf("%q: %s", args, &w.said)
		}
		w.keepOpen(t) // so that -wal and -shm stay
	}
	w.does(t.Context(), "retry")
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path, "photos") {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		seen[path] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"v.db", "v.db-wal", "v.db-shm", "v.db.lock", "vlocal.toml", "x.csv", "x.xlsx", "x.jsonl", "x.html", "x.md"} {
		if !seen[name] {
			t.Errorf("there is no %s to look at", name)
		}
	}
}

// No flag, setting or line of the program turns the check of a server's certificate
// off; and a server whose certificate nobody vouches for gets neither key nor picture.
func TestNoSettingTurnsTLSVerificationOff(t *testing.T) {
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "InsecureSkipVerify") {
			t.Errorf("%s has it", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	w := newWorkFolder(t, 1)
	t.Chdir(w.dir)
	w.does(t.Context(), "scan", "photos")
	if code := w.does(t.Context(), "run", "--insecure"); code != exitUsage {
		t.Errorf("--insecure: exit code %d", code)
	}
	t.Setenv("VLOCAL_API_KEY", marked)
	if code := w.does(t.Context(), "run", "--prompt", "?", "--base-url", server.URL+"/v1", "--model", "m"); code != exitError || asked.Load() > 0 {
		t.Errorf("exit code %d after %d requests: %s", code, asked.Load(), &w.said)
	}
}

// Where pictures go is said by the person, not by the database they go on with.
func TestHostileDatabaseSendsNothingToItsOwnAddress(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_ = json.NewEncoder(rw).Encode(map[string]any{"choices": []any{map[string]any{"message": map[string]any{"content": "x"}}}})
	}))
	defer server.Close()
	w := newWorkFolder(t, 1)
	t.Chdir(w.dir)
	if code := w.does(t.Context(), "run", "photos", "--prompt", "?", "--model", "builtin/pixels"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, &w.said)
	}
	db, err := sql.Open("sqlite", "file:v.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE runs SET base_url = ?1; UPDATE tasks SET model = 'm';
		UPDATE jobs SET status = 'pending', answer_id = NULL, run_id = NULL`, server.URL+"/v1"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VLOCAL_API_KEY", marked)
	w.does(t.Context(), "run", "--yes", "--timeout", "1s", "--base-url", "http://127.0.0.1:9/v1")
	w.does(t.Context(), "run", "--yes", "--dry-run")
	// And for real, with nobody named: the built-in model answers.
	if _, err := db.Exec(`UPDATE tasks SET model = 'builtin/pixels'`); err != nil {
		t.Fatal(err)
	}
	if code := w.does(t.Context(), "run", "--yes"); code != exitDone {
		t.Errorf("exit code %d: %s", code, &w.said)
	}
	w.does(t.Context(), "redo", "--all")
	if asked.Load() > 0 {
		t.Errorf("%d requests went to the database's address: %s", asked.Load(), &w.said)
	}
}
