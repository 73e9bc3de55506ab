package export_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/export"
)

func rows(all ...domain.Result) iter.Seq2[domain.Result, error] {
	return func(yield func(domain.Result, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func csv(t testing.TB, o export.CSVOptions, all ...domain.Result) string {
	t.Helper()
	var b bytes.Buffer
	n, err := export.CSV(&b, export.Results(nil, rows(all...)), o)
	if err != nil || n != len(all) {
		t.Fatalf("%d rows, %v", n, err)
	}
	return b.String()
}

func TestRowHasEveryColumnAndEmptyCellsForTheUnknown(t *testing.T) {
	n := func(i int64) *int64 { return &i }
	cost := 0.0000125 // never 1.25e-05, which some spreadsheets take for a text
	got := csv(t, export.CSVOptions{},
		domain.Result{
			Path: "/p/a.jpg", Status: domain.Done, Answer: "a cat", Attempts: 2, Model: "m", TokensIn: n(812), TokensOut: n(0),
			LatencyMS: n(1200), Width: n(4032), Height: n(3024), Bytes: 2300000, TakenAt: "2024-05-01T12:33:00", FinishedAt: "2026-01-02T03:04:05.678Z",
			CostUSD: &cost, Warning: "the picture is damaged, below",
		},
		domain.Result{Path: "/p/b.jpg", Status: domain.Failed, ErrorKind: domain.Corrupt, Error: "decode: cut", Attempts: 1, Model: "m", Bytes: 7})
	want := "path,status,answer,error_kind,error,attempts,model,tokens_in,tokens_out,latency_ms,width,height,bytes,taken_at,finished_at,cost_usd,warning,asked_instead\r\n" +
		"/p/a.jpg,done,a cat,,,2,m,812,0,1200,4032,3024,2300000,2024-05-01T12:33:00,2026-01-02T03:04:05.678Z,0.0000125,\"the picture is damaged, below\",\r\n" +
		"/p/b.jpg,failed,,corrupt,decode: cut,1,m,,,,,,7,,,,,\r\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// cell gives the answer's cell as it stands in the file.
func cell(t testing.TB, o export.CSVOptions, answer string) string {
	t.Helper()
	line := strings.SplitN(csv(t, o, domain.Result{Path: "p", Status: "done", Answer: answer}), "\r\n", 2)[1]
	return strings.TrimSuffix(strings.TrimPrefix(line, "p,done,"), ",,,0,,,,,,,0,,,,,\r\n")
}

// answer gives the answer's cell as a reader has it.
func answer(t testing.TB, o export.CSVOptions, answer string) string {
	t.Helper()
	return split(t, csv(t, o, domain.Result{Path: "p", Status: "done", Answer: answer}))[1][2]
}

func TestCellsByRFC4180(t *testing.T) {
	for in, want := range map[string]string{
		"plain":           "plain",
		"a,b":             `"a,b"`,
		`say "hi"`:        `"say ""hi"""`,
		"two\nlines":      "\"two\nlines\"",
		"two\r\nlines":    "\"two\r\nlines\"",
		" padded ":        `" padded "`,
		"写真 🐈":            "写真 🐈",
		"bad \xff bytes":  "bad \uFFFD bytes",
		"nul \x00 inside": "nul \uFFFD inside",
		"":                "",
		// LibreOffice takes these for separators too, unless it is told otherwise.
		"red; green": `"red; green"`,
		"a\ttab":     "\"a\ttab\"",
	} {
		if got := cell(t, export.CSVOptions{}, in); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}

func TestFormulasAreMadeHarmless(t *testing.T) {
	for _, in := range []string{
		"=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|'/c calc'!A1", "\t=1", "\r=1", " =1", "\u00a0=1", "＝1+1", "＋1", "－1", "＠x", "-", "+", "--5", "-1.2.3", "-5 apples", "\uFEFF=1",
		"\x01=1", "\x1b@x", "\u2003=1", "\u200b+1-1", "\u00ad=1", " \r\n=1",
	} {
		if got := answer(t, export.CSVOptions{}, in); got != "'"+in {
			t.Errorf("%q is read back as %q", in, got)
		}
		if got := answer(t, export.CSVOptions{Raw: true}, in); got != in {
			t.Errorf("raw %q is read back as %q", in, got)
		}
	}
	for _, in := range []string{"", " ", "-5", "+3.2", " -5", "-1,5", "5-3", "a=b", "'quoted'"} {
		if got := answer(t, export.CSVOptions{}, in); got != in {
			t.Errorf("%q is no formula and is written %q", in, got)
		}
	}
}

func TestByteOrderMarkComesFirst(t *testing.T) {
	if got := csv(t, export.CSVOptions{BOM: true}); !strings.HasPrefix(got, "\uFEFFpath,") {
		t.Errorf("%.20q", got)
	}
}

func TestErrorOfTheRowsIsTheErrorOfTheFile(t *testing.T) {
	boom := errors.New("disk gone")
	bad := func(yield func(domain.Result, error) bool) { yield(domain.Result{}, boom) }
	if _, err := export.CSV(io.Discard, export.Results(nil, bad), export.CSVOptions{}); !errors.Is(err, boom) {
		t.Errorf("%v", err)
	}
	if _, err := export.CSV(full{}, export.Results(nil, rows(domain.Result{})), export.CSVOptions{}); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// Another reader of CSV gets back every text as it was.
func TestPythonReadsWhatWasWritten(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 here")
	}
	texts := []string{
		"", "plain", "a,b;c", `""`, `"`, "\n", "\r\n", "a\rb", "ends in quote\"", " x ", "\t", "写真,🐈", "=SUM(A1:A9),\"quoted\" 写真 🐈.jpg",
		strings.Repeat(`long "text", `, 3000),
	}
	var all []domain.Result
	for _, s := range texts {
		all = append(all, domain.Result{Path: s, Answer: s})
	}
	cmd := exec.Command(python, "-c", `
import csv, io, json, sys
csv.field_size_limit(1 << 30)
rows = list(csv.reader(io.TextIOWrapper(sys.stdin.buffer, "utf-8", newline="")))
print(json.dumps([[r[0], r[2]] for r in rows[1:]]))`)
	cmd.Stdin = strings.NewReader(csv(t, export.CSVOptions{Raw: true}, all...))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got [][2]string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	var want [][2]string
	for _, s := range texts {
		want = append(want, [2]string{s, s})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNumbersAreNeverChanged(t *testing.T) {
	n := int64(-5)
	r := domain.Result{
		Path: "p", Status: domain.Done, Attempts: n, TokensIn: &n, TokensOut: &n, LatencyMS: &n, Width: &n, Height: &n, Bytes: n,
	}
	want := []string{"p", "done", "", "", "", "-5", "", "-5", "-5", "-5", "-5", "-5", "-5", "", "", "", "", ""}
	if diff := cmp.Diff(want, split(t, csv(t, export.CSVOptions{}, r))[1]); diff != "" {
		t.Error(diff)
	}
}

func TestFileIsWholeOrAsItWas(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "photos.csv")
	write := func(s string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, s)
			return err
		}
	}
	if err := export.File(path, write("first")); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want one for its owner only", st.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	err := export.File(path, func(w io.Writer) error { return errors.Join(write("half")(w), boom) })
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	holds := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(path); string(got) != want || err != nil {
			t.Errorf("it holds %q, %v; want %q", got, err, want)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("left behind: %v", entries)
		}
	}
	holds("first")
	if err := export.File(path, write("second")); err != nil {
		t.Fatal(err)
	}
	holds("second")
	if st, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v; want that of the file before", st.Mode(), err)
	}
}

func TestFileNamesThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	never := func(io.Writer) error { t.Error("written"); return nil }
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		dir:                                    "folder",
		filepath.Join(dir, "no", "photos.csv"): "make it first",
		filepath.Join(dir, "file", "a.csv"):    filepath.Join(dir, "file"),
	} {
		if err := export.File(path, never); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; want %q", path, err, says)
		}
	}
}

