package compare_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/compare"
	"vlocal/domain"
)

func TestTextsAgreeButForWhiteSpace(t *testing.T) {
	two, err := compare.New(domain.Task{}, domain.Task{Schema: `{"properties": {"price": {"type": "number"}}}`})
	if err != nil || !two.InWords {
		t.Fatalf("%+v, %v", two, err)
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{{"a chair", "  a\n\tchair ", true}, {"a chair", "A chair", false}, {"", " ", true}, {"12", "12.0", false}} {
		d, err := two.Add(&domain.Answer{Text: c.a}, &domain.Answer{Text: c.b})
		if err != nil || (len(d) == 0) != c.same {
			t.Errorf("%q and %q: %+v, %v", c.a, c.b, d, err)
		}
	}
	for range 2 {
		_, _ = two.Add(&domain.Answer{Text: "x"}, nil)
	}
	_, _ = two.Add(nil, &domain.Answer{Text: "x"})
	want := compare.Summary{
		Same: 2, Different: 2, OnlyA: 2, OnlyB: 1,
		Fields: []compare.Agreement{{Field: "answer", Same: 2, All: 4}}, NotCompared: []string{"price"},
	}
	if diff := cmp.Diff(want, two.Summary); diff != "" {
		t.Error(diff)
	}
}

func TestFieldsAreComparedAsWhatTheyAre(t *testing.T) {
	schema := `{"properties": {"f": {"type": "string"}}}`
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`12.50`, `12.5`, true}, {`1e2`, `100`, true}, {`0.1`, `0.10000000000000001`, false}, {`1`, `2`, false},
		{`1e999999999`, `1e999999999`, true}, {`1e999999999`, `1e999999998`, false}, {`9007199254740993`, `9007199254740992`, false},
		{`"Chair"`, `" chair "`, true}, {`"ÄPFEL"`, `"äpfel"`, true}, {`"chair"`, `"table"`, false}, {`"12"`, `12`, false},
		{`["a", "b"]`, `["B", "a"]`, true}, {`["a", "a"]`, `["a", "b"]`, false}, {`["a"]`, `["a", "a"]`, false}, {`[]`, `[]`, true},
		{`true`, `true`, true}, {`true`, `false`, false}, {`null`, `null`, true}, {`null`, `""`, false},
		{`{"x": 1, "y": null}`, `{"x": 1.0}`, true}, {`{"x": 1}`, `{"x": 1, "y": 2}`, false}, {`{"x": 1}`, `[1]`, false},
	} {
		two, err := compare.New(domain.Task{Schema: schema}, domain.Task{Schema: schema})
		if err != nil {
			t.Fatal(err)
		}
		d, err := two.Add(&domain.Answer{Text: "x", Fields: `{"f": ` + c.a + `}`}, &domain.Answer{Text: "y", Fields: `{"f": ` + c.b + `}`})
		if err != nil || (len(d) == 0) != c.same {
			t.Errorf("%s and %s: %+v, %v", c.a, c.b, d, err)
		}
	}
}

func TestOnlyFieldsThatBothHaveAreCompared(t *testing.T) {
	two, err := compare.New(
		domain.Task{Schema: `{"properties": {"a": {}, "both": {"type": "number"}, "list": {"type": "array"}, "torn": {}}}`},
		domain.Task{Schema: `{"properties": {"list": {"type": "array"}, "b": {}, "both": {"type": "number"}, "torn": {}}}`})
	if err != nil {
		t.Fatal(err)
	}
	d, err := two.Add(&domain.Answer{Fields: `{"a": 1, "both": 2, "list": ["x", null, 1], "torn": true}`}, &domain.Answer{Fields: `{"b": 3}`})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]compare.Difference{{"both", "2", ""}, {"list", "x; 1", ""}, {"torn", "yes", ""}}, d); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, two.NotCompared); diff != "" {
		t.Error(diff)
	}
	if _, err := two.Add(&domain.Answer{Fields: `{`}, &domain.Answer{}); err == nil {
		t.Error("what is no JSON is compared")
	}
	if _, err := compare.New(domain.Task{Schema: "{"}, domain.Task{}); err == nil {
		t.Error("what is no schema is taken")
	}
}
