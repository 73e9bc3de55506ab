package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vlocal/domain"
)

// handmade is a database with one image, at which somebody was with another tool.
func handmade(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vlocal.db")
	s := createAt(t, path)
	add(t, s, "a.jpg")
	newTask(t, s)
	closeStore(t, s)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(script); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return path
}

func TestDatabaseThatDoesMoreThanKeepRowsIsRefused(t *testing.T) {
	computed := `CREATE TABLE images (id INTEGER PRIMARY KEY,
		path TEXT GENERATED ALWAYS AS ('/etc/passwd'), path_raw BLOB) STRICT`
	for name, c := range map[string]struct{ script, named string }{
		"a trigger on jobs": {`CREATE TRIGGER gone AFTER UPDATE ON jobs BEGIN DELETE FROM attempts; END`, "gone"},
		"a trigger on the view": {`CREATE TRIGGER instead INSTEAD OF INSERT ON results
			BEGIN DELETE FROM answers; END`, "instead"},
		"a virtual table":         {`CREATE VIRTUAL TABLE words USING fts5 (text)`, "words"},
		"a table like a function": {`CREATE TABLE json_each (key, value)`, "json_each"},
		"a table like a pragma":   {`CREATE TABLE pragma_table_list (schema, type, name, strict)`, "pragma_table_list"},
		"a view for a table": {`DROP VIEW results; ALTER TABLE decisions RENAME TO d;
			CREATE VIEW decisions AS SELECT * FROM d`, "decisions"},
		"a table that takes any type": {`PRAGMA writable_schema = 1;
			UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'runs'`, "runs"},
		"a computed path": {`PRAGMA foreign_keys = 0; DROP VIEW results; DROP TABLE images; ` + computed, "images.path"},
		"a key that deletes": {`PRAGMA foreign_keys = 0; DROP VIEW results; DROP TABLE decisions;
			CREATE TABLE decisions (id INTEGER PRIMARY KEY, run_id INTEGER REFERENCES runs (id) ON DELETE CASCADE) STRICT`,
			"decisions.run_id"},
	} {
		t.Run(name, func(t *testing.T) {
			path := handmade(t, c.script)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for does, open := range map[string]func() (*Store, error){
				"open":   func() (*Store, error) { return Open(t.Context(), path) },
				"create": func() (*Store, error) { return Create(t.Context(), path) },
			} {
				s, err := open()
				if err == nil {
					closeStore(t, s)
				}
				if !errors.Is(err, ErrStrange) || !strings.Contains(err.Error(), c.named) {
					t.Errorf("%s: %v; want ErrStrange that names %s", does, err, c.named)
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

// What a person keeps beside the answers is theirs.
func TestTablesOfAPersonAreLetBe(t *testing.T) {
	path := handmade(t, `
		CREATE TABLE notes (image_id INTEGER REFERENCES images (id), text TEXT);
		CREATE INDEX by_camera ON images (camera);
		CREATE UNIQUE INDEX once ON notes (image_id);
		CREATE VIEW dear AS SELECT path FROM results WHERE cost_usd > 1;
		ALTER TABLE images ADD COLUMN stars INTEGER;
		ANALYZE`)
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, "a.jpg", "b.jpg")
	closeStore(t, s)
}

// A view that makes answers up would be exported as what the model said.
func TestReplacedViewIsMadeAnew(t *testing.T) {
	path := handmade(t, `DROP VIEW results;
		CREATE VIEW results AS SELECT 'made up' AS path, 'done' AS status`)
	for range 2 { // the second time nothing is to be done
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		var columns int
		if err := s.read.QueryRow(`SELECT count(*) FROM pragma_table_info('results')`).Scan(&columns); err != nil {
			t.Fatal(err)
		}
		if columns < 20 {
			t.Errorf("the view has %d columns", columns)
		}
		closeStore(t, s)
	}
}

// Opening is not to wait for a write under way, which it would if it made the view
// anew each time.
func TestOpeningWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vlocal.db")
	s := createAt(t, path)
	if _, err := s.Task(t.Context(), domain.Task{Prompt: "?", Model: "m", Schema: `{"type": "object", "properties": {"a": {"type": "string"}}}`,
		Parameters: domain.Parameters{MaxTokens: 9, MaxWidth: 9, MaxHeight: 9, Quality: 9}}); err != nil {
		t.Fatal(err)
	}
	var before, after int
	read := func(s *Store, into *int) {
		if err := s.read.QueryRow(`PRAGMA schema_version`).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	read(s, &before)
	closeStore(t, s)
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	read(s, &after)
	closeStore(t, s)
	if before != after {
		t.Errorf("the schema was changed %d times", after-before)
	}
}

// No field of any task makes a database one that cannot be opened.
func TestFieldsThatSQLCannotHoldAreLeftOutOfTheView(t *testing.T) {
	var many strings.Builder
	for n := range 2500 {
		fmt.Fprintf(&many, `"f%d": {"type": "string"}, `, n)
	}
	s := create(t)
	if _, err := s.Task(t.Context(), domain.Task{Prompt: "?", Model: "m", Schema: `{"type": "object", "properties": {
		"nul\u0000": {"type": "string"}, "\"; DROP TABLE jobs; --": {"type": "array"}, ` + many.String() + `"last": {"type": "string"}}}`,
		Parameters: domain.Parameters{MaxTokens: 9, MaxWidth: 9, MaxHeight: 9, Quality: 9}}); err != nil {
		t.Fatal(err)
	}
	columns, err := s.columns(t.Context())
	if err != nil || len(columns) < 1900 || !slices.Contains(columns, `"; DROP TABLE jobs; --`) || slices.Contains(columns, "last") {
		t.Errorf("%d columns, %v", len(columns), err)
	}
}
