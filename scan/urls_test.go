package scan

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// read gives the addresses in a list, what its report says, and its error.
func read(t *testing.T, name, text string) (urls, told []string, err error) {
	t.Helper()
	var report Report
	// A byte at a time, as a slow pipe may bring it.
	for u, listErr := range URLs(t.Context(), name, iotest.OneByteReader(strings.NewReader(text)), &report) {
		if listErr != nil {
			err = listErr
			break
		}
		urls = append(urls, u)
	}
	for _, p := range report.Problems {
		told = append(told, p.Error())
	}
	if report.FoundSoFar() != len(urls) || report.NotURLs != report.ProblemCount() {
		t.Errorf("%d found, %d no URLs, %d problems, for %d URLs", report.FoundSoFar(), report.NotURLs, report.ProblemCount(), len(urls))
	}
	return urls, told, err
}

func TestListsOfEveryShapeAreRead(t *testing.T) {
	for name, c := range map[string]struct{ file, text string }{
		"text":               {"l.txt", "# mine\n\nhttp://h/a\n  https://h/b?x=1,2;3  \n"},
		"no end of line":     {"l.txt", "http://h/a\nhttps://h/b?x=1,2;3"},
		"Windows":            {"l.txt", "\ufeffhttp://h/a\r\n\r\nhttps://h/b?x=1,2;3\r\n"},
		"no name that tells": {"standard input", "http://h/a\nhttps://h/b?x=1,2;3"},
		"CSV":                {"l.csv", "id,URL,note\n1,http://h/a,\"two\nlines\"\n2,\"https://h/b?x=1,2;3\",\n"},
		"CSV in Europe":      {"l.csv", "\ufeffid;Url;note\r\n1;http://h/a;\"x;y\"\r\n2;\"https://h/b?x=1,2;3\";\r\n;;\r\n"},
		"CSV with tabs":      {"l.tsv", "id\turl\n1\thttp://h/a\n2\thttps://h/b?x=1,2;3\n"},
		"CSV of one column":  {"l.csv", "url\nhttp://h/a\n\"https://h/b?x=1,2;3\"\n"},
		"CSV called a text":  {"l.txt", "id,url\n1,http://h/a\n2,\"https://h/b?x=1,2;3\"\n"},
		"CSV, quoted names":  {"l", "\"id\",\"url\"\n1,http://h/a\n2,\"https://h/b?x=1,2;3\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			urls, told, err := read(t, c.file, c.text)
			if diff := cmp.Diff([]string{"http://h/a", "https://h/b?x=1,2;3"}, urls); diff != "" || err != nil || told != nil {
				t.Errorf("%v, told %q: %s", err, told, diff)
			}
		})
	}
}

