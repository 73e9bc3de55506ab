package fields

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestColumnsFollowTheSchema(t *testing.T) {
	got, err := Columns(`{"type": "object", "properties": {
		"title": {"type": ["string", "null"]}, "price": {"type": "number"}, "count": {"type": "integer"},
		"defects": {"type": "array", "items": {"type": "string"}}, "category": {"enum": ["chair", "table", null]},
		"damaged": {"type": "boolean"}, "taken": {"type": "string", "format": "date"},
		"size": {"type": "object"}, "either": {"type": ["number", "string"]},
		"Status": {"type": "string"}, "answer_status": {"type": "string"}}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Column{
		{"title", "title", Text}, {"price", "price", Number}, {"count", "count", Integer},
		{"defects", "defects", List}, {"category", "category", Text},
		{"damaged", "damaged", Bool}, {"taken", "taken", Date},
		{"size", "size", Object}, {"either", "either", Object},
		// The results have a status of their own.
		{"Status", "answer_Status", Text}, {"answer_status", "answer_answer_status", Text},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err := Columns(""); got != nil || err != nil {
		t.Errorf("free text has %v, %v", got, err)
	}
	for _, bad := range []string{"no", "[]", `{"properties": 3}`, `{}`} {
		if _, err := Columns(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
