package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vlocal/internal/testimage"
)

// often is how often something is done in a test: a few times, or with
// VLOCAL_LONG=1 as often as takes some minutes.
func often(few, many int) int {
	if os.Getenv("VLOCAL_LONG") != "" {
		return many
	}
	return few
}

// crashSite is a folder with photos and a database, on which programs die.
type crashSite struct {
	dir    string
	photos int
	ledger *ledger
}

func newCrashSite(t *testing.T, photos int, l *ledger) *crashSite {
	t.Helper()
	s := &crashSite{dir: t.TempDir(), photos: photos, ledger: l}
	if err := os.Mkdir(filepath.Join(s.dir, "photos"), 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range photos {
		picture := testimage.JPEG(testimage.Landscape(24+n%50, 24+n/50), 80)
		if err := os.WriteFile(filepath.Join(s.dir, "photos", fmt.Sprintf("%04d.jpg", n)), picture, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// command is the real program, as a process of its own.
func (s *crashSite) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "vlocal", append([]string{"--db", filepath.Join(s.dir, "vlocal.db")}, args...)...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "SystemRoot=" + os.Getenv("SystemRoot"),
		"NO_PROXY=127.0.0.1", "GORACE=atexit_sleep_ms=0", "VLOCAL_API_KEY=a-key-of-the-test"}
	return cmd
}

// asks are the arguments of a run that asks the ledger.
func (s *crashSite) asks(more ...string) []string {
	return append([]string{"run", "photos", "--prompt", "?", "--base-url", s.ledger.url, "--model", "m", "--concurrency", "6", "-q"}, more...)
}

// finish runs a command to its end and gives what it printed.
func (s *crashSite) finish(t *testing.T, args ...string) (text string, code int) {
	t.Helper()
	out, err := s.command(t.Context(), args...).CombinedOutput()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	if err != nil {
		code = err.(*exec.ExitError).ExitCode()
	}
	return string(out), code
}

// query gives the numbers that a statement finds in the database.
func (s *crashSite) query(t *testing.T, statement string) int {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "vlocal.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow(statement).Scan(&n); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return n
}

// killed starts a command and kills it after a random part of most. It reports how
// many requests were in flight then.
func (s *crashSite) killed(t *testing.T, most time.Duration, args ...string) (flying int) {
	t.Helper()
	cmd := s.command(t.Context(), args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(rand.N(most)) // the moment is what the test is about
	flying = s.ledger.flying()
	if err := cmd.Process.Kill(); err != nil && !strings.Contains(err.Error(), "already finished") {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	return flying
}

// The whole program is killed at random moments, whatever it does, and nothing is
// lost, asked twice without need, or half written.
func TestNothingIsLostByKilling(t *testing.T) {
	kills := often(25, 250)
	s := newCrashSite(t, 6*kills, openLedger(t, 40*time.Millisecond, 8))
	commands := [][]string{
		{"scan", "photos"}, s.asks(), s.asks(), s.asks(), s.asks(),
		{"retry", "--base-url", s.ledger.url, "--model", "m", "-q"}, {"export", "photos.csv"},
	}
	met := 0
	for n := range kills {
		command := commands[rand.N(len(commands))]
		if n == 0 {
			command = commands[0]
		}
		before, _ := os.ReadFile(filepath.Join(s.dir, "photos.csv"))
		if s.killed(t, 500*time.Millisecond, command...) > 0 {
			met++
		}
		s.checkExport(t, before)
		if n == kills/2 {
			s.ledger.takesAll()
		}
	}
	t.Logf("%d kills, %d of them with requests in flight", kills, met)
	if met == 0 {
		t.Error("no kill met a request: the test proves nothing")
	}
	// Rows that failed while the server was in trouble are left to the retry.
	const someFailed = 3
	if text, code := s.finish(t, s.asks()...); code != 0 && code != someFailed {
		t.Fatalf("the last run ends with %d:\n%s", code, text)
	}
	if text, code := s.finish(t, "retry", "--base-url", s.ledger.url, "--model", "m", "-q"); code != 0 {
		t.Fatalf("the last retry ends with %d:\n%s", code, text)
	}
	s.checkBooks(t)
}

// checkExport looks at the CSV file: it is the one of before, or a whole new one.
func (s *crashSite) checkExport(t *testing.T, before []byte) {
	t.Helper()
	now, err := os.ReadFile(filepath.Join(s.dir, "photos.csv"))
	if os.IsNotExist(err) || bytes.Equal(now, before) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(now)).ReadAll()
	if err != nil || !bytes.HasSuffix(now, []byte("\r\n")) {
		t.Fatalf("half an export: %v", err)
	}
	if jobs := s.query(t, "SELECT count(*) FROM jobs"); len(rows)-1 != jobs {
		t.Fatalf("the export has %d rows of %d", len(rows)-1, jobs)
	}
}

// checkBooks compares what is on record with what the server knows: all is done,
// every request is on record as an attempt, and a picture was answered again only
// where an attempt is on record as interrupted.
func (s *crashSite) checkBooks(t *testing.T) {
	t.Helper()
	if wrong := s.query(t, `
		SELECT count(*) FROM (
			SELECT task_id, iif(status = 'running', 'pending', status) AS status, coalesce(error_kind, '') AS kind, count(*) AS n
			FROM jobs GROUP BY 1, 2, 3) g
		WHERE n <> (SELECT coalesce(sum(jobs), 0) FROM job_counts c
		            WHERE c.task_id = g.task_id AND c.status = g.status AND c.error_kind = g.kind)`); wrong != 0 {
		t.Errorf("%d counts of jobs are wrong", wrong)
	}
	if done := s.query(t, "SELECT count(*) FROM jobs WHERE status = 'done'"); done != s.photos {
		t.Errorf("%d of %d are done", done, s.photos)
	}
	if open := s.query(t, "SELECT count(*) FROM attempts WHERE outcome IS NULL"); open != 0 {
		t.Errorf("%d attempts have no end", open)
	}
	if ok := s.query(t, "SELECT (SELECT integrity_check FROM pragma_integrity_check) = 'ok' AND NOT EXISTS (SELECT * FROM pragma_foreign_key_check)"); ok != 1 {
		t.Error("the database is damaged")
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "vlocal.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`
		SELECT n.text, count(*), count(*) FILTER (WHERE a.outcome = 'interrupted')
		FROM jobs j JOIN answers n ON n.id = j.answer_id JOIN attempts a ON a.job_id = j.id GROUP BY j.id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	for rows.Next() {
		var picture string
		var attempts, interrupted int
		if err := rows.Scan(&picture, &attempts, &interrupted); err != nil {
			t.Fatal(err)
		}
		if asked := s.ledger.asked[picture]; asked > attempts {
			t.Errorf("%s was asked %d times, of which %d are on record", picture, asked, attempts)
		}
		if answered := s.ledger.answered[picture]; answered > 1+interrupted {
			t.Errorf("%s was answered %d times, and only %d attempts were interrupted", picture, answered, interrupted)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// An upgrade that is killed is done by the next start, and loses nothing.
func TestKilledUpgradeIsCompleted(t *testing.T) {
	old, err := os.ReadFile(filepath.Join("..", "..", "store", "testdata", "v1.sql"))
	if err != nil {
		t.Fatal(err)
	}
	s := newCrashSite(t, 0, openLedger(t, 0, 0))
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "vlocal.db"))
	if err != nil {
		t.Fatal(err)
	}
	// Large enough that there is something to kill.
	_, err = db.Exec(string(old) + `;
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		INSERT INTO images (path, bytes, mtime_ns, found_at) SELECT '/photos/more/' || i, 1, 1, 1 FROM n;
		INSERT INTO jobs (image_id, task_id, updated_at) SELECT id, 1, 1 FROM images WHERE path LIKE '/photos/more/%';
		PRAGMA journal_mode = WAL;`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for range often(10, 100) {
		s.killed(t, 400*time.Millisecond, "status")
	}
	if text, code := s.finish(t, "status"); code != 0 {
		t.Fatalf("status ends with %d: %s", code, text)
	}
	for statement, want := range map[string]int{
		"SELECT count(*) FROM jobs":                                                       20_012,
		"SELECT count(*) FROM results WHERE status = 'done'":                              11,
		"SELECT user_version FROM pragma_user_version":                                    3,
		"SELECT integrity_check = 'ok' FROM pragma_integrity_check":                       1,
		"SELECT count(*) FROM pragma_foreign_key_check":                                   0,
		"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB '*_[0-9]'": 0,
	} {
		if got := s.query(t, statement); got != want {
			t.Errorf("%s: %d, want %d", statement, got, want)
		}
	}
}

// Of two runs that begin at once, one asks and the other says who holds the
// database; nothing is asked twice.
func TestTwoRunsAtOnceAskEverythingOnce(t *testing.T) {
	for range often(3, 30) {
		s := newCrashSite(t, 40, openLedger(t, 20*time.Millisecond, 0))
		if text, code := s.finish(t, "scan", "photos"); code != 0 {
			t.Fatal(text)
		}
		type ended struct {
			text string
			code int
		}
		both := make(chan ended, 2)
		for range 2 {
			go func() {
				text, code := s.finish(t, s.asks()...)
				both <- ended{text, code}
			}()
		}
		refused := 0
		for range 2 {
			switch e := <-both; {
			case e.code == 0:
			case strings.Contains(e.text, "in use by another run"):
				refused++
			default:
				t.Errorf("a run ends with %d: %s", e.code, e.text)
			}
		}
		if refused > 1 {
			t.Error("each run said that the other has the database")
		}
		s.checkBooks(t)
		if n := s.ledger.total(); n != s.photos {
			t.Errorf("%d requests about %d photos", n, s.photos)
		}
	}
}