func TestBadLinesAreLeftOutAndTold(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	text := strings.Join([]string{
		"http://h/1", "ftp://h/2", "a.jpg", "http:///3", "http://me:marked@h/4", "http://h:0/5", "http://h/\x1b[2J6",
		"http://h/7%zz", "http://a b/8", "http://h/\xff", "http://h/" + long, "http://h/" + long[:maxURL], "http://h/\u202egpj.9",
		"http://h/last",
	}, "\n")
	urls, told, err := read(t, "l.txt", text)
	if diff := cmp.Diff([]string{"http://h/1", "http://h/last"}, urls); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	want := []string{
		"l.txt:2: an address begins with http:// or https://",
		"l.txt:3: an address begins with http:// or https://",
		"l.txt:4: the address names no host",
		"l.txt:5: a user name or password stands in the address; vlocal keeps none",
		"l.txt:6: the address has no such port",
		"l.txt:7: the address has control characters in it",
		"l.txt:8: a % in the address is not followed by two hexadecimal digits; write %25 for the sign itself",
		"l.txt:9: not an address; see how its host is spelled",
		"l.txt:10: the address is not UTF-8",
		"l.txt:11: the line is longer than 16384 bytes",
		"l.txt:12: the address is longer than 8000 bytes",
		"l.txt:13: the address has control characters in it",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

func TestBadRowsAreLeftOutAndTold(t *testing.T) {
	urls, told, err := read(t, "l.csv", "id,url\n1,http://h/1\n2\n3,\n4,no\n5,a\"b\n\n6,http://h/6\n7,\"http://h/7\n8,http://h/8\n")
	if diff := cmp.Diff([]string{"http://h/1", "http://h/6"}, urls); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	want := []string{
		"l.csv:3: the row has no such column",
		"l.csv:4: no address",
		"l.csv:5: an address begins with http:// or https://",
		"l.csv:6: the quotes in the row are not in pairs",
		"l.csv:9: a quote is opened and not closed, up to line 10",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

func TestListThatIsNoneIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"no column":  {"l.csv", "id,address\n1,http://h/1\n", `read l.csv: no column of it is called "url" (name it so in the first row)`},
		"UTF-16":     {"l.txt", "\xff\xfeh\x00t\x00", "read l.txt: it is UTF-16 (save it as UTF-8 or as CSV UTF-8)"},
		"open quote": {"l.csv", "url\n\"" + strings.Repeat("http://h/1\n", maxRow/10), "read l.csv: " + errLongRow.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			urls, _, err := read(t, c.file, c.text)
			if err == nil || err.Error() != c.want || urls != nil {
				t.Errorf("%q, %v; want %s", urls, err, c.want)
			}
		})
	}
}

func TestListStopsWhenItCannotBeReadOrIsGivenUp(t *testing.T) {
	var report Report
	broken := errors.New("the drive is gone")
	in := io.MultiReader(strings.NewReader(strings.Repeat("http://h/1\n", maxLine)), iotest.ErrReader(broken))
	var last error
	for _, last = range URLs(t.Context(), "l.txt", in, &report) {
	}
	if !errors.Is(last, broken) {
		t.Errorf("%v", last)
	}
	for _, file := range []string{"l.txt", "l.csv"} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		for _, err := range URLs(ctx, file, strings.NewReader("url\n"+strings.Repeat("http://h/1\n", 10)), &report) {
			cancel()
			if n++; err != nil && !errors.Is(err, context.Canceled) || n > 2 {
				t.Errorf("%s, %d: %v", file, n, err)
			}
		}
	}
}

func TestOnlySchemeHostAndFragmentAreRespelled(t *testing.T) {
	for in, want := range map[string]string{
		" HTTP://Example.COM:8080/A/b.JPG?Q=%2f#top ": "http://example.com:8080/A/b.JPG?Q=%2f",
		"https://h":                   "https://h",
		"https://H?x=HTTP://Y":        "https://h?x=HTTP://Y",
		"http://[2001:DB8::1]:81/x":   "http://[2001:db8::1]:81/x",
		"http://Bücher.example/ä b.p": "http://bücher.example/ä b.p",
	} {
		if got, err := URL(in); got != want || err != nil {
			t.Errorf("%q is %q, %v; want %q", in, got, err, want)
		}
	}
}

// Whatever a list holds, what comes out is an address that comes out the same
// when it is read again, and every line is an address, told, or nothing.
func FuzzURLs(f *testing.F) {
	f.Add("l.txt", "http://h/a\n#x\nbad\n")
	f.Add("l.csv", "\ufeffid;url\n1;\"http://h/a\"\n")
	f.Add("l.csv", "url\n\"open\n")
	f.Add("", "HTTP://H#f\r\nhttps://[::1%25en0]/\xff")
	f.Fuzz(func(t *testing.T, name, text string) {
		var report Report
		n := 0
		for u, err := range URLs(t.Context(), name, strings.NewReader(text), &report) {
			if err != nil {
				return
			}
			n++
			if again, err := URL(u); again != u || err != nil {
				t.Errorf("%q is read as %q, %v", u, again, err)
			}
		}
		if lines := strings.Count(text, "\n") + 1; n != report.FoundSoFar() || n+report.NotURLs > lines {
			t.Errorf("%d URLs and %d others in %d lines", n, report.NotURLs, lines)
		}
	})
}
