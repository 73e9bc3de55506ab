//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// during starts a run, has something happen when the server was asked so often, and
// gives how the run ended.
func (s *crashSite) during(t *testing.T, requests int, happen func(), args ...string) (text string, code int) {
	t.Helper()
	cmd := s.command(t.Context(), args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); s.ledger.total() < requests; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("only %d requests after a minute", s.ledger.total())
		}
	}
	happen()
	err := cmd.Wait()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// stopped looks at how a run ended that could not go on, and that it stopped early.
func (s *crashSite) stopped(t *testing.T, text string, code int, says ...string) {
	t.Helper()
	if code != 1 || strings.Contains(text, "panic") {
		t.Errorf("it ends with %d: %s", code, text)
	}
	for _, want := range says {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q: %s", want, text)
		}
	}
	if n := s.ledger.total(); n > s.photos/2 {
		t.Errorf("it stopped after %d requests about %d photos", n, s.photos)
	}
}

// goesOn runs to the end. Nothing that was answered before is asked again.
func (s *crashSite) goesOn(t *testing.T) {
	t.Helper()
	if text, code := s.finish(t, s.asks()...); code != 0 {
		t.Errorf("the next run ends with %d: %s", code, text)
	}
	s.checkBooks(t)
	if n := s.ledger.total(); n != s.photos {
		t.Errorf("%d requests about %d photos", n, s.photos)
	}
}

func (s *crashSite) path(name string) string { return filepath.Join(s.dir, name) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDatabaseDeletedUnderARunIsSaved(t *testing.T) {
	s := newCrashSite(t, 200, openLedger(t, 20*time.Millisecond, 0))
	text, code := s.during(t, 20, func() { must(t, os.Remove(s.path("vlocal.db"))) }, s.asks()...)
	s.stopped(t, text, code, "was deleted or moved away while it was in use", "it is there again", "Run again")
	s.goesOn(t)
}

func TestDatabaseReplacedUnderARunIsSavedBesideTheOther(t *testing.T) {
	s := newCrashSite(t, 200, openLedger(t, 20*time.Millisecond, 0))
	if text, code := s.finish(t, "--db", s.path("other.db"), "scan", "photos"); code != 0 {
		t.Fatal(text)
	}
	text, code := s.during(t, 20, func() { must(t, os.Rename(s.path("other.db"), s.path("vlocal.db"))) }, s.asks()...)
	s.stopped(t, text, code, "was replaced by another file", "vlocal-saved.db", "Go on with it: vlocal --db")
	if n := s.query(t, "SELECT count(*) FROM jobs"); n != 0 {
		t.Errorf("the other database has %d jobs now", n)
	}
	must(t, os.Rename(s.path("vlocal-saved.db"), s.path("vlocal.db")))
	s.goesOn(t)
}

// A drive that is unplugged leaves an empty folder, or none.
func TestPhotosThatVanishUnderARunStayPending(t *testing.T) {
	for name, vanish := range map[string]func(t *testing.T, s *crashSite){
		"no folder": func(t *testing.T, s *crashSite) {
			must(t, os.Rename(s.path("photos"), s.path("unplugged")))
		},
		"an empty folder": func(t *testing.T, s *crashSite) {
			must(t, os.Rename(s.path("photos"), s.path("unplugged")))
			must(t, os.Mkdir(s.path("photos"), 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCrashSite(t, 200, openLedger(t, 20*time.Millisecond, 0))
			text, code := s.during(t, 20, func() { vanish(t, s) }, s.asks()...)
			s.stopped(t, text, code, "images still pending", "its folder is empty or cannot be reached")
			if n := s.query(t, "SELECT count(*) FROM jobs WHERE status NOT IN ('done', 'pending')"); n != 0 {
				t.Errorf("%d jobs are neither done nor pending", n)
			}
			if n := s.query(t, "SELECT count(*) FROM attempts WHERE outcome = 'unreadable'"); n > 50 {
				t.Errorf("%d attempts at photos that are away", n)
			}
			_ = os.Remove(s.path("photos"))
			must(t, os.Rename(s.path("unplugged"), s.path("photos")))
			s.goesOn(t)
		})
	}
}

// One folder that is deleted is no reason to stop: its images are left, the others
// asked.
func TestAFolderThatVanishesStopsNothingElse(t *testing.T) {
	s := newCrashSite(t, 60, openLedger(t, 20*time.Millisecond, 0))
	must(t, os.Mkdir(s.path("photos/zz"), 0o700))
	for _, n := range []string{"a.jpg", "b.jpg"} {
		must(t, os.Rename(s.path("photos/005"+map[string]string{"a.jpg": "8", "b.jpg": "9"}[n]+".jpg"), s.path("photos/zz/"+n)))
	}
	text, code := s.during(t, 20, func() { must(t, os.RemoveAll(s.path("photos/zz"))) }, s.asks()...)
	if code != 1 || !strings.Contains(text, "2 images left to another run; of 2 the folder cannot be reached") {
		t.Errorf("it ends with %d: %s", code, text)
	}
	if n := s.query(t, "SELECT count(*) FROM jobs WHERE status = 'done'"); n != 58 {
		t.Errorf("%d are done", n)
	}
}

// A backup that is made in the middle of a run has all that was recorded before.
func TestBackupDuringARunIsWhole(t *testing.T) {
	s := newCrashSite(t, 120, openLedger(t, 10*time.Millisecond, 0))
	text, code := s.during(t, 20, func() {
		for n := range 5 {
			before := s.query(t, "SELECT count(*) FROM answers")
			if text, code := s.finish(t, "backup", "copy.db", "--force"); code != 0 {
				t.Errorf("backup %d ends with %d: %s", n, code, text)
			}
			copied := &crashSite{dir: t.TempDir()}
			if n == 0 && s.ledger.total() >= s.photos {
				t.Error("the run was over before there was a copy")
			}
			must(t, os.Rename(s.path("copy.db"), copied.path("vlocal.db")))
			if got := copied.query(t, "SELECT count(*) FROM jobs j JOIN answers a ON a.id = j.answer_id"); got < before {
				t.Errorf("the copy has %d answers of %d", got, before)
			}
			if ok := copied.query(t, "SELECT (SELECT integrity_check FROM pragma_integrity_check) = 'ok' AND (SELECT count(*) FROM jobs) = 120"); ok != 1 {
				t.Error("the copy is not whole")
			}
		}
	}, s.asks()...)
	if code != 0 {
		t.Errorf("the run ends with %d: %s", code, text)
	}
	s.checkBooks(t)
}
