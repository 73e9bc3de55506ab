package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A row that breaks over lines cannot be read, and of a path the name counts.
func TestTableFitsIntoTheTerminal(t *testing.T) {
	header := []string{"ID", "STATUS", "PATH", "ANSWER"}
	rows := [][]string{
		{"1", "done", "/home/somebody/Photos/2024/写真.jpg", "a red chair that stands on a lawn"},
		{"12", "failed", "/p/b.jpg", "too large"},
	}
	for _, c := range []struct {
		width int
		want  string
	}{
		{0, `ID  STATUS  PATH                                 ANSWER
1   done    /home/somebody/Photos/2024/写真.jpg  a red chair that stands on a lawn
12  failed  /p/b.jpg                             too large
`},
		{44, `ID  STATUS  PATH             ANSWER
1   done    …/2024/写真.jpg  a red chair th…
12  failed  /p/b.jpg         too large
`},
		{5, `ID  STATUS  PATH      ANSWER
1   done    … 真.jpg  a red c…
12  failed  /p/b.jpg  too lar…
`},
	} {
		if diff := cmp.Diff(c.want, tableText(header, rows, c.width)); diff != "" {
			t.Errorf("%d cells wide: %s", c.width, diff)
		}
	}
}