func TestLinkStaysALink(t *testing.T) {
	for name, c := range map[string]struct {
		links map[string]string
		there bool
	}{
		"to a file":          {map[string]string{"link.csv": "real.csv"}, true},
		"to a file to be":    {map[string]string{"link.csv": "real.csv"}, false},
		"by way of a link":   {map[string]string{"link.csv": "next.csv", "next.csv": "real.csv"}, false},
		"from another place": {map[string]string{"link.csv": filepath.Join("sub", "next.csv"), filepath.Join("sub", "next.csv"): filepath.Join("..", "real.csv")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			target, link := filepath.Join(dir, "real.csv"), filepath.Join(dir, "link.csv")
			if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
				t.Fatal(err)
			}
			if c.there {
				if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for name, to := range c.links {
				if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
					t.Skip("no links here:", err)
				}
			}
			err := export.File(link, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err })
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(target); string(got) != "new" {
				t.Errorf("the target holds %q, %v", got, err)
			}
			for name, to := range c.links {
				if got, err := os.Readlink(filepath.Join(dir, name)); got != to {
					t.Errorf("%s leads to %q, %v; want it as it was", name, got, err)
				}
			}
		})
	}
}

// BenchmarkCSV is a million rows.
//
//	go test -run '^$' -bench CSV ./export
func BenchmarkCSV(b *testing.B) {
	const million = 1_000_000
	n := int64(1200)
	r := domain.Result{
		Status: domain.Done, Answer: "A cat on a red sofa, looking at the camera.", Attempts: 1, Model: "gpt-4o-mini",
		TokensIn: &n, TokensOut: &n, LatencyMS: &n, Width: &n, Height: &n, Bytes: n,
		TakenAt: "2024-05-01T12:33:00", FinishedAt: "2026-01-02T03:04:05.678Z",
	}
	all := func(yield func(domain.Result, error) bool) {
		for i := range million {
			r.Path = names[i%len(names)]
			if !yield(r, nil) {
				return
			}
		}
	}
	var line bytes.Buffer
	r.Path = names[0]
	if _, err := export.CSV(&line, export.Results(nil, rows(r)), export.CSVOptions{}); err != nil {
		b.Fatal(err)
	}
	_, row, _ := strings.Cut(line.String(), "\r\n")
	b.SetBytes(int64(len(row)) * million)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := export.CSV(io.Discard, export.Results(nil, all), export.CSVOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

var names = func() (all []string) {
	for i := range 100 {
		all = append(all, fmt.Sprintf("/home/ann/Photos/2024/IMG_%04d.jpg", i))
	}
	return all
}()

// FuzzCSV holds a reader's view of a row to what was written.
func FuzzCSV(f *testing.F) {
	f.Add("a", "b,\"c\"\r\n")
	f.Add("=1", "\x00\xff")
	f.Fuzz(func(t *testing.T, path, answer string) {
		clean := func(s string) string {
			return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
		}
		got := split(t, csv(t, export.CSVOptions{Raw: true}, domain.Result{Path: path, Answer: answer}))
		if len(got) != 2 || len(got[1]) != 18 || got[1][0] != clean(path) || got[1][2] != clean(answer) {
			t.Errorf("%q and %q are read as %q", path, answer, got)
		}
		safe := split(t, csv(t, export.CSVOptions{}, domain.Result{Path: path, Answer: answer}))[1]
		for i, c := range safe {
			if c != got[1][i] && c != "'"+got[1][i] {
				t.Errorf("cell %d is %q, which is %q made harmless", i, c, got[1][i])
			}
			if c != "" && strings.ContainsAny(c[:1], "=@\t\r\n") {
				t.Errorf("cell %d begins like a formula: %q", i, c)
			}
		}
	})
}

// split reads CSV strictly by RFC 4180, and keeps CR and LF in cells as they are,
// which encoding/csv does not.
func split(t testing.TB, s string) (lines [][]string) {
	t.Helper()
	var line []string
	for s != "" {
		var c string
		if s[0] == '"' {
			for s = s[1:]; ; {
				i := strings.IndexByte(s, '"')
				if i < 0 {
					t.Fatal("a quote is not closed")
				}
				c, s = c+s[:i], s[i+1:]
				if !strings.HasPrefix(s, `"`) {
					break
				}
				c, s = c+`"`, s[1:]
			}
		} else {
			i := strings.IndexAny(s, ",\r\n\"")
			if i < 0 || s[i] == '"' {
				t.Fatalf("a bare cell at %q", s)
			}
			c, s = s[:i], s[i:]
		}
		line = append(line, c)
		switch {
		case strings.HasPrefix(s, ","):
			s = s[1:]
		case strings.HasPrefix(s, "\r\n"):
			s, lines, line = s[2:], append(lines, line), nil
		default:
			t.Fatalf("neither comma nor line end at %q", s)
		}
	}
	return lines
}
