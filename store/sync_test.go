package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
)

func sum(s string) [32]byte { return sha256.Sum256([]byte(s)) }

// folder makes files with the given contents and gives their candidates.
type folder string

func (f folder) write(t *testing.T, name, content string, mtime time.Time) {
	t.Helper()
	path := filepath.Join(string(f), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, mtime, mtime); err != nil {
		t.Fatal(err)
	}
}

func (f folder) sync(t *testing.T, s *Store) SyncReport {
	t.Helper()
	entries, err := os.ReadDir(string(f))
	if err != nil {
		t.Fatal(err)
	}
	var all []domain.Candidate
	for _, e := range entries {
		st, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, domain.Candidate{Path: filepath.Join(string(f), e.Name()), Size: st.Size(), ModTime: st.ModTime()})
	}
	report, err := s.Sync(t.Context(), string(f), inOrder(all), onDisk)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestScanTwiceAddsOnlyWhatIsNew(t *testing.T) {
	s, f := create(t), folder(t.TempDir())
	now := time.Now()
	f.write(t, "a.jpg", "a", now)
	f.write(t, "b.jpg", "b", now)
	if diff := cmp.Diff(SyncReport{New: 2}, f.sync(t, s)); diff != "" {
		t.Errorf("first scan: %s", diff)
	}
	f.write(t, "aa.jpg", "aa", now)
	if diff := cmp.Diff(SyncReport{New: 1, Same: 2}, f.sync(t, s)); diff != "" {
		t.Errorf("second scan: %s", diff)
	}
}

func TestScanSeesChangesByBytesNotByTime(t *testing.T) {
	s, f := create(t), folder(t.TempDir())
	then := time.Now().Add(-time.Hour)
	for _, n := range []string{"changed.jpg", "never-read.jpg", "same.jpg", "touched.jpg"} {
		f.write(t, n, n, then)
	}
	f.sync(t, s)
	r := startRun(t, s, Scope{})
	for _, j := range claim(t, r, 9) {
		if name := filepath.Base(j.Image.Path); name != "never-read.jpg" {
			end(t, r, begin(t, r, j, name), answered("it is "+name))
		}
	}
	endRun(t, r)

	f.write(t, "changed.jpg", "other bytes than before", then)
	f.write(t, "touched.jpg", "touched.jpg", time.Now())
	f.write(t, "never-read.jpg", "whatever", then)
	if diff := cmp.Diff(SyncReport{Changed: 2, Touched: 1, Same: 1}, f.sync(t, s)); diff != "" {
		t.Error(diff)
	}
	want := map[string]domain.Status{
		"changed.jpg": domain.Pending, "never-read.jpg": domain.Pending,
		"same.jpg": domain.Done, "touched.jpg": domain.Done,
	}
	if diff := cmp.Diff(want, statuses(t, s)); diff != "" {
		t.Error(diff)
	}
	if n := query[int](t, s, "SELECT count(*) FROM answers"); n != 3 {
		t.Errorf("%d answers on record, want all 3", n)
	}
	if diff := cmp.Diff(SyncReport{Same: 4}, f.sync(t, s)); diff != "" {
		t.Errorf("once more: %s", diff)
	}
}

