package main

import (
	"archive/zip"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// hostile is a text that would move a terminal (escape codes of both kinds, a title,
// a bell), run in a page, count in a spreadsheet, end a cell, turn the direction of
// what follows, or end a text of C.
const hostile = "=HYPERLINK(\"http://127.0.0.1/\",\"x\")\x1b[2J\x1b]0;owned\x07\u009b31m\r\n" +
	"<script>alert(1)</script><img src=x onerror=alert(1)>{{.}}\t,\"';|`\u202egpj.exe\x00\x7f"

// poison puts the hostile text into every column of every table that takes a text.
// What a check of the schema keeps out is left as it is.
func poison(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	schema, err := json.Marshal(map[string]any{"type": "object", "properties": map[string]any{
		hostile: map[string]any{"type": "string"}, "=1+1": map[string]any{"type": "array"}, "results": map[string]any{"type": "number"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`UPDATE images SET path = rtrim(path, '.jpg') || ?1 || '.jpg' WHERE id > 1`,
		`UPDATE images SET format = ?1, taken_at = ?1, warning = ?1, camera = ?1, lens = ?1`,
		// Those that are there, and some that never were.
		`INSERT INTO images (path, bytes, mtime_ns, found_at) VALUES ('../../' || ?1, 9223372036854775807, -9223372036854775808, 0)`,
		`INSERT INTO images (path, path_raw, bytes, mtime_ns, found_at) VALUES ('raw' || ?1, x'ff00fe', 1, 1, 1)`,
		`INSERT INTO images (path, bytes, mtime_ns, found_at) VALUES (cast(x'ff1b5b324a' AS TEXT), 1, 1, 1)`,
		`UPDATE tasks SET name = ?1, prompt = ?1, system = ?1, model = ?1`,
		`INSERT INTO tasks (name, prompt, model, max_tokens, max_width, max_height, quality, created_at, schema)
		 VALUES ('b' || ?1, 'other', 'm', 9223372036854775807, 1, 1, 1, -9223372036854775808, ?2)`,
		`UPDATE runs SET base_url = ?1, host = ?1, error = ?1`,
		`UPDATE attempts SET model = ?1, key = ?1, error = ?1, http_status = 9223372036854775807`,
		`UPDATE answers SET text = ?1, model = ?1, finish_reason = ?1, mended = ?1, fields = json_object('a' || ?1, ?1)`,
		`INSERT INTO decisions (run_id, at, what, text) SELECT id, 1, 'pace', ?1 FROM runs`,
		`INSERT INTO answer_formats VALUES (?1, ?1, 'prompt', 1)`,
		`INSERT INTO jobs (image_id, task_id, status, error_kind, error, updated_at)
		 SELECT i.id, t.id, 'failed', 'network', ?1, 1 FROM images i, tasks t WHERE true
		 ON CONFLICT DO NOTHING`,
	} {
		if _, err := db.Exec(statement, hostile, string(schema)); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// misleading gives the first character of a text that a terminal would obey.
func misleading(text string) (r rune, around string) {
	for i, r := range text {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return r, text[max(0, i-60):min(len(text), i+30)]
		}
	}
	return 0, ""
}

// A database that somebody sends is theirs to the last byte. What it says is shown,
// and nothing of it is obeyed.
func TestHostileDatabaseIsShownAndNotObeyed(t *testing.T) {
	w := newWorkFolder(t, 3)
	t.Chdir(w.dir)
	ctx := t.Context()
	if code := w.does(ctx, "run", "photos", "--prompt", "?", "--model", "builtin/pixels", "-q"); code != 0 {
		t.Fatalf("run: exit code %d: %s", code, &w.said)
	}
	poison(t, filepath.Join(w.dir, "v.db"))

	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(rw).Encode(map[string]any{"error": map[string]any{"message": hostile}})
	}))
	defer server.Close()
	for _, args := range [][]string{
		{"status"}, {"status", "--json"}, {"list"}, {"list", "--json"}, {"list", "--where", "answer is not null"},
		{"show", "1"}, {"show", "1", "--json"}, {"show", "2"}, {"show", "4"}, {"show", "5"}, {"show", "6"},
		{"tasks"}, {"tasks", "--json"}, {"tasks", "name", "1", hostile}, {"compare", "1", "2"}, {"alike"},
		{"scan", "photos"}, {"retry", "--dry-run"}, {"run", "--dry-run"}, {"keys", "list"},
		{"run", "--base-url", server.URL + "/v1", "--yes"}, {"run", "--task", "1", "--base-url", server.URL + "/v1"},
		{"run", "--prompt", "new", "--base-url", server.URL + "/v1", "--model", hostile},
		{"list", "--task", hostile}, {"show", hostile}, {"export", "x.csv", "--where", hostile}, {"export", hostile + ".csv"},
	} {
		w.said.Reset()
		w.does(ctx, args...)
		if r, around := misleading(w.said.String()); r != 0 {
			t.Errorf("%.60q prints %U: %q", args, r, around)
		}
	}
	tasks := w.hashes(t)
	if len(tasks) < 2 {
		t.Fatalf("tasks: %q", tasks)
	}
	for name, check := range map[string]func(*testing.T, string){
		"x.csv": formulaFree, "x.xlsx": formulaFreeWorkbook, "x.html": scriptFree, "x.jsonl": everyLineJSON, "x.md": scriptFree,
	} {
		for _, task := range tasks {
			w.said.Reset()
			if code := w.does(ctx, "export", name, "--task", task); code != 0 {
				t.Errorf("export %s: exit code %d: %s", name, code, &w.said)
				continue
			}
			check(t, filepath.Join(w.dir, name))
		}
	}
}

// hashes gives the names by which tasks can be asked for.
func (w *workFolder) hashes(t *testing.T) (all []string) {
	t.Helper()
	w.said.Reset()
	if code := w.does(t.Context(), "tasks", "--json"); code != 0 {
		t.Fatalf("exit code %d: %s", code, &w.said)
	}
	for line := range strings.Lines(w.said.String()) {
		var task struct{ Hash string }
		if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &task) == nil {
			all = append(all, task.Hash)
		}
	}
	return all
}

func contents(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func formulaFree(t *testing.T, path string) {
	rows, err := csv.NewReader(strings.NewReader(contents(t, path))).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") {
				t.Errorf("a formula: %q", cell)
			}
		}
	}
}

func formulaFreeWorkbook(t *testing.T, path string) {
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, f := range r.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(f.Name, "worksheets/sheet") && strings.Contains(string(text), "<f>") {
			t.Errorf("a formula in %s", f.Name)
		}
	}
}

func scriptFree(t *testing.T, path string) {
	page := contents(t, path)
	for _, bad := range []string{"<script", "<img src=x", `href="javascript`} {
		if strings.Contains(page, bad) {
			t.Errorf("%s holds %s", filepath.Base(path), bad)
		}
	}
}

func everyLineJSON(t *testing.T, path string) {
	n := 0
	for line := range strings.Lines(contents(t, path)) {
		n++
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %q", line)
		}
	}
	if n < 2 {
		t.Errorf("%d lines", n)
	}
}
