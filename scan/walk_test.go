package scan_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/scan"
)

// tree makes files; a name that ends in / is a folder, "a -> b" a link.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, n := range names {
		link, target, isLink := strings.Cut(n, " -> ")
		path := filepath.Join(root, filepath.FromSlash(link))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case isLink:
			err = os.Symlink(filepath.FromSlash(target), path)
		case strings.HasSuffix(n, "/"):
			err = os.MkdirAll(path, 0o700)
		default:
			err = os.WriteFile(path, []byte(n), 0o600)
		}
		if err != nil {
			t.Skipf("this file system does not take %q: %v", n, err)
		}
	}
	return root
}

// walk gives the paths found below root, with slashes.
func walk(t *testing.T, root string, o scan.Options) ([]string, *scan.Report) {
	t.Helper()
	var report scan.Report
	var found []string
	for c, err := range scan.Walk(t.Context(), root, o, &report) {
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(root, c.Path)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, filepath.ToSlash(rel))
	}
	if report.FoundSoFar() != len(found) {
		t.Errorf("reported %d, found %d", report.FoundSoFar(), len(found))
	}
	return found, &report
}

func TestOrderIsThatOfTheWholePaths(t *testing.T) {
	names := []string{
		"a.jpg", "a/b.jpg", "a-b/c.jpg", "a b.jpg", "a/b/c.jpg", "a-b.jpg", "B.JPG", "z,.jpg", "写真 🐈.jpg", "ü/x.png", "a!/x.jpg",
		strings.Repeat("n", 251) + ".jpg",
	}
	if runtime.GOOS != "windows" {
		names = append(names, "line\nbreak.jpg", `"quoted".jpg`, `\xff.jpg`, `\xff/literal.jpg`, `\xff/deep/b.jpg`, `\xff/z.jpg`)
	}
	if runtime.GOOS == "linux" {
		// Beside the literal \xff: the same text, so what is below lies mixed.
		names = append(names, "\xff.jpg", "\xff/in.jpg", "\xff/m.jpg", "\xff/deep/a.jpg", "\xff/deep/c.jpg", "\xff/z.jpg",
			"caf\xe9.jpg", "\xf0\x9f.jpg")
	}
	root := tree(t, names...)
	found, _ := walk(t, root, scan.Options{})
	text := func(path string) string { return domain.PathText(filepath.FromSlash(path)) }
	want := slices.SortedFunc(slices.Values(names), func(a, b string) int {
		return cmp.Or(strings.Compare(text(a), text(b)), strings.Compare(a, b))
	})
	if diff := gocmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

func TestContentCountsWhereTheNameDoesNot(t *testing.T) {
	root := tree(t, "named.jpg", "note.txt", "movie.mp4", ".hidden.jpg", ".git/x.jpg", "sub/.DS_Store")
	for name, data := range map[string][]byte{
		"photo.dat": testimage.JPEG(testimage.Landscape(8, 8), 80),
		"noname":    testimage.PNG(testimage.Landscape(8, 8)),
	} {
		if err := os.WriteFile(filepath.Join(root, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, report := walk(t, root, scan.Options{})
	if diff := gocmp.Diff([]string{"named.jpg", "noname", "photo.dat"}, found); diff != "" {
		t.Error(diff)
	}
	if report.NotImages != 2 || report.Hidden != 3 {
		t.Errorf("%d not images, %d hidden; want 2 and 3", report.NotImages, report.Hidden)
	}
}

func TestSizeAndTimeAreThoseOfTheFile(t *testing.T) {
	root := tree(t, "a.jpg")
	st, err := os.Stat(filepath.Join(root, "a.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for c, err := range scan.Walk(t.Context(), root, scan.Options{}, &scan.Report{}) {
		want := domain.Candidate{Path: filepath.Join(root, "a.jpg"), Size: 5, ModTime: st.ModTime()}
		if err != nil || !gocmp.Equal(want, c) {
			t.Errorf("%+v, %v; want %+v", c, err, want)
		}
	}
}

func TestGlobsInAnyCase(t *testing.T) {
	names := []string{"IMG_1.JPG", "b.png", "thumbs/t.jpg", "2024/may/m.jpg", "2024/j.jpeg", "2023/o.jpg"}
	for name, c := range map[string]struct {
		o    scan.Options
		want []string
	}{
		"by name, at any depth": {scan.Options{Include: []string{"*.jpg"}}, []string{"2023/o.jpg", "2024/may/m.jpg", "IMG_1.JPG", "thumbs/t.jpg"}},
		"by folder":             {scan.Options{Include: []string{"2024/**"}}, []string{"2024/j.jpeg", "2024/may/m.jpg"}},
		"either":                {scan.Options{Include: []string{"*.PNG", "2023/*"}}, []string{"2023/o.jpg", "b.png"}},
		"without a folder":      {scan.Options{Exclude: []string{"thumbs", "2024"}}, []string{"2023/o.jpg", "IMG_1.JPG", "b.png"}},
		"exclude wins":          {scan.Options{Include: []string{"*.jpg"}, Exclude: []string{"20*/**"}}, []string{"IMG_1.JPG", "thumbs/t.jpg"}},
	} {
		t.Run(name, func(t *testing.T) {
			found, report := walk(t, tree(t, names...), c.o)
			if diff := gocmp.Diff(c.want, found); diff != "" {
				t.Error(diff)
			}
			if report.Excluded == 0 {
				t.Error("nothing is reported as excluded")
			}
		})
	}
	for _, bad := range []string{"[a", "", "{x", `a\`} {
		if err := (scan.Options{Exclude: []string{bad}}).Validate(); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestLinksAreFollowedButNeverInCircles(t *testing.T) {
	outside := tree(t, "far/o.jpg", "far/back -> ..")
	root := tree(t,
		"a/x.jpg", "a/up -> ..", "a/self -> .", "b -> a", "file -> a/x.jpg", "file.jpg -> a/x.jpg", "dead.jpg -> nowhere",
		"out1 -> "+outside+"/far", "out1-.jpg", "out2 -> "+outside+"/far", "out3 -> "+outside, "root -> /")
	found, report := walk(t, root, scan.Options{})
	want := []string{"a/x.jpg", "file.jpg", "out1-.jpg", "out1/o.jpg"}
	if diff := gocmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	// up, self, b, out2, out3, root, and back as seen through out1.
	if report.Links != 7 {
		t.Errorf("%d links to folders reported, want 7", report.Links)
	}
	if report.ProblemCount() != 1 {
		t.Fatalf("problems %v; want the dead link", report.Problems)
	}
	if got, want := report.Problems[0].Error(), filepath.Join(root, "dead.jpg")+": the link cannot be followed: "; !strings.HasPrefix(got, want) {
		t.Errorf("problem %q, want %q...", got, want)
	}
}

func TestLinkHasSizeAndTimeOfItsFile(t *testing.T) {
	root := tree(t, "x/real.jpg", "link.jpg -> x/real.jpg")
	when := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(root, "x", "real.jpg"), when, when); err != nil {
		t.Fatal(err)
	}
	for c, err := range scan.Walk(t.Context(), root, scan.Options{Exclude: []string{"x"}}, &scan.Report{}) {
		want := domain.Candidate{Path: filepath.Join(root, "link.jpg"), Size: int64(len("x/real.jpg")), ModTime: when}
		if err != nil || !gocmp.Equal(want, c) {
			t.Errorf("%+v, %v; want %+v", c, err, want)
		}
	}
}

func TestExcludedLinkTakesNothingFromAnother(t *testing.T) {
	outside := tree(t, "o.jpg")
	root := tree(t, "a -> "+outside, "b -> "+outside, "old -> nowhere")
	found, report := walk(t, root, scan.Options{Exclude: []string{"a", "old"}})
	if diff := gocmp.Diff([]string{"b/o.jpg"}, found); diff != "" {
		t.Error(diff)
	}
	if report.Excluded != 2 || report.Links != 0 || report.ProblemCount() != 0 {
		t.Errorf("%d excluded, %d links, problems %v; want 2, 0 and none", report.Excluded, report.Links, report.Problems)
	}
}

func TestReportKeepsSomeProblemsAndCountsAll(t *testing.T) {
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("%02d.jpg -> nowhere", i))
	}
	_, report := walk(t, tree(t, names...), scan.Options{})
	if len(report.Problems) != 20 || report.ProblemCount() != 30 {
		t.Errorf("%d kept of %d, want 20 of 30", len(report.Problems), report.ProblemCount())
	}
}

// What goes while the walk is under way, after it was listed and before its turn.
func TestWhatVanishesStopsNothing(t *testing.T) {
	root := tree(t, "a.jpg", "b.jpg", "c/x.jpg", "d.jpg", "e")
	var report scan.Report
	var found []string
	for c, err := range scan.Walk(t.Context(), root, scan.Options{}, &report) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, filepath.Base(c.Path))
		for _, name := range []string{"b.jpg", "c", "e"} {
			if err := os.RemoveAll(filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := gocmp.Diff([]string{"a.jpg", "d.jpg"}, found); diff != "" {
		t.Error(diff)
	}
	if report.ProblemCount() != 1 || report.Problems[0].Path != filepath.Join(root, "c") || !errors.Is(report.Problems[0], fs.ErrNotExist) {
		t.Errorf("problems %v; want the folder that vanished", report.Problems)
	}
}

func TestRootMayBeAFileOrALink(t *testing.T) {
	root := tree(t, "d/a.jpg", "l -> d", ".h/b.jpg")
	for arg, want := range map[string]string{"d/a.jpg": "d/a.jpg", "l": "l/a.jpg", ".h": ".h/b.jpg"} {
		var report scan.Report
		var found []string
		for c, err := range scan.Walk(t.Context(), filepath.Join(root, filepath.FromSlash(arg)), scan.Options{}, &report) {
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, c.Path)
		}
		if diff := gocmp.Diff([]string{filepath.Join(root, filepath.FromSlash(want))}, found); diff != "" {
			t.Errorf("%s: %s", arg, diff)
		}
	}
}

func TestFolderThatCannotBeReadStopsNoOther(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("this user may read every folder")
	}
	root := tree(t, "a/x.jpg", "b/y.jpg")
	if err := os.Chmod(filepath.Join(root, "a"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "a"), 0o700) })
	found, report := walk(t, root, scan.Options{})
	if !slices.Equal(found, []string{"b/y.jpg"}) || report.ProblemCount() != 1 {
		t.Errorf("found %q, problems %v", found, report.Problems)
	}
}

func TestWalkEndsWithItsContextAndWithItsCaller(t *testing.T) {
	root := tree(t, "a.jpg", "b.jpg", "c/d.jpg")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range scan.Walk(ctx, root, scan.Options{}, &scan.Report{}) {
		if last = err; err == nil {
			n++
		}
		cancel()
	}
	if n != 1 || !errors.Is(last, context.Canceled) {
		t.Errorf("after the end of ctx: %d more, %v", n-1, last)
	}
	for range scan.Walk(t.Context(), root, scan.Options{}, &scan.Report{}) {
		break // must not panic
	}
}

func TestRoots(t *testing.T) {
	dir := tree(t, "a/b/x.jpg", "a-b/", "c.jpg")
	t.Chdir(dir)
	got, err := scan.Roots([]string{"c.jpg", "a/b", "a", "a-b", "./a/", "a/b/../b/x.jpg"})
	if err != nil {
		t.Fatal(err)
	}
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(cwd, "a"), filepath.Join(cwd, "a-b"), filepath.Join(cwd, "c.jpg")}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct{ path, says string }{
		{"nowhere", filepath.Join(cwd, "nowhere") + " (check how it is spelled"},
		{filepath.Join("c.jpg", "x"), filepath.Join("c.jpg", "x") + " (check how it is spelled"},
		{"", `for the current folder write "."`},
	} {
		if _, err := scan.Roots([]string{"a", c.path}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v; want %q", c.path, err, c.says)
		}
	}
}

func TestRootThatIsGoneIsAnError(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	n := 0
	for _, err := range scan.Walk(t.Context(), gone, scan.Options{}, &scan.Report{}) {
		n++
		if !errors.Is(err, fs.ErrNotExist) || domain.KindOf(err) != domain.Unreadable || !strings.Contains(err.Error(), gone) {
			t.Errorf("error %v; want what and which", err)
		}
	}
	if n != 1 {
		t.Errorf("%d yielded, want the error alone", n)
	}
}

func TestHashIsOfTheWholeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big")
	data := bytes.Repeat([]byte("0123456789"), 100_000)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if sum, err := scan.HashFile(path); err != nil || sum != sha256.Sum256(data) {
		t.Errorf("%x, %v; want %x", sum, err, sha256.Sum256(data))
	}
	if _, err := scan.HashFile(path + ".gone"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestPatternIsForAFolderWhereverItStands(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"receipts/**", "/home/ann/receipts/2024/a.jpg", true},
		{"Receipts/*.JPG", "/home/ann/receipts/a.jpg", true},
		{"receipts/**", "/home/ann/old-receipts/a.jpg", false},
		{"*.png", "/home/ann/a.PNG", true},
		{"*.png", "/home/ann/a.png/b.jpg", false},
		{"/home/ann/**", "/home/ann/x/a.jpg", true},
		{"/ann/**", "/home/ann/a.jpg", false},
		{"example.com/shop/**", "https://example.com/shop/1.jpg", true},
	} {
		if got := scan.MatchesPath(c.pattern, c.path); got != c.want {
			t.Errorf("%q for %q: %v", c.pattern, c.path, got)
		}
	}
}
