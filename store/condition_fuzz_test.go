package store

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzCondition: what is taken for a condition chooses among rows and does nothing
// else; it cannot end the parentheses that it is put between.
func FuzzCondition(f *testing.F) {
	for _, text := range []string{
		"price > 10 and status = 'done'", "1) or (1", "1 -- x", "/*", "(select 1)", "path like '%a' or 1=1; drop table jobs",
		"x'00' = json_extract(answer, '$')", "?1", "randomblob(9999999999)", "length(replace(1,1,1))", "case when 1 then 2 end", "\"a\"",
		"1 union select 1", "path in (1,2)", "exists(select 1)", "strftime('%Y',1)", "1)--", "price between 1 and 2", "1 collate nocase",
	} {
		f.Add(text)
	}
	s, err := Create(f.Context(), f.TempDir()+"/vlocal.db")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		started := time.Now()
		c, err := s.Condition(t.Context(), text)
		if err != nil {
			wrong, ok := errors.AsType[*ConditionError](err)
			if !ok || wrong.Why == "" {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		// Rows that are none, behind a condition that would let all through if it
		// ended the parentheses.
		var n int
		err = s.read.QueryRowContext(t.Context(),
			`SELECT count(*) FROM (SELECT r.* FROM (SELECT 1) LEFT JOIN results r) WHERE 0 AND `+c.sql()).Scan(&n)
		if n != 0 || err != nil && strings.Contains(err.Error(), "syntax error") {
			t.Errorf("%q: %d rows, %v", text, n, err)
		}
		if d := time.Since(started); d > 10*time.Second {
			t.Errorf("%q takes %v", text, d)
		}
	})
}
