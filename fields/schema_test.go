package fields

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSchemaThatCannotBeUsedSaysWhy(t *testing.T) {
	for schema, says := range map[string]string{
		``:                                        "not JSON",
		`{"type":"object"`:                        "not JSON",
		`[]`:                                      "not a JSON object",
		`{"type":"object"}`:                       "no properties",
		`{"properties":{"a":{}}}`:                 `type must be "object"`,
		`{"type":"array","items":{}}`:             `type must be "object"`,
		`{"$ref":"#/$defs/A","$defs":{}}`:         `type must be "object"`,
		`{"type":"object","properties":{}}`:       "no properties",
		`{"type":"object","properties":[]}`:       "no properties",
		`{"type":"object","properties":{"":{}}}`:  "needs a name",
		`{"name":"x","schema":{"type":"object"}}`: `within "schema"`,
		`{"type":"json_schema","json_schema":{}}`: `within "json_schema"`,
		`{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":{}}}`:         "draft-07",
		`{"type":"object","properties":{"a":{"$ref":"https://example.com/a.json"}}}`:          "nothing is loaded from elsewhere",
		`{"type":"object","properties":{"a":{"$ref":"other.json#/x"}}}`:                       "nothing is loaded from elsewhere",
		`{"type":"object","properties":{"a":{"$schema":"https://example.com/s","$id":"x"}}}`:  "nothing is loaded from elsewhere",
		`{"type":"object","properties":{"a":{"$ref":"#/$defs/missing"}}}`:                     "cannot be used",
		`{"type":"object","properties":{"a":{"type":"strin"}}}`:                               `"properties.a.type"`,
		`{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}`:                "regex",
		`{"type":"object","properties":{"a":{"type":"string","type":"number"}}}`:              "there twice",
		`{"type":"object","properties":{"a":{}},"description":"` + strings.Repeat("x", 1<<17): "64 KiB",
	} {
		got, err := FromJSONSchema([]byte(schema))
		if err == nil || !strings.Contains(err.Error(), says) || len(err.Error()) > 500 {
			t.Errorf("%.200s: %s, %v; want %q", schema, got, err, says)
		}
	}
}

func TestSchemaKeepsItsOrder(t *testing.T) {
	got, err := FromJSONSchema([]byte("\ufeff{ \"$schema\" : \"http://json-schema.org/draft-07/schema#\", \"type\": \"object\",\n" +
		`"properties": {"z": {"type": "number", "minimum": 1.50}, "ä<b>": {"type": ["string", "null"]}}, "definitions": {}}`))
	want := `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"z":{"type":"number","minimum":1.50},"ä<b>":{"type":["string","null"]}},"definitions":{}}`
	if err != nil || got != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}

func TestStrictIsWhatTheServerTakes(t *testing.T) {
	for _, c := range []struct {
		what, schema, want string
		ok                 bool
	}{
		{"what strict mode has no keyword for is left out",
			`{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"T","type":"object","properties":{"a":{"type":"string","minLength":2,"format":"uri","default":"x"}},"required":["a"]}`,
			`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`, true},
		{"what need not be there may be null",
			`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string","enum":["x"]},"c":{"$ref":"#/$defs/c"},"d":{"anyOf":[{"type":"number"},{"type":"null"}]}},"$defs":{"c":{"type":"object","properties":{"e":{"type":"integer"}}}},"additionalProperties":true}`,
			`{"type":"object","properties":{"a":{"type":["string","null"]},"b":{"type":["string","null"],"enum":["x",null]},"c":{"anyOf":[{"$ref":"#/$defs/c"},{"type":"null"}]},"d":{"anyOf":[{"type":"number"},{"type":"null"}]}},` +
				`"$defs":{"c":{"type":"object","properties":{"e":{"type":["integer","null"]}},"required":["e"],"additionalProperties":false}},"additionalProperties":false,"required":["a","b","c","d"]}`, true},
		{"one of is any of", `{"type":"object","properties":{"a":{"oneOf":[{"type":"string"},{"type":"number"}]}},"required":["a"],"additionalProperties":false}`,
			`{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"number"}]}},"required":["a"],"additionalProperties":false}`, true},
		{"conditions cannot be expressed", `{"$id":"x:y","type":"object","properties":{"a":{"allOf":[{"type":"string"}]}}}`,
			`{"type":"object","properties":{"a":{"allOf":[{"type":"string"}]}}}`, false},
		{"nor can tables", `{"type":"object","properties":{"a":{"type":"object","additionalProperties":{"type":"number"}}}}`,
			`{"type":"object","properties":{"a":{"type":"object","additionalProperties":{"type":"number"}}}}`, false},
	} {
		s, err := Compile(c.schema)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		got, ok := s.Strict()
		if diff := cmp.Diff(c.want, got); diff != "" || ok != c.ok {
			t.Errorf("%s: %v %s", c.what, ok, diff)
		}
	}
}

// What strict mode has a model say fits the schema that a person wrote.
func TestNullStandsForWhatNeedNotBeThere(t *testing.T) {
	s, err := Compile(`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"number"},"c":{"type":["number","null"]},"size":{"type":"object","properties":{"w":{"type":"integer"},"h":{"type":"integer"}}}},"required":["a"]}`)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"a":"x","b":null,"c":null,"size":null}`:                           `{"a":"x","c":null}`,
		`{"size":{"h":3,"w":"4"},"a":"x","b":2,"c":1,"more":[1]}`:           `{"a":"x","b":2,"c":1,"size":{"w":4,"h":3},"more":[1]}`,
		"```json\n" + `{"a":"x","b":"2","size":{"w":3.0,"h":null}}` + "```": `{"a":"x","b":2,"size":{"w":3}}`,
	} {
		got, err := s.Read(text)
		if err != nil || got.Fields != want {
			t.Errorf("%s: %+v, %v; want %s", text, got, err, want)
		}
	}
	if got, err := s.Read(`{"a":null,"b":1}`); err == nil {
		t.Errorf("a is required, and may not be null: %+v", got)
	}
}

func TestValuesAreWords(t *testing.T) {
	got := Values(`{"title":"A","price":12.50,"gone":null,"defects":["x","y"],"damaged":true,"sound":false,"size":{"w":1}}`)
	want := []Value{{"title", "A"}, {"price", "12.50"}, {"defects", "x; y"}, {"damaged", "yes"}, {"sound", "no"}, {"size", `{"w":1}`}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Values("no"); got != nil {
		t.Errorf("%v", got)
	}
}