func TestScanNoticesWhatVanishedAndWhatIsBack(t *testing.T) {
	s, f := create(t), folder(t.TempDir())
	now := time.Now()
	for _, n := range []string{"done.jpg", "pending.jpg", "stays.jpg"} {
		f.write(t, n, n, now)
	}
	f.sync(t, s)
	r := startRun(t, s, Scope{})
	end(t, r, begin(t, r, claim(t, r, 1)[0], "done.jpg"), answered("yes"))
	endRun(t, r)

	for _, n := range []string{"done.jpg", "pending.jpg"} {
		if err := os.Remove(filepath.Join(string(f), n)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(SyncReport{Missing: 2, Same: 1}, f.sync(t, s)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(SyncReport{Same: 1}, f.sync(t, s)); diff != "" {
		t.Errorf("told twice: %s", diff)
	}
	want := map[string]domain.Status{"done.jpg": domain.Done, "pending.jpg": domain.Skipped, "stays.jpg": domain.Pending}
	if diff := cmp.Diff(want, statuses(t, s)); diff != "" {
		t.Error(diff)
	}
	r = startRun(t, s, Scope{})
	if r.Total != 1 {
		t.Errorf("a run asks about %d, want the 1 that is there", r.Total)
	}
	endRun(t, r)

	f.write(t, "pending.jpg", "pending.jpg", now)
	if diff := cmp.Diff(SyncReport{Returned: 1, Same: 1}, f.sync(t, s)); diff != "" {
		t.Error(diff)
	}
	if got := statuses(t, s)["pending.jpg"]; got != domain.Pending {
		t.Errorf("the file is back, its job is %s", got)
	}
}

// A file that the scan did not give because it was told to leave it out is not
// gone, and a folder beside the root whose name begins alike is none of its
// business.
func TestScanTouchesNothingOutsideWhatItSaw(t *testing.T) {
	s := create(t)
	dir := t.TempDir()
	for _, n := range []string{"p/a.jpg", "p/excluded.jpg", "p-old/a.jpg", "p.jpg"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, n)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, n), []byte(n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Sync(t.Context(), dir, candidates(dir, "p/a.jpg", "p/excluded.jpg", "p-old/a.jpg", "p.jpg"), onDisk); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "p-old")); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "p")
	all := []domain.Candidate{{Path: filepath.Join(root, "a.jpg"), Size: 7, ModTime: time.Unix(1700000000, 123)}}
	report, err := s.Sync(t.Context(), root, inOrder(all), onDisk)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(SyncReport{Same: 1}, report); diff != "" {
		t.Error(diff)
	}
}

func TestAnyFileNameIsKept(t *testing.T) {
	names := []string{"a b.jpg", "a,b.jpg", `"q".jpg`, "line\nbreak.jpg", "写真 🐈.jpg", `\xff.jpg`, "'; drop table images; --.jpg"}
	if runtime.GOOS == "linux" {
		names = append(names, "\xff.jpg", "caf\xe9.jpg", "\xf0\x9f.jpg")
	}
	s := create(t)
	root := filepath.FromSlash("/photos")
	for range 2 {
		if _, err := s.Sync(t.Context(), root, candidates(root, names...), Look{Gone: func(string) bool { return true }}); err != nil {
			t.Fatal(err)
		}
	}
	if all, missing, err := s.Images(t.Context()); all != len(names) || missing != 0 || err != nil {
		t.Fatalf("images = %d, missing = %d, %v; want %d", all, missing, err, len(names))
	}
	r := startRun(t, s, Scope{Roots: []string{root}})
	defer endRun(t, r)
	want, got := map[string]bool{}, map[string]bool{}
	for _, n := range names {
		want[filepath.Join(root, n)] = true
	}
	for _, j := range claim(t, r, 100) {
		got[j.Image.Path] = true
		if i, err := s.ImageByPath(t.Context(), j.Image.Path); err != nil || i.Path != j.Image.Path {
			t.Errorf("%q is found as %q, %v", j.Image.Path, i.Path, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestScanThatFailsKeepsWhatItHadFound(t *testing.T) {
	s := create(t)
	root := filepath.FromSlash("/photos")
	boom := errors.New("drive pulled out")
	n := 2*syncBatch + 10
	walk := func(yield func(domain.Candidate, error) bool) {
		for i := range n {
			if !yield(domain.Candidate{Path: filepath.Join(root, fmt.Sprintf("%06d.jpg", i))}, nil) {
				return
			}
		}
		yield(domain.Candidate{}, boom)
	}
	_, err := s.Sync(t.Context(), root, walk, Look{Gone: func(string) bool { return true }})
	if !errors.Is(err, boom) {
		t.Fatalf("error %v", err)
	}
	if all, missing, err := s.Images(t.Context()); all != 2*syncBatch || missing != 0 || err != nil {
		t.Errorf("images = %d, missing = %d, %v; want the whole batches", all, missing, err)
	}
}
