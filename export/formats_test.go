package export_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vlocal/domain"
	"vlocal/export"
	"vlocal/fields"
	"vlocal/internal/testimage"
)

// ofChairs are fields of every type.
var ofChairs = []fields.Column{
	{Field: "title", Name: "title", Type: fields.Text}, {Field: "price", Name: "price", Type: fields.Number},
	{Field: "count", Name: "count", Type: fields.Integer}, {Field: "defects", Name: "defects", Type: fields.List},
	{Field: "damaged", Name: "damaged", Type: fields.Bool}, {Field: "taken", Name: "taken", Type: fields.Date},
	{Field: "status", Name: "answer_status", Type: fields.Object},
}

const aChair = `{"title": "=SUM(A1)", "price": 12.50, "count": 3, "defects": ["a dent", 2, null, "rust"], "damaged": true,
	"taken": "2024-02-29", "status": {"b": 1, "a": [true]}}`

func chairs() export.Table {
	return export.Results(ofChairs, rows(
		domain.Result{Path: "/p/a.jpg", Status: domain.Done, Answer: aChair, Fields: aChair, TakenAt: "2024-05-01T12:33:00+02:00", FinishedAt: "2026-01-02T03:04:05.678Z"},
		domain.Result{Path: "/p/b.jpg", Status: domain.Done, Fields: `{"title": null, "price": "about 5", "count": 12345678901234567890, "defects": [], "damaged": false, "taken": "last year"}`},
		domain.Result{Path: "/p/c.jpg", Status: domain.Failed},
	))
}

func TestFieldsAreColumnsBeforeTheRawAnswer(t *testing.T) {
	table, err := chairs().Choose([]string{"path", "title", "price", "count", "defects", "damaged", "taken", "answer_status"})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := export.CSV(&b, table, export.CSVOptions{}); err != nil {
		t.Fatal(err)
	}
	want := "path,title,price,count,defects,damaged,taken,answer_status\r\n" +
		"/p/a.jpg,'=SUM(A1),12.5,3,\"a dent; 2; rust\",yes,2024-02-29,\"{\"\"b\"\": 1, \"\"a\"\": [true]}\"\r\n" +
		"/p/b.jpg,,about 5,12345678901234567000,,no,last year,\r\n" +
		"/p/c.jpg,,,,,,,\r\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	if got := strings.Join(chairs().Names()[:10], ","); got != "path,status,title,price,count,defects,damaged,taken,answer_status,answer" {
		t.Error(got)
	}
}

func TestColumnsAreChosenByNameAndAMissingOneIsNamed(t *testing.T) {
	table, err := chairs().Choose([]string{" PRICE", "path"})
	if got := strings.Join(table.Names(), ","); got != "price,path" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := chairs().Choose([]string{"pirce"}); err == nil || !strings.Contains(err.Error(), `"pirce"; there are path, status, title`) {
		t.Error(err)
	}
}

func TestExplodedListHasARowForEachValue(t *testing.T) {
	table, err := chairs().Explode("defects")
	if err != nil {
		t.Fatal(err)
	}
	if table, err = table.Choose([]string{"path", "defects", "price"}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	n, err := export.CSV(&b, table, export.CSVOptions{})
	want := "path,defects,price\r\n/p/a.jpg,a dent,12.5\r\n/p/a.jpg,2,12.5\r\n/p/a.jpg,rust,12.5\r\n/p/b.jpg,,about 5\r\n/p/c.jpg,,\r\n"
	if diff := cmp.Diff(want, b.String()); diff != "" || n != 5 || err != nil {
		t.Errorf("%d rows, %v, %s", n, err, diff)
	}
}

func TestJSONLKeepsTypesAndOrder(t *testing.T) {
	table, err := chairs().Choose([]string{"path", "title", "price", "defects", "damaged", "answer_status", "width", "attempts"})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := export.JSONL(&b, table); err != nil {
		t.Fatal(err)
	}
	want := `{"path":"/p/a.jpg","title":"=SUM(A1)","price":12.5,"defects":["a dent",2,null,"rust"],"damaged":true,"answer_status":{"b":1,"a":[true]},"width":null,"attempts":0}
{"path":"/p/b.jpg","title":null,"price":"about 5","defects":[],"damaged":false,"answer_status":null,"width":null,"attempts":0}
{"path":"/p/c.jpg","title":null,"price":null,"defects":null,"damaged":null,"answer_status":null,"width":null,"attempts":0}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// strange are texts that mean something to somebody.
var strange = []string{
	"plain", "=1+1", "+1", "-1", "@x", "=HYPERLINK(\"http://x\")", "a,b;c\td", "two\nlines", "a\r\nb", " padded ", "'quoted'", `"`, `""`,
	"<b>&amp;</b>", "]]>", "_x0041_", "_x005F_", "写真 🐈", "e\u0301", "\u202egpj.exe", "12", "1e5", "2024-01-01", "TRUE", "|a|b|", "[x](http://y)", "\ufeffbom",
	`C:\new\table`, "https://example.com/a?b=c&d", "#VALUE!", strings.Repeat("long 写 ", 2000),
}

func TestJSONLIsReadBackAsItWas(t *testing.T) {
	var all []domain.Result
	for _, s := range append([]string{"nul \x00 tab \t esc \x1b"}, strange...) {
		all = append(all, domain.Result{Path: s, Answer: s})
	}
	var b bytes.Buffer
	if _, err := export.JSONL(&b, export.Results(nil, rows(all...))); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&b)
	for _, r := range all {
		var got struct{ Path, Answer string }
		if err := d.Decode(&got); err != nil || got.Path != r.Path || got.Answer != r.Answer {
			t.Errorf("%.40q is read as %.40q, %v", r.Answer, got.Answer, err)
		}
	}
}

