package fields

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is a task's schema, ready to read answers with. It is safe for many
// goroutines.
type Schema struct {
	text  string
	root  object
	valid *jsonschema.Schema
	// sent is what Strict gives, and strict whether that is strict.
	sent   string
	strict bool
}

// maxSchema bounds a schema, in bytes: it may go out with every picture.
const maxSchema = 64 << 10

// The drafts that a schema may name, without what a # at the end adds; one that
// names none is taken for the first.
var drafts = []string{
	"https://json-schema.org/draft/2020-12/schema",
	"http://json-schema.org/draft-07/schema",
}

// FromJSONSchema takes a JSON Schema of a person's, and gives it as a task has it:
// without spaces, in its own order. Its error says what is wrong with it.
func FromJSONSchema(data []byte) (string, error) {
	text := strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff"))
	if len(text) > maxSchema {
		return "", fmt.Errorf("it is longer than %d KiB, and may go out with every picture", maxSchema>>10)
	}
	v, err := decode(text)
	if err != nil {
		return "", fmt.Errorf("it is not JSON: %w", err)
	}
	root, ok := v.(object)
	if !ok {
		return "", errors.New("it is not a JSON object")
	}
	if err := checkRoot(root); err != nil {
		return "", err
	}
	s, err := Compile(encode(root))
	if err != nil {
		return "", err
	}
	return s.text, nil
}

// checkRoot says what keeps a schema from being one of fields.
func checkRoot(root object) error {
	for _, wrapper := range []string{"json_schema", "schema"} {
		if root.has(wrapper) && !root.has("properties") {
			return fmt.Errorf("it has the schema within %q: leave only that in the file", wrapper)
		}
	}
	if v, named := root.get("$schema"); named {
		if name, _ := v.(string); !slices.Contains(drafts, strings.TrimSuffix(name, "#")) {
			return fmt.Errorf("it is for %v; those for %s are understood", v, strings.Join(drafts, " and "))
		}
	}
	if t, _ := root.get("type"); t != "object" {
		return errors.New(`an answer is an object with the fields in it: the schema's own type must be "object"`)
	}
	if p, ok := root.get("properties"); !ok || len(asObject(p)) == 0 {
		return errors.New("it has no properties: each is a column, and they must stand at the top of the schema")
	}
	for _, p := range asObject(root.value("properties")) {
		if err := checkName(p.name); err != nil {
			return err
		}
	}
	return checkRefs(root)
}

// checkRefs refuses references to other files: nothing is loaded from elsewhere.
func checkRefs(v any) error {
	switch v := v.(type) {
	case object:
		for _, m := range v {
			to, isText := m.value.(string)
			if isText && (m.name == "$ref" || m.name == "$dynamicRef") && !strings.HasPrefix(to, "#") {
				return fmt.Errorf("it refers to %q, and nothing is loaded from elsewhere: put that into the file, under $defs", to)
			}
			if err := checkRefs(m.value); err != nil {
				return err
			}
		}
	case []any:
		for _, each := range v {
			if err := checkRefs(each); err != nil {
				return err
			}
		}
	}
	return nil
}

// Compile readies the schema of a task. Its error says what is wrong with it.
func Compile(text string) (*Schema, error) {
	v, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("the schema is not JSON: %w", err)
	}
	s := &Schema{text: text, root: asObject(v)}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(nowhere{})
	// A date that is none is of no use in a column of dates.
	c.AssertFormat()
	const place = "schema:answer"
	if err := c.AddResource(place, plain(v)); err != nil {
		return nil, fmt.Errorf("the schema cannot be used: %w", err)
	}
	if s.valid, err = c.Compile(place); err != nil {
		return nil, fmt.Errorf("the schema cannot be used: %w", inWords(err))
	}
	if _, err := Columns(text); err != nil {
		return nil, err
	}
	s.sent, s.strict = encode(s.root.without("$schema", "$id")), false
	if strict, ok := strictly(s.root); ok {
		s.sent, s.strict = encode(strict), true
	}
	return s, nil
}

// String gives the schema as the task has it.
func (s *Schema) String() string { return s.text }

// inWords gives what is wrong with a schema without the library's headings.
func inWords(err error) error {
	if e, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		if invalid, ok := errors.AsType[*jsonschema.ValidationError](e.Err); ok {
			return errors.New(whatIsWrong(invalid))
		}
	}
	return err
}

// nowhere loads nothing.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("it refers to %q, and nothing is loaded from elsewhere", url)
}

func asObject(v any) object {
	o, _ := v.(object)
	return o
}

// value gives a member's value; nil if there is none.
func (o object) value(name string) any {
	v, _ := o.get(name)
	return v
}

// properties are those of a schema.
func properties(schema object) object { return asObject(schema.value("properties")) }

// typesOf gives the names of the types that a schema takes; none if it does not
// say.
func typesOf(schema object) (all []string) {
	switch t := schema.value("type").(type) {
	case string:
		return []string{t}
	case []any:
		for _, each := range t {
			if name, ok := each.(string); ok {
				all = append(all, name)
			}
		}
	}
	return all
}

// takesNull reports whether null fits a schema, as far as that can be told by its
// type and its choices.
func takesNull(schema object) bool {
	choices, closed := schema.value("enum").([]any)
	if closed && !slices.Contains(choices, nil) {
		return false
	}
	return slices.Contains(typesOf(schema), "null") || closed && !schema.has("type")
}

// simple gives a schema that takes either null or something else, as generators
// write it, in one:
//
//	{"anyOf": [{"type": "number"}, {"type": "null"}]}   {"type": ["number", "null"]}
//
// Any other schema stays.
func simple(schema object) object {
	for _, word := range []string{"anyOf", "oneOf"} {
		ways, _ := schema.value(word).([]any)
		if len(ways) != 2 {
			continue
		}
		for i, way := range ways {
			something := asObject(ways[1-i])
			types := typesOf(something)
			if !slices.Equal(typesOf(asObject(way)), []string{"null"}) || len(types) != 1 {
				continue
			}
			merged := something.with("type", orNull(types[0]))
			if choices, closed := something.value("enum").([]any); closed {
				merged = merged.with("enum", append(slices.Clone(choices), nil))
			}
			return merged
		}
	}
	return schema
}

// requires reports whether a property has to be there.
func requires(schema object, name string) bool {
	required, _ := schema.value("required").([]any)
	return slices.Contains(required, any(name))
}
