package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
)

// What a person asks about a price can be asked of the price.
func TestFieldsAreColumnsOfTheResults(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	task, err := s.Task(t.Context(), domain.Task{Prompt: "?", Model: "m", Schema: `{"type": "object", "properties": {
		"price": {"type": "number"}, "defects": {"type": "array"}, "model": {"type": "string"},
		"it's \"odd\"": {"type": "boolean"}}}`,
		Parameters: domain.Parameters{MaxTokens: 9, MaxWidth: 9, MaxHeight: 9, Quality: 9}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.StartRun(t.Context(), task, "http://localhost/v1", Scope{})
	if err != nil {
		t.Fatal(err)
	}
	e := answered("{}")
	e.Answer.Fields = `{"price": 12.5, "defects": ["a dent", "rust"], "model": "T-1000", "it's \"odd\"": true}`
	e.Answer.Mended = "a comma"
	end(t, r, begin(t, r, claim(t, r, 1)[0], "bytes"), e)
	endRun(t, r)

	var defects, model, warning, own string
	var odd bool
	err = s.read.QueryRow(`SELECT defects, answer_model, "it's ""odd""", warning, model FROM results WHERE price > 12`).
		Scan(&defects, &model, &odd, &warning, &own)
	if err != nil {
		t.Fatal(err)
	}
	if defects != "a dent; rust" || model != "T-1000" || !odd || warning != "a comma" || own == "T-1000" {
		t.Errorf("%q, %q, %v, %q, %q", defects, model, odd, warning, own)
	}
}

// Two tasks may mean different things by one name; each of them sees its own.
func TestColumnOfSeveralTasksIsOfEach(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	answerInFields(t, s, "list", `{"properties": {"Price": {"type": "array"}, "s\"": {"type": "array"}}}`, `{"Price": ["1", true, null], "s\"": [1, false]}`)
	answerInFields(t, s, "number", `{"properties": {"price": {"type": "number"}, "model": {"type": "string"}}}`, `{"price": 7.5, "model": "T-1000"}`)
	answerInFields(t, s, "same list", `{"properties": {"Price": {"type": "integer"}, "answer_model": {"type": "string"}}}`, `{"Price": 80, "answer_model": "mine"}`)

	rows, err := s.read.Query(`SELECT price, typeof(price), price > 10, answer_model, "s""" FROM results ORDER BY job_id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var v [5]any
		if err := rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4]); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(v[:]...))
	}
	want := []string{"1; yestext1<nil>1; no", "7.5real0T-1000<nil>", "80integer1mine<nil>"}
	for i := range want {
		got[i] = strings.ReplaceAll(got[i], " ", "")
		want[i] = strings.ReplaceAll(want[i], " ", "")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// answerInFields has a question with fields answered about all images.
func answerInFields(t *testing.T, s *Store, prompt, schema, object string) {
	t.Helper()
	task, err := s.Task(t.Context(), domain.Task{Prompt: prompt, Model: "m", Schema: schema,
		Parameters: domain.Parameters{MaxTokens: 9, MaxWidth: 9, MaxHeight: 9, Quality: 9}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.StartRun(t.Context(), task, "http://localhost/v1", Scope{})
	if err != nil {
		t.Fatal(err)
	}
	e := answered("{}")
	e.Answer.Fields = object
	end(t, r, begin(t, r, claim(t, r, 1)[0], "bytes"), e)
	endRun(t, r)
}

// Tasks with more fields than SQLite has columns can be asked.
func TestFieldsBeyondTheColumnsOfSQLiteAreLeftOut(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	for task := range 11 {
		var properties []string
		for field := range 200 {
			properties = append(properties, fmt.Sprintf(`"f%d_%d": {"type": "number"}`, task, field))
		}
		answerInFields(t, s, fmt.Sprint(task), `{"properties": {`+strings.Join(properties, ", ")+`}}`, `{"f0_0": 1}`)
	}
	if n, err := s.count(t.Context(), `SELECT count(*) FROM results WHERE f0_0 = 1`); err != nil || n != 11 {
		t.Errorf("%d rows, %v", n, err)
	}
}