func TestMarkdownCellsStandForThemselves(t *testing.T) {
	table, err := export.Results(nil, rows(domain.Result{
		Path: "/p/a|b_c.jpg", Answer: "two\r\nlines | <img src=x> [x](http://y) `a` *b* \\ $x$ a@b.c www.x.y \x1b\u202e",
	})).Choose([]string{"path", "answer", "width"})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := export.Markdown(&b, table); err != nil {
		t.Fatal(err)
	}
	want := "| path | answer | width |\n|---|---|---:|\n" +
		`| /p/a\|b\_c.jpg | two<br>lines \| &lt;img src=x&gt; \[x\](http&#58;//y) ` + "\\`a\\`" + ` \*b\* \\ \$x\$ a&#64;b.c www&#46;x.y ` + "\uFFFD\uFFFD |  |\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// workbook writes a table, and reads it back.
func workbook(t *testing.T, table export.Table, o export.XLSXOptions) (*excelize.File, []byte) {
	t.Helper()
	var b bytes.Buffer
	if _, err := export.XLSX(&b, table, o); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, b.Bytes()
}

// part gives a file within a workbook.
func part(t *testing.T, data []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWorkbookHasTypedCells(t *testing.T) {
	f, data := workbook(t, chairs(), export.XLSXOptions{})
	xml := part(t, data, "xl/worksheets/sheet1.xml")
	for cell, want := range map[string]struct {
		kind  excelize.CellType
		value string
	}{
		"A2": {excelize.CellTypeInlineString, "/p/a.jpg"}, "C2": {excelize.CellTypeInlineString, "=SUM(A1)"},
		"D2": {excelize.CellTypeUnset, "12.5"}, "E2": {excelize.CellTypeUnset, "3"}, "F2": {excelize.CellTypeInlineString, "a dent; 2; rust"},
		"G2": {excelize.CellTypeBool, "TRUE"}, "G3": {excelize.CellTypeBool, "FALSE"},
		"H2": {excelize.CellTypeUnset, "2024-02-29"}, "H3": {excelize.CellTypeInlineString, "last year"},
		"D3": {excelize.CellTypeInlineString, "about 5"},
		// A spreadsheet would round it to 15 digits.
		"E3": {excelize.CellTypeUnset, "12345678901234500000"},
	} {
		kind, err := f.GetCellType("results", cell)
		if err != nil {
			t.Fatal(err)
		}
		value, err := f.GetCellValue("results", cell)
		if kind == excelize.CellTypeNumber {
			kind = excelize.CellTypeUnset // both are numbers
		}
		if kind != want.kind || value != want.value || err != nil {
			t.Errorf("%s is %v %q, %v; want %v %q", cell, kind, value, err, want.kind, want.value)
		}
	}
	for name, cell := range map[string]string{"taken_at": "2024-05-01 12:33:00", "finished_at": "2026-01-02 03:04:06"} {
		place, _ := chairs().Find(name)
		at, _ := excelize.CoordinatesToCellName(place+1, 2)
		if got, _ := f.GetCellValue("results", at); got != cell {
			t.Errorf("%s is %q", name, got)
		}
	}
	for _, want := range []string{`state="frozen"`, `ySplit="1"`, `<autoFilter ref="A1:Y4"`, `<col min="1" max="1" width="50"`, `<hyperlink ref="A2"`} {
		if !strings.Contains(strings.ReplaceAll(xml, "$", ""), want) {
			t.Errorf("the sheet has no %s", want)
		}
	}
	if strings.Contains(xml, "<f>") || strings.Contains(xml, "<f ") {
		t.Error("there is a formula")
	}
}

func TestWorkbookIsReadBackAsItWas(t *testing.T) {
	var all []domain.Result
	for _, s := range strange {
		all = append(all, domain.Result{Path: s, Answer: s})
	}
	f, data := workbook(t, export.Results(nil, rows(all...)), export.XLSXOptions{})
	for i, s := range strange {
		if got, err := f.GetCellValue("results", "C"+strconv.Itoa(i+2)); got != s || err != nil {
			t.Errorf("%.40q is read as %.40q, %v", s, got, err)
		}
	}
	if xml := part(t, data, "xl/worksheets/sheet1.xml"); strings.Contains(xml, "<f>") {
		t.Error("there is a formula")
	}
	// What XML cannot hold is shown as missing.
	f, _ = workbook(t, export.Results(nil, rows(domain.Result{Path: "p", Answer: "a\x00b\x1b\xff"})), export.XLSXOptions{})
	if got, _ := f.GetCellValue("results", "C2"); got != "a\uFFFDb\uFFFD\uFFFD" {
		t.Errorf("%q", got)
	}
}

func TestTooLongATextIsCutAndCounted(t *testing.T) {
	whole, long := strings.Repeat("🐈", 16383)+"x", strings.Repeat("🐈", 16384)
	var b bytes.Buffer
	r, err := export.XLSX(&b, export.Results(nil, rows(domain.Result{Path: "p", Answer: whole}, domain.Result{Path: "p", Answer: long})), export.XLSXOptions{})
	if err != nil || r.Cut != 1 || r.Rows != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for cell, want := range map[string]string{"C2": whole, "C3": strings.Repeat("🐈", 16383) + "…"} {
		if got, _ := f.GetCellValue("results", cell); got != want {
			t.Errorf("%s has %d bytes, want %d", cell, len(got), len(want))
		}
	}
}

func TestRowsBeyondASheetGoOntoAnother(t *testing.T) {
	var all []domain.Result
	for i := range 7 {
		all = append(all, domain.Result{Path: fmt.Sprint("/p/", i)})
	}
	f, _ := workbook(t, export.Results(nil, rows(all...)), export.InSheetsOf(4))
	got := map[string][]string{}
	for _, sheet := range f.GetSheetList() {
		lines, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			got[sheet] = append(got[sheet], line[0])
		}
	}
	want := map[string][]string{
		"results": {"path", "/p/0", "/p/1", "/p/2"}, "results 2": {"path", "/p/3", "/p/4", "/p/5"}, "results 3": {"path", "/p/6"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWorkbookHasPicturesInFront(t *testing.T) {
	picture := testimage.JPEG(testimage.Landscape(96, 64), 80)
	asked := ""
	_, data := workbook(t, chairs(), export.XLSXOptions{Thumbnails: 2, Thumbnail: func(path string) []byte {
		asked += path + " "
		if path == "/p/b.jpg" {
			return nil
		}
		return picture
	}})
	if asked != "/p/a.jpg /p/b.jpg " {
		t.Errorf("pictures of %q", asked)
	}
	if part(t, data, "xl/media/image1.jpeg") != string(picture) {
		t.Error("the picture is another")
	}
	drawing := part(t, data, "xl/drawings/drawing1.xml")
	if n := strings.Count(drawing, "<xdr:oneCellAnchor"); n != 1 {
		t.Errorf("%d pictures: %s", n, drawing)
	}
	sheet := part(t, data, "xl/worksheets/sheet1.xml")
	if !strings.Contains(sheet, "<drawing ") || !regexp.MustCompile(`<row r="2"[^>]*ht="72"`).MatchString(sheet) {
		t.Error("the sheet has no picture, or no room for it")
	}
}

func TestLinksLeadToFilesOfAnyName(t *testing.T) {
	for path, want := range map[string]string{
		"/p/a b#1%20?x=写.jpg":         "file:///p/a%20b%231%2520%3Fx=%E5%86%99.jpg",
		`C:\Photos\a b.jpg`:           "file:///C:/Photos/a%20b.jpg",
		`\\server\share\a.jpg`:        "file://server/share/a.jpg",
		"https://x.example/a b?c=d#e": "https://x.example/a%20b?c=d#e",
		`/p/bad\xff.jpg`:              "",
		"relative.jpg":                "",
		"javascript:alert(1)":         "",
		"":                            "",
	} {
		if got, ok := export.Link(path); got != want || ok != (want != "") {
			t.Errorf("%s leads to %q, %t; want %q", path, got, ok, want)
		}
	}
}

func TestAttemptsAndImagesAreTables(t *testing.T) {
	values := func(yield func([]any, error) bool) {
		v := make([]any, len(domain.AttemptColumns))
		v[0], v[1], v[4], v[15] = "/p/a.jpg", int64(7), "2026-01-02T03:04:05.678Z", 0.000132
		yield(v, nil)
	}
	table, err := export.Attempts(values).Choose([]string{"attempt_id", "path", "started_at", "cost_usd", "answer"})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := export.CSV(&b, table, export.CSVOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := "attempt_id,path,started_at,cost_usd,answer\r\n7,/p/a.jpg,2026-01-02T03:04:05.678Z,0.000132,\r\n"; b.String() != want {
		t.Errorf("%s", b.String())
	}
	f, _ := workbook(t, table, export.XLSXOptions{})
	if got, _ := f.GetCellValue("attempts", "C2"); got != "2026-01-02 03:04:06" {
		t.Error(got)
	}
}
