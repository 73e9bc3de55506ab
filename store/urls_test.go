package store

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
)

// list gives the URLs, then err if it is not nil.
func list(err error, urls ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, u := range urls {
			if !yield(u, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

func addURLs(t *testing.T, s *Store, urls ...string) SyncReport {
	t.Helper()
	report, err := s.AddURLs(t.Context(), list(nil, urls...))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func paths(jobs []domain.Job) (all []string) {
	for _, j := range jobs {
		all = append(all, j.Image.Path)
	}
	return all
}

func TestListAddsEachURLOnceAndTakesNoneAway(t *testing.T) {
	s := create(t)
	for _, c := range []struct {
		urls []string
		want SyncReport
	}{
		{[]string{"http://h/a", "http://h/b", "http://h/a"}, SyncReport{New: 2, Twice: 1}},
		{[]string{"http://h/b", "http://h/b", "https://h/c"}, SyncReport{New: 1, Same: 1, Twice: 1}},
		{nil, SyncReport{}},
	} {
		if diff := cmp.Diff(c.want, addURLs(t, s, c.urls...)); diff != "" {
			t.Errorf("%q: %s", c.urls, diff)
		}
	}
	all, missing, err := s.Images(t.Context())
	if err != nil || all != 3 || missing != 0 {
		t.Errorf("%d images, %d missing, %v", all, missing, err)
	}
	i, err := s.ImageByPath(t.Context(), "https://h/c")
	if err != nil {
		t.Fatal(err)
	}
	want := domain.Image{ID: i.ID, Path: "https://h/c", ModTime: time.Unix(0, 0)}
	if diff := cmp.Diff(want, i); diff != "" {
		t.Error(diff)
	}
}

func TestListIsAddedUpToItsError(t *testing.T) {
	s := create(t)
	broken := errors.New("broken")
	var urls []string
	for n := range urlBatch + 1 {
		urls = append(urls, fmt.Sprintf("http://h/%d", n))
	}
	report, err := s.AddURLs(t.Context(), list(broken, urls...))
	if diff := cmp.Diff(SyncReport{New: urlBatch + 1}, report); diff != "" || !errors.Is(err, broken) {
		t.Errorf("%v %s", err, diff)
	}
	if diff := cmp.Diff(SyncReport{New: 1, Same: urlBatch + 1}, addURLs(t, s, append(urls, "http://h/last")...)); diff != "" {
		t.Errorf("again, whole: %s", diff)
	}
}

func TestScanOfAFolderLeavesURLsAlone(t *testing.T) {
	s := create(t)
	addURLs(t, s, "http://h/a", "https://h/b")
	root := filepath.VolumeName(t.TempDir()) + string(os.PathSeparator)
	gone := Look{Gone: func(string) bool { return true }}
	report, err := s.Sync(t.Context(), root, inOrder(nil), gone)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(SyncReport{}, report); diff != "" {
		t.Error(diff)
	}
}

func TestRunTakesTheURLsInItsScopeBesideItsRoots(t *testing.T) {
	s, root := create(t), t.TempDir()
	addURLs(t, s, "https://h/c", "http://h/a")
	sync := func(dir, name string) string {
		if _, err := s.Sync(t.Context(), dir, candidates(dir, name), onDisk); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	in, out := sync(root, "in.jpg"), sync(t.TempDir(), "out.jpg")
	for _, c := range []struct {
		scope Scope
		want  int
	}{
		{Scope{}, 4},
		{Scope{URLs: true}, 2},
		{Scope{Roots: []string{root}}, 1},
		{Scope{Roots: []string{root}, URLs: true}, 3},
	} {
		r := startRun(t, s, c.scope)
		if r.Total != c.want {
			t.Errorf("%+v: %d jobs, want %d", c.scope, r.Total, c.want)
		}
		if err := r.Close(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	r := startRun(t, s, Scope{Roots: []string{root}, URLs: true})
	for _, j := range claim(t, r, 9) {
		end(t, r, begin(t, r, j, j.Image.Path), domain.Ending{
			Err:    &domain.Error{Kind: domain.Unreadable, Err: errors.New("gone")},
			Status: domain.Failed, CountTry: true,
		})
		if j.Image.Path == out {
			t.Errorf("asked about %s", out)
		}
	}
	if err := r.Close(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		scope Scope
		want  int
	}{{Scope{}, 3}, {Scope{URLs: true}, 2}, {Scope{Roots: []string{root}}, 1}} {
		if n, err := s.FailedIn(t.Context(), r.task.ID, c.scope); n != c.want || err != nil {
			t.Errorf("failed in %+v: %d, %v, want %d", c.scope, n, err, c.want)
		}
	}
	again := startRun(t, s, Scope{URLs: true, Failed: true})
	if diff := cmp.Diff([]string{"http://h/a", "https://h/c"}, paths(claim(t, again, 9))); diff != "" {
		t.Errorf("retried beside %s: %s", in, diff)
	}
}

func TestURLIsFoundByItsLastName(t *testing.T) {
	s := create(t)
	addURLs(t, s, "http://h/x/a.jpg", "http://h/y/b.jpg", "https://i/y/b.jpg")
	i, err := s.ImageByName(t.Context(), "a.jpg")
	if err != nil || i.Path != "http://h/x/a.jpg" {
		t.Errorf("%q, %v", i.Path, err)
	}
	_, err = s.ImageByName(t.Context(), "b.jpg")
	if many, ok := errors.AsType[*ManyImagesError](err); !ok || len(many.Paths) != 2 {
		t.Errorf("%v", err)
	}
}

// A URL that is passed on has no bytes here: its answer counts, and no other
// picture without bytes shares it.
func TestAnswerAboutUnknownBytesIsKeptAndNotShared(t *testing.T) {
	s := create(t)
	addURLs(t, s, "http://h/a", "http://h/b")
	r := startRun(t, s, Scope{})
	for _, j := range claim(t, r, 9) {
		a, err := r.Begin(t.Context(), j, domain.Facts{}, domain.Asked{Model: "m"})
		if err != nil {
			t.Fatalf("begin %s: %v", j.Image.Path, err)
		}
		end(t, r, a, answered("it is "+j.Image.Path))
	}
	var got []string
	for row, err := range s.Results(t.Context(), r.task.ID) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(row.Status)+" "+row.Answer)
	}
	if diff := cmp.Diff([]string{"done it is http://h/a", "done it is http://h/b"}, got); diff != "" {
		t.Error(diff)
	}
}
