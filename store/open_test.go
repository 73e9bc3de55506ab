package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vlocal/domain"
)

func TestCreatedFileIsItsOwnersOnlyAndOpensAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vlocal.db")
	for range 2 { // the second time it is there
		s, err := Create(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		add(t, s, "a.jpg")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if all, _, err := s.Images(t.Context()); all != 1 || err != nil {
		t.Errorf("images = %d, %v; want 1", all, err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("mode = %o, want 600", st.Mode().Perm())
	}
}

func TestNamesThatMeanSomethingInAURI(t *testing.T) {
	for _, name := range []string{"a b.db", "100%.db", "what?.db", "#1.db", "a%20b.db", "ü&x=1.db"} {
		if runtime.GOOS == "windows" && strings.ContainsRune(name, '?') {
			continue
		}
		dir := t.TempDir()
		s, err := Create(t.Context(), filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		add(t, s, "a.jpg")
		if err := s.Close(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 1 || entries[0].Name() != name {
			t.Errorf("%q made %v", name, entries)
		}
	}
}

func TestFilesThatAreNotOurDatabaseAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sqlFile := func(name, script string) string {
		path := filepath.Join(dir, name)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(script); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		path string
		want error
	}{
		"a picture":        {file("photo.jpg", []byte("\xff\xd8\xff\xe0 and so on, long enough to be something")), ErrNotDatabase},
		"a short text":     {file("note.txt", []byte("hi")), ErrNotDatabase},
		"a damaged one":    {file("bad.db", append([]byte("SQLite format 3\x00"), bytes.Repeat([]byte{7}, 5000)...)), ErrNotDatabase},
		"another program":  {sqlFile("other.db", "create table t (x); insert into t values (1)"), ErrForeign},
		"a newer vlocal":   {sqlFile("newer.db", "create table t (x); pragma application_id = 0x766c636c; pragma user_version = 99"), ErrNewer},
		"a folder":         {dir, ErrNotDatabase},
		"nothing there":    {filepath.Join(dir, "none.db"), ErrNoDatabase},
		"an empty file":    {file("empty.db", nil), ErrNoDatabase},
		"a missing folder": {filepath.Join(dir, "no", "none.db"), ErrNoDatabase},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := os.ReadFile(c.path)
			_, err := Open(t.Context(), c.path)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.path) {
				t.Errorf("error %q; want %q with the file's name", err, c.want)
			}
			if after, _ := os.ReadFile(c.path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
	for _, name := range []string{"photo.jpg", "other.db", "newer.db"} {
		path := filepath.Join(dir, name)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Create(t.Context(), path); err == nil {
			t.Errorf("Create took %s", name)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("Create changed %s", name)
		}
	}
}

// oldDatabase is a file of a version before today's, made of its dump.
func oldDatabase(t *testing.T, version int) string {
	t.Helper()
	dump, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("v%d.sql", version)))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "vlocal.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(string(dump)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOldDatabasesOpen(t *testing.T) {
	for version := 1; version < latest(); version++ {
		s, err := Open(t.Context(), oldDatabase(t, version))
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		defer s.Close()
		// What was answered stays answered, and is the last task's.
		task, found, err := s.LastTask(t.Context())
		if err != nil || !found || task.Model != "builtin/pixels" {
			t.Fatalf("version %d: last task %+v, %v", version, task, err)
		}
		totals, err := s.Totals(t.Context(), task.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := domain.Totals{
			Jobs:     map[domain.Status]int{domain.Done: 11, domain.Failed: 1},
			Failures: map[domain.ErrorKind]int{domain.Unsupported: 1}, Attempts: 11, Shared: 1,
			Usage: domain.Usage{TokensIn: 6010, TokensOut: 440},
		}
		if diff := cmp.Diff(want, totals, cmpopts.IgnoreFields(domain.Totals{}, "MeanLatency", "Asking")); diff != "" {
			t.Errorf("version %d: %s", version, diff)
		}
		// And it is what a new database is, to the column.
		if diff := cmp.Diff(columns(t, create(t)), columns(t, s)); diff != "" {
			t.Errorf("version %d, upgraded, differs from a new database: %s", version, diff)
		}
		for range s.Results(t.Context(), task.ID) {
			break
		}
		r, err := s.StartRun(t.Context(), task, "http://localhost/v1", Scope{Failed: true})
		if err != nil {
			t.Fatal(err)
		}
		end(t, r, begin(t, r, claim(t, r, 1)[0], "mended"), answered("a cat"))
		endRun(t, r)
	}
}

// columns gives the columns of every table and view, and the names of the
// indexes, each with what it is; in alphabetical order, since a later column
// stands last in an upgraded table.
func columns(t *testing.T, s *Store) (all []string) {
	t.Helper()
	rows, err := s.read.Query(`
		SELECT m.type || ' ' || m.name || ' ' || coalesce(c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value, ''), '')
		FROM sqlite_schema m LEFT JOIN pragma_table_info(m.name) c WHERE m.name NOT LIKE 'sqlite_%' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestUpgradeRunsTheMissingStepsInOrder(t *testing.T) {
	path := oldDatabase(t, 1)
	steps := []string{
		"ALTER TABLE images ADD COLUMN lens TEXT",
		"UPDATE images SET lens = 'wide'; CREATE INDEX images_by_lens ON images (lens)",
	}
	for range 2 { // the second time there is nothing to do
		if err := bringUpToDate(t.Context(), path, 1, "", steps); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]string{
		"SELECT count(*) FROM images WHERE lens = 'wide'":          "12",
		"SELECT user_version FROM pragma_user_version":             "3",
		"SELECT count(*) FROM pragma_index_info('images_by_lens')": "1",
	} {
		if got := oneValue(t, path, query); got != want {
			t.Errorf("%s is %s, want %s", query, got, want)
		}
	}
}

func TestUpgradeThatFailsLeavesTheVersionBefore(t *testing.T) {
	path := oldDatabase(t, 1)
	steps := []string{
		"ALTER TABLE images ADD COLUMN lens TEXT",
		"UPDATE images SET path = 'lost' WHERE id = 1; ALTER TABLE nowhere ADD COLUMN x TEXT",
	}
	if err := bringUpToDate(t.Context(), path, 1, "", steps); err == nil {
		t.Fatal("no error")
	}
	if v := oneValue(t, path, "SELECT user_version FROM pragma_user_version"); v != "2" {
		t.Errorf("version = %s, want 2: the first step is whole", v)
	}
	if n := oneValue(t, path, "SELECT count(*) FROM images WHERE path = 'lost'"); n != "0" {
		t.Error("half of the failed step stayed")
	}
}

// oneValue gives what a query finds in a file, past the Store.
func oneValue(t *testing.T, path, query string) (value string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// The lists in the schema and in the domain are the same, or a row could not be
// written one day.
func TestSchemaHasTheClosedLists(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})
	defer endRun(t, r)
	j := claim(t, r, 1)[0]
	for _, kind := range domain.ErrorKinds {
		end(t, r, begin(t, r, j, "bytes"), failed(kind, domain.Failed))
	}
	for _, status := range domain.Statuses {
		err := s.writer.write(t.Context(), func(t *tx) error {
			return t.exec(`UPDATE jobs SET status = ?1, answer_id = NULL,
				error_kind = CASE WHEN ?1 IN ('failed', 'skipped') THEN 'server' END`, string(status))
		})
		if err != nil && status != domain.Done { // done has its answer, always
			t.Errorf("%s: %v", status, err)
		}
	}
	if err := s.writer.write(t.Context(), func(t *tx) error {
		return t.exec(`UPDATE jobs SET status = 'odd'`)
	}); err == nil {
		t.Error("an unknown status was taken")
	}
}

func TestResultsViewIsReadableAlone(t *testing.T) {
	s := create(t)
	rows, err := s.read.Query(`SELECT * FROM results`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"path", "status", "answer", "error_kind", "error", "attempts", "model", "tokens_in", "tokens_out",
		"latency_ms", "width", "height", "bytes", "taken_at", "finished_at", "cost_usd", "warning"}
	if diff := cmp.Diff(want, got[:min(len(want), len(got))]); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(got, "task_id") {
		t.Error("nothing tells the tasks apart")
	}
}

// Another program that holds the file is called that, after a wait.
func TestBusyDatabaseIsCalledBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vlocal.db")
	closeStore(t, createAt(t, path))
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	w, err := newWriter(strings.Replace(dsn(path, "rw"), "busy_timeout(30000)", "busy_timeout(20)", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if err := w.write(t.Context(), func(*tx) error { return nil }); !errors.Is(err, ErrBusy) {
		t.Errorf("error %v", err)
	}
}
