package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTargetsAreReadFromTheList(t *testing.T) {
	got := targetsIn("FuzzA\nFuzzB\nok  \tvlocal/a\t0.1s\n?   \tvlocal/b\t[no test files]\nok  \tvlocal/c\t0.1s\nFuzzD\nok  \tvlocal/d\t(cached)\n")
	want := []target{{"vlocal/a", "FuzzA"}, {"vlocal/a", "FuzzB"}, {"vlocal/d", "FuzzD"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(target{})); diff != "" {
		t.Error(diff)
	}
}

func TestFiguresAreThoseOfTheLastLine(t *testing.T) {
	inputs, fresh := figures("fuzz: elapsed: 0s, gathering baseline coverage: 0/3 completed\n" +
		"fuzz: elapsed: 3s, execs: 5429 (1810/sec), new interesting: 77 (total: 80)\n" +
		"fuzz: elapsed: 6s, execs: 14053 (2874/sec), new interesting: 105 (total: 108)\nPASS\n")
	if inputs != "14053" || fresh != "105" {
		t.Errorf("%s, %s", inputs, fresh)
	}
}
