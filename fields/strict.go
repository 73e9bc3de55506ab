package fields

import "slices"

// What OpenAI's strict mode, and those who follow it, take of JSON Schema. The
// keywords of the first list only narrow a value down; what they ask for is checked
// when the answer is read. Those of the second cannot be left out.
//
// Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
var (
	leftOut = []string{
		"$schema", "$id", "$comment", "title", "default", "examples", "example", "deprecated", "readOnly", "writeOnly",
		"minLength", "maxLength", "uniqueItems", "contains", "minContains", "maxContains", "minProperties", "maxProperties",
		"propertyNames", "contentEncoding", "contentMediaType", "contentSchema",
		// Groq and vLLM: https://github.com/i-am-bee/beeai-framework/issues/1215,
		// https://github.com/vllm-project/vllm/issues/16880
		"minItems", "maxItems",
		// llama.cpp: https://github.com/lidge-jun/opencodex/issues/2135
		"pattern",
	}
	notStrict = []string{
		"allOf", "not", "if", "then", "else", "dependencies", "dependentRequired", "dependentSchemas", "patternProperties",
		"prefixItems", "additionalItems", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$dynamicAnchor", "$anchor",
	}
	// strictFormats are the formats of texts that it takes.
	strictFormats = []string{"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
)

// Strict gives the schema as it is sent to a server that holds its model to it, as
// OpenAI's strict mode wants it: every property is required, one that need not be
// there may be null, and there are no others. Read takes the nulls back. What strict
// mode cannot express is sent as it is, and ok is false.
func (s *Schema) Strict() (schema string, ok bool) { return s.sent, s.strict }

// strictly gives a schema within a schema as strict mode wants it.
func strictly(v any) (_ any, ok bool) {
	schema, isObject := v.(object)
	if !isObject { // true and false
		return v, false
	}
	if slices.ContainsFunc(notStrict, schema.has) {
		return v, false
	}
	schema = schema.without(leftOut...)
	if format, _ := schema.value("format").(string); !slices.Contains(strictFormats, format) {
		schema = schema.without("format")
	}
	strict := make(object, 0, len(schema))
	for _, m := range schema {
		if m.name == "oneOf" { // wider, and the narrower is checked here
			m.name = "anyOf"
		}
		if m.value, ok = strictWithin(schema, m); !ok {
			return v, false
		}
		strict = append(strict, m)
	}
	if !slices.Contains(typesOf(schema), "object") {
		return strict, true
	}
	return closedObject(schema, strict)
}

// strictWithin gives the value of a keyword that has schemas in it.
func strictWithin(schema object, m member) (v any, ok bool) {
	switch m.name {
	case "items":
		return strictly(m.value)
	case "anyOf":
		ways, _ := m.value.([]any)
		all := make([]any, len(ways))
		for i := range ways {
			if all[i], ok = strictly(ways[i]); !ok {
				return v, false
			}
		}
		return all, true
	case "properties", "$defs", "definitions":
		var all object
		for _, each := range asObject(m.value) {
			s, ok := strictly(each.value)
			if !ok {
				return v, false
			}
			if m.name == "properties" && !requires(schema, each.name) {
				s = orNothing(asObject(s))
			}
			all = append(all, member{each.name, s})
		}
		return all, true
	}
	return m.value, true
}

// closedObject has all properties of an object required and no others allowed.
func closedObject(schema, strict object) (_ any, ok bool) {
	others, said := schema.get("additionalProperties")
	if _, isSchema := others.(object); said && isSchema || len(properties(schema)) == 0 {
		return strict, false // a table of any names
	}
	required := []any{}
	for _, p := range properties(schema) {
		required = append(required, p.name)
	}
	return strict.with("required", required).with("additionalProperties", false), true
}

// orNothing gives a schema that takes null, too.
func orNothing(schema object) object {
	if takesNull(simple(schema)) {
		return schema
	}
	types := typesOf(schema)
	if len(types) != 1 || schema.has("const") {
		return object{{"anyOf", []any{schema, object{{"type", "null"}}}}}
	}
	schema = schema.with("type", orNull(types[0]))
	if choices, closed := schema.value("enum").([]any); closed {
		schema = schema.with("enum", append(slices.Clone(choices), nil))
	}
	return schema
}
