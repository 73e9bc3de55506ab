package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"vlocal/domain"
	"vlocal/export"
	"vlocal/fields"
	"vlocal/internal/testimage"
)

func results(all ...domain.Result) export.Table {
	return export.Results([]fields.Column{{Field: "price", Name: "price", Type: fields.Number}, {Field: "day", Name: "day", Type: fields.Date}}, func(yield func(domain.Result, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	})
}

func write(t *testing.T, table export.Table, o Options) (string, Report) {
	t.Helper()
	var b bytes.Buffer
	r, err := Write(&b, table, o)
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), r
}

const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)> {{.}} '`

func TestPageShowsTextsAndRunsNone(t *testing.T) {
	page, _ := write(t, results(
		domain.Result{Path: "/p/" + evil + ".jpg", Status: domain.Done, Answer: evil, Fields: `{"price": 12.5, "day": "2024-05-01"}`},
		domain.Result{Path: "javascript:alert(1)", Status: domain.Failed, ErrorKind: domain.ErrorKind(evil), Error: evil},
	), Options{Title: evil, Model: evil})
	if strings.Contains(page, "<script") || strings.Contains(page, "<img src=x") || strings.Contains(page, `"javascript:`) {
		t.Error(page)
	}
	for _, want := range []string{
		"<h1>&#34;&gt;&lt;script&gt;", `<td class="n">12.5</td><td class="day">2024-05-01</td>`, `<a href="file:///p/%22%3E%3Cscript`, "<td class=\"path\">javascript:alert(1)</td>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
}

// Nothing is loaded, and the policy sees to it: it allows the style that is there.
func TestPageNeedsNothingButItself(t *testing.T) {
	page, _ := write(t, results(domain.Result{Path: "/p/a.jpg", Status: domain.Done}), Options{})
	got := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if got == nil || strings.ReplaceAll(strings.ReplaceAll(got[1], "&#39;", "'"), "&#43;", "+") != policy || !strings.HasPrefix(policy, "default-src 'none'; img-src data:; style-src 'sha256-") {
		t.Errorf("%q, want %q", got, policy)
	}
	if !strings.Contains(page, "<style>"+style+"</style>") {
		t.Error("the style is not the one with that hash")
	}
	if strings.Contains(strings.ReplaceAll(page, "<style>", ""), "style=") || regexp.MustCompile(`(src|href)="https?:`).MatchString(page) {
		t.Error("something is loaded, or styled in place")
	}
}

func TestPageCountsAllRowsAndShowsTheFirst(t *testing.T) {
	n := func(i int64) *int64 { return &i }
	cost := 0.25
	var all []domain.Result
	for i := range 20 {
		r := domain.Result{Path: fmt.Sprintf("/p/%02d.jpg", i), Status: domain.Done, Model: "m", LatencyMS: n(300), TokensIn: n(100), TokensOut: n(7), CostUSD: &cost}
		if i%5 == 0 {
			r.Status, r.ErrorKind, r.LatencyMS = domain.Failed, domain.Timeout, n(30_000)
		}
		all = append(all, r)
	}
	picture := testimage.JPEG(testimage.Landscape(24, 16), 80)
	page, report := write(t, results(all...), Options{MaxRows: 10, Thumbnails: 3, Thumbnail: func(string) []byte { return picture }, Made: time.Now()})
	if want := (Report{Rows: 20, Shown: 10, Thumbnails: 3}); report != want {
		t.Errorf("%+v", report)
	}
	if rows, pictures := strings.Count(page, "<tr class="), strings.Count(page, `<img src="data:image/jpeg;base64,/9j/`); rows != 10 || pictures != 3 {
		t.Errorf("%d rows, %d pictures", rows, pictures)
	}
	for _, want := range []string{
		"<b>20</b>images", "<b>4</b>failed", "<b>$5.00</b>cost", "<b>2,000, 140</b>tokens", "The first 10 of 20 rows",
		`>timeout</text>`, `>250 ms to 500 ms</text>`, `>16 s to 32 s</text>`, ">16</text>", ">$5.00</text>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	// What nothing is in is not shown, unless somebody wants to see it.
	if strings.Contains(page, "<th>warning</th>") || !strings.Contains(page, "<th>error_kind</th>") {
		t.Error("columns")
	}
	page, _ = write(t, results(all...), Options{Columns: []string{"warning", "price"}})
	if !strings.Contains(page, `<th>warning</th><th class="n">price</th></tr>`) {
		t.Error("chosen columns")
	}
}
