package store

import (
	"errors"
	"strings"
	"testing"

	"vlocal/domain"
)

// withPrices makes a task with fields, and images with answers to it.
func withPrices(t *testing.T, s *Store) domain.Task {
	t.Helper()
	add(t, s, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
	task, err := s.Task(t.Context(), domain.Task{Prompt: "?", Model: "m", Schema: `{"type": "object", "properties": {
		"price": {"type": "number"}, "title": {"type": "string"}, "defects": {"type": "array"}, "good": {"type": "boolean"}}}`,
		Parameters: domain.Parameters{MaxTokens: 9, MaxWidth: 9, MaxHeight: 9, Quality: 9}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.StartRun(t.Context(), task, "http://localhost/v1", Scope{})
	if err != nil {
		t.Fatal(err)
	}
	defer endRun(t, r)
	for i, fields := range []string{
		`{"price": 12.5, "title": "a chair; -- old", "defects": ["a dent", "rust"], "good": true}`,
		`{"price": 9, "title": "Lamp", "defects": [], "good": false}`,
		`{"price": null, "title": "table", "defects": ["rust"], "good": false}`,
	} {
		e := answered(fields)
		e.Answer.Fields = fields
		end(t, r, begin(t, r, claim(t, r, 1)[0], strings.Repeat("x", i+1)), e)
	}
	end(t, r, begin(t, r, claim(t, r, 1)[0], "bad"), failed(domain.Corrupt, domain.Failed))
	return task
}

func chosen(t *testing.T, s *Store, task domain.Task, f Filter) (names string) {
	t.Helper()
	for r, err := range s.List(t.Context(), task.ID, f) {
		if err != nil {
			t.Fatal(err)
		}
		names += strings.TrimSuffix(r.Path[strings.LastIndexAny(r.Path, `/\`)+1:], ".jpg")
	}
	return names
}

func TestConditionChoosesRowsByAnyColumn(t *testing.T) {
	s := create(t)
	task := withPrices(t, s)
	for text, want := range map[string]string{
		"price > 10":    "a",
		"price is null": "cd",
		"good":          "a",
		"defects like '%rust%' and status='done'": "ac",
		"title = 'a chair; -- old'":               "a",
		"lower(title) in ('lamp', 'table')":       "bc",
		"case when price < 10 then 1 else 0 end":  "b",
		"price > 10 -- dear":                      "a",
		"price /* dear */ between 9 and 12.5":     "ab",
		`"price" = 9`:                             "b",
		"results.error_kind = 'corrupt'":          "d",
		"attempts > 0 and latency_ms is not null": "abcd",
		"(price, title) > (9, 'M')":               "a",
	} {
		c, err := s.Condition(t.Context(), text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := chosen(t, s, task, Filter{Where: c}); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	c, err := s.Condition(t.Context(), "price >= 9")
	if err != nil {
		t.Fatal(err)
	}
	if got := chosen(t, s, task, Filter{Where: c, Status: domain.Failed}); got != "" {
		t.Errorf("both must hold, and there is %q", got)
	}
	if got := chosen(t, s, task, Filter{Where: c, Limit: 1}); got != "a" {
		t.Errorf("limited to one: %q", got)
	}
}

// A condition comes from a command line or a page, and goes into a statement.
func TestConditionCanDoNothingButCompare(t *testing.T) {
	s := create(t)
	task := withPrices(t, s)
	for text, says := range map[string]string{
		"":                                    "empty",
		" \n":                                 "empty",
		"1); DELETE FROM images; --":          "",
		"1; DELETE FROM images":               "syntax error",
		"1) OR (1":                            "syntax error",
		"1) UNION SELECT path FROM images --": "syntax error",
		"1 THEN 1 END) OR (CASE WHEN 1":       "syntax error",
		"1, 2":                                "row value",
		"SELECT 1":                            "SELECT",
		"1 /*":                                "incomplete input",
		"'":                                   "unrecognized token",
		"price > (SELECT 1)":                  "SELECT",
		"EXISTS (SELECT * FROM tasks)":        "no such table",
		"path IN (SELECT path FROM images)":   "no such table",
		"path IN images":                      "no such table",
		"1 IN (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n)": "SELECT",
		"load_extension('x')":                "load_extension",
		"length(randomblob(1000000000)) > 0": "randomblob",
		"zeroblob(1000000000) IS NOT NULL":   "zeroblob",
		"printf('%1000000000d', 1) > ''":     "printf",
		"replace(title, '', 'x') > ''":       "replace",
		"count(*) > 1":                       "",
		"row_number() OVER () > 1":           "",
		"price > ?":                          "parameter",
		"price > :least":                     "parameter",
		"price > ?1":                         "parameter",
		"pirce > 10":                         "no column pirce",
		`"pirce" > 10`:                       "no column",
		"price >":                            "syntax error",
		"images.path = 'x'":                  "no column images.path",
		"price > 1\x00":                      "zero",
		strings.Repeat("1+", 6000) + "1":     "longer",
		"RAISE(ABORT, 'x')":                  "",
		"1 COLLATE nope = 1":                 "collation",
		"fts5_source_id() > ''":              "fts5_source_id",
		"sqlite_version() > ''":              "sqlite_version",
		"json_each(fields)":                  "json_each",
		"title MATCH 'x'":                    "match",
		"last_insert_rowid() > 0":            "last_insert_rowid",
	} {
		c, err := s.Condition(t.Context(), text)
		e, ok := errors.AsType[*ConditionError](err)
		if !ok || !strings.Contains(e.Why, says) || c != (Condition{}) {
			t.Errorf("%.60q: %v; want %q", text, err, says)
		}
	}
	// The connection is as free as before.
	if got := chosen(t, s, task, Filter{}); got != "abcd" {
		t.Errorf("afterwards there are %q", got)
	}
}

func TestColumnThatIsNotThereIsNamed(t *testing.T) {
	s := create(t)
	_, err := s.Condition(t.Context(), "pirce > 10")
	if e, ok := errors.AsType[*ConditionError](err); !ok || e.Column != "pirce" {
		t.Errorf("%v", err)
	}
}

func TestListIsSortedByAnyColumnWithTheUnknownLast(t *testing.T) {
	s := create(t)
	task := withPrices(t, s)
	for _, c := range []struct {
		column     string
		descending bool
		want       string
	}{
		{"price", false, "bacd"}, {"price", true, "abcd"}, {"title", false, "abcd"}, {"title", true, "cbad"},
		{"path", true, "dcba"}, {"error_kind", false, "dabc"}, {"good", false, "bcad"},
	} {
		if got := chosen(t, s, task, Filter{SortBy: c.column, Descending: c.descending}); got != c.want {
			t.Errorf("by %s, descending %t: %q, want %q", c.column, c.descending, got, c.want)
		}
	}
}
