package export_test

import (
	"strings"
	"testing"

	"vlocal/export"
)

func TestTextsHaveTheCareOfTheCSV(t *testing.T) {
	var b strings.Builder
	texts := export.NewTexts(&b, export.CSVOptions{BOM: true})
	for _, line := range [][]string{{"path", "a"}, {"=1+1", "x\x00y"}, {"-5", `"q", 2`}, {"", "\xff"}} {
		if err := texts.Write(line...); err != nil {
			t.Fatal(err)
		}
	}
	if err := texts.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "\uFEFFpath,a\r\n'=1+1,x\uFFFDy\r\n-5,\"\"\"q\"\", 2\"\r\n,\uFFFD\r\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
