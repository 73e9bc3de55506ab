package fields

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// propertiesIn gives the properties of a schema that Parse made, as JSON, and holds
// it to what they have in common.
func propertiesIn(t *testing.T, schema string) string {
	t.Helper()
	v, err := decode(schema)
	if err != nil {
		t.Fatal(err)
	}
	root := asObject(v)
	var names []any
	for _, p := range properties(root) {
		names = append(names, p.name)
	}
	if diff := cmp.Diff([]any{"object", names, false}, []any{root.value("type"), root.value("required"), root.value("additionalProperties")}); diff != "" {
		t.Errorf("%s: %s", schema, diff)
	}
	return encode(properties(root))
}

func TestFieldsAreReadAsPeopleWriteThem(t *testing.T) {
	const text, number = `{"type":["string","null"]}`, `{"type":["number","null"]}`
	for _, c := range []struct{ written, want string }{
		{"title", `{"title":` + text + `}`},
		{"title, price:number, defects:list, category:one of(chair|table|lamp), damaged:yes/no, taken:date",
			`{"title":` + text + `,"price":` + number + `,"defects":{"type":["array","null"],"items":{"type":"string"}},` +
				`"category":{"type":["string","null"],"enum":["chair","table","lamp",null]},"damaged":{"type":["boolean","null"]},` +
				`"taken":{"type":["string","null"],"format":"date"}}`},
		{"pages: whole number,sizes:list of numbers , marks : list of one of( old | new )",
			`{"pages":{"type":["integer","null"]},"sizes":{"type":["array","null"],"items":{"type":"number"}},` +
				`"marks":{"type":["array","null"],"items":{"type":"string","enum":["old","new"]}}}`},
		{"who  is\tin it, 値段：Number，名前", `{"who is in it":` + text + `,"値段":` + number + `,"名前":` + text + `}`},
		{`price:number "in euros", title "as it is printed", "net, gross":number 'with ''VAT'''`,
			`{"price":{"type":["number","null"],"description":"in euros"},"title":{"type":["string","null"],"description":"as it is printed"},` +
				`"net, gross":{"type":["number","null"],"description":"with 'VAT'"}}`},
		{`owner's name, 5" pipe, “a:b”`, `{"owner's name":` + text + `,"5\" pipe":` + text + `,"a:b":` + text + `}`},
		{`kind:one of("a|b"|'c)'|d e)`, `{"kind":{"type":["string","null"],"enum":["a|b","c)","d e",null]}}`},
		{"a,", `{"a":` + text + `}`},
	} {
		schema, err := Parse(c.written)
		if err != nil {
			t.Errorf("%s: %v", c.written, err)
			continue
		}
		if diff := cmp.Diff(c.want, propertiesIn(t, schema)); diff != "" {
			t.Errorf("%s: %s", c.written, diff)
		}
	}
}

func TestErrorsPointAtThePlace(t *testing.T) {
	for written, want := range map[string]string{
		"":                              "field 1: a field needs a name (at the end)",
		"a,,b":                          `field 2: a field needs a name (at character 3, ",b")`,
		"title, price:money":            `field 2: there is no type "money"; there are ` + Types + ` (at character 14, "money")`,
		"price:, b":                     `field 1: a type comes behind the colon: ` + Types + ` (at character 7, ", b")`,
		"a, b, A":                       `field 3: there is a field "a" already (at character 7, "A")`,
		"a:one of":                      `field 1: what it is one of comes in brackets: one of(this|that) (at the end)`,
		"a:one of(x||y)":                `field 1: a choice is missing (at character 12, "|y)")`,
		"a:one of(x|X)":                 `field 1: there is a choice "X" already (at character 12, "X)")`,
		"a:one of(x|y, b, c, d, e, f g": `field 1: choices are parted by | and end with ) (at the end)`,
		`a:number "in`:                  `field 1: a quote is opened and not closed (at character 10, "\"in")`,
		`a:number "x" y`:                `field 1: a comma comes before the next field (at character 14, "y")`,
		"a:list of lists of words of all kinds, c": `field 1: there is no type "list of lists of words of all kinds"; there are ` + Types + ` (at character 3, "list of lists of wor…")`,
		"a\x1bb":                 `field 1: a field's name has no control characters: "a\x1bb" (at character 1, "a\x1bb")`,
		"a, \xff":                "the fields are not UTF-8",
		strings.Repeat("x", 101): `field 1: a field's name has at most 100 characters: "` + strings.Repeat("x", 40) + `" (at character 1, "` + strings.Repeat("x", 20) + `…")`,
	} {
		schema, err := Parse(written)
		if err == nil {
			t.Errorf("%s: %s", written, schema)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%q: %s", written, diff)
		}
	}
}

// FuzzFields parses anything; what is taken is a schema with its columns, which
// takes an answer of nothing but null, and is strict as it is.
//
//	go test -run '^$' -fuzz Fields -fuzztime 1m ./fields
func FuzzFields(f *testing.F) {
	for _, seed := range []string{
		"title, price:number, defects:list, category:one of(chair|table|lamp), damaged:yes/no, taken:date",
		`"a, b":list of one of('x'|"y""z") "d"`, "値段：number，名前", "a:(", `'`, "a:one of(", "a\u0000", "“”", "answer_path,path,PATH", "\"\\\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		schema, err := Parse(written)
		if err != nil {
			return
		}
		s, err := Compile(schema)
		if err != nil {
			t.Fatalf("%q gives %s: %v", written, schema, err)
		}
		columns, err := Columns(schema)
		if err != nil || len(columns) == 0 {
			t.Fatalf("%q gives columns %v, %v", written, columns, err)
		}
		nothing := map[string]any{}
		for _, c := range columns {
			nothing[c.Field] = nil
		}
		answer, err := json.Marshal(nothing)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := s.Read(string(answer)); err != nil || r.Mended != "" {
			t.Errorf("%s does not take null: %+v, %v", schema, r, err)
		}
		if strict, ok := s.Strict(); !ok || strict != schema {
			t.Errorf("%s is not strict: %s", schema, strict)
		}
		again, err := FromJSONSchema([]byte(schema))
		if err != nil || again != schema {
			t.Errorf("%s is read as %s, %v", schema, again, err)
		}
	})
}
