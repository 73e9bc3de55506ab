package store

import (
	"testing"

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
