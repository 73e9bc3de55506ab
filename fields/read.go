package fields

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Reading is an answer as its schema has it.
type Reading struct {
	// Fields is a JSON object that fits the schema, its members in the schema's
	// order, without spaces.
	Fields string
	// Mended says what had to be done to the answer for that, in words; "" for
	// nothing.
	Mended string
}

// maxMended bounds what is told of mending, in bytes.
const maxMended = 500

// Read takes the fields from an answer. What fits as it is stays as it is; what does
// not is mended where only one thing can be meant, and nothing is ever made up.
//
// The text around the object (a code fence, prose) goes, trailing commas go, and so
// do properties that nobody asked for; they stay in the answer's text. Numbers,
// dates, choices and yes or no that are written in another unmistakable way are
// written as the schema has it. A property that is not there is null, if all others
// are known.
//
// The error says what is wrong, for a person and for the model.
func (s *Schema) Read(text string) (Reading, error) {
	found, err := s.find(text)
	if err != nil {
		return Reading{}, err
	}
	// What is optional in the schema had to be said all the same (see Strict): null
	// says that it is not there.
	answer := asObject(withoutNulls(s.root, found.object))
	wrong := s.check(answer)
	if wrong != nil {
		m := mending{told: found.told}
		answer = m.object(s.root, answer, "")
		found.told = m.told
		if wrong = s.check(answer); wrong != nil {
			return Reading{}, wrong
		}
	}
	mended := strings.Join(found.told, "; ")
	if len(mended) > maxMended {
		mended = strings.ToValidUTF8(mended[:maxMended], "") + " …"
	}
	return Reading{Fields: encode(inOrder(s.root, answer)), Mended: mended}, nil
}

// check says what is wrong with an answer; nil if it fits.
func (s *Schema) check(answer object) error {
	err := s.valid.Validate(plain(answer))
	if invalid, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		return fmt.Errorf("the answer does not fit its fields: %s", whatIsWrong(invalid))
	}
	return err
}

// withoutNulls leaves out, at any depth, the properties that are null, need not be there, and may
// not be null.
func withoutNulls(schema object, v any) any {
	switch v := v.(type) {
	case []any:
		items := simple(asObject(schema.value("items")))
		list := make([]any, len(v))
		for i := range v {
			list[i] = withoutNulls(items, v[i])
		}
		return list
	case object:
		kept := make(object, 0, len(v))
		for _, m := range v {
			p := simple(asObject(properties(schema).value(m.name)))
			if m.value == nil && !requires(schema, m.name) && len(typesOf(p)) > 0 && !takesNull(p) {
				continue
			}
			kept = append(kept, member{m.name, withoutNulls(p, m.value)})
		}
		return kept
	}
	return v
}

// inOrder gives an answer with its members in the schema's order, those that it
// does not name last.
func inOrder(schema, o object) object {
	sorted := make(object, 0, len(o))
	for _, p := range properties(schema) {
		if v, there := o.get(p.name); there {
			sorted = append(sorted, member{p.name, asType(asObject(p.value), v)})
		}
	}
	for _, m := range o {
		if !sorted.has(m.name) {
			sorted = append(sorted, m)
		}
	}
	return sorted
}

// asType writes what is the same value in the way of its type: 3.0 of a whole
// number as 3, and an object within in its own order.
func asType(schema object, v any) any {
	schema = simple(schema)
	switch v := v.(type) {
	case object:
		return inOrder(schema, v)
	case []any:
		items := asObject(schema.value("items"))
		for i := range v {
			v[i] = asType(items, v[i])
		}
		return v
	}
	if slices.Contains(typesOf(schema), "integer") {
		return whole(v)
	}
	return v
}
