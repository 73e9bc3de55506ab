package fields

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// mending writes an answer's values as a schema has them, where only one thing can
// be meant, and keeps what it did.
type mending struct{ told []string }

func (m *mending) say(format string, args ...any) {
	m.told = append(m.told, fmt.Sprintf(format, args...))
}

// object mends the members of an object. path is where it is, for people.
func (m *mending) object(schema, o object, path string) object {
	o = m.names(schema, o, path)
	props := properties(schema)
	closed := schema.value("additionalProperties") == false
	strangers := slices.ContainsFunc(o, func(each member) bool { return !props.has(each.name) })
	var mended object
	for _, each := range o {
		property, known := props.get(each.name)
		switch {
		case known:
			each.value = m.value(asObject(property), each.value, path+each.name)
		case closed:
			m.say("%q left out, which was not asked for", path+each.name)
			continue
		}
		mended = append(mended, each)
	}
	// A property that is missing while there is a strange one may be just that one.
	if len(mended) == 0 || strangers {
		return mended
	}
	for _, p := range props {
		if !mended.has(p.name) && requires(schema, p.name) && takesNull(asObject(p.value)) {
			m.say("nothing said of %q", path+p.name)
			mended = append(mended, member{p.name, nil})
		}
	}
	return mended
}

// names gives properties that are spelled a little otherwise their own names: in
// capitals, with a _ for a space.
func (m *mending) names(schema, o object, path string) object {
	props := properties(schema)
	o = slices.Clone(o)
	for i, each := range o {
		if props.has(each.name) {
			continue
		}
		var alike []string
		for _, p := range props {
			if folded(p.name) == folded(each.name) {
				alike = append(alike, p.name)
			}
		}
		if len(alike) == 1 && !o.has(alike[0]) {
			m.say("%q taken as %q", path+each.name, alike[0])
			o[i].name = alike[0]
		}
	}
	return o
}

// folded is a name or a choice without what people take for the same.
func folded(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune(" \t\n_-", r) }), " ")
}

// value mends one value.
func (m *mending) value(schema object, v any, path string) any {
	schema = simple(schema)
	var mended any
	var ok bool
	switch v := v.(type) {
	case object:
		return m.object(schema, v, path+".")
	case []any:
		items := asObject(schema.value("items"))
		list := make([]any, len(v))
		for i := range v {
			list[i] = m.value(items, v[i], path)
		}
		return list
	case string:
		mended, ok = fromText(schema, v)
	case json.Number:
		if slices.Contains(typesOf(schema), "string") && !slices.Contains(typesOf(schema), "number") {
			mended, ok = string(v), true
		}
	}
	if !ok || mended == v {
		return v
	}
	m.say("%q: %.60s taken as %.60s", path, encode(v), encode(mended))
	return mended
}

// nothings are texts that say of a number, a date or the like that there is none.
var nothings = []string{"", "null", "n/a", "unknown"}

// fromText gives the value of another type, or the choice, that a text stands for
// beyond doubt.
func fromText(schema object, text string) (v any, ok bool) {
	text = strings.TrimSpace(text)
	types := typesOf(schema)
	isText := slices.Contains(types, "string")
	date := schema.value("format") == "date"
	choices, closed := schema.value("enum").([]any)
	if isText && !date && !closed {
		return nil, false
	}
	if closed {
		if v, ok := choiceOf(choices, text); ok {
			return v, true
		}
	}
	if takesNull(schema) && slices.Contains(nothings, strings.ToLower(text)) {
		return nil, true
	}
	switch {
	case closed:
		return nil, false
	case isText && date:
		return dateOf(text)
	case slices.Contains(types, "integer"):
		if n, ok := numberOf(text); ok {
			v := whole(n)
			return v, !strings.Contains(string(v.(json.Number)), ".")
		}
	case slices.Contains(types, "number"):
		return numberOf(text)
	case slices.Contains(types, "boolean"):
		switch strings.ToLower(text) {
		case "yes", "true":
			return true, true
		case "no", "false":
			return false, true
		}
	}
	return nil, false
}

// choiceOf gives the one choice that a text is but for capitals and spaces.
func choiceOf(choices []any, text string) (v any, ok bool) {
	var alike []any
	for _, c := range choices {
		if name, isText := c.(string); isText && folded(name) == folded(text) {
			alike = append(alike, c)
		}
	}
	if len(alike) != 1 {
		return text, slices.Contains(choices, any(text))
	}
	return alike[0], true
}
