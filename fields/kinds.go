package fields

import (
	"slices"
	"strings"
	"unicode"
)

// plainTypes are the types without brackets, with the schema of each. Some have
// other names that come to people's minds.
var plainTypes = map[string]object{
	"text": nullable("string"), "string": nullable("string"),
	"number": nullable("number"), "decimal": nullable("number"),
	"whole number": nullable("integer"), "integer": nullable("integer"), "int": nullable("integer"),
	"yes/no": nullable("boolean"), "yes or no": nullable("boolean"), "bool": nullable("boolean"), "boolean": nullable("boolean"),
	"date": nullable("string").with("format", "date"), "day": nullable("string").with("format", "date"),
}

// nullable takes a type, and null.
func nullable(name string) object { return object{{"type", orNull(name)}} }

// orNull is a type that may be null.
func orNull(name string) []any { return []any{name, "null"} }

// kind reads a type.
func (p *parser) kind() (object, error) {
	at := p.at
	name := strings.ToLower(p.words(",，("))
	within, isList := strings.CutPrefix(name, "list of ")
	switch {
	case name == "list", name == "list of":
		return listOf(plainTypes["text"]), nil
	case isList && within == "one of", name == "one of":
		p.skip()
		choices, err := p.choices()
		if err != nil {
			return nil, err
		}
		one := nullable("string").with("enum", append(choices, nil))
		if isList {
			return listOf(one), nil
		}
		return one, nil
	}
	if !isList {
		within = name
	}
	schema, known := plainTypes[within]
	if !known && isList {
		schema, known = plainTypes[strings.TrimSuffix(within, "s")] // a list of numbers
	}
	switch {
	case name == "":
		return nil, p.errorAt(at, "a type comes behind the colon: %s", Types)
	case !known:
		return nil, p.errorAt(at, "there is no type %q; there are %s", name, Types)
	case isList:
		return listOf(schema), nil
	}
	return schema, nil
}

// listOf is a list of what fits a schema, of which nothing is null.
func listOf(schema object) object {
	item := schema.with("type", typesOf(schema)[0])
	if choices, closed := item.value("enum").([]any); closed {
		item = item.with("enum", choices[:len(choices)-1])
	}
	return nullable("array").with("items", item)
}

// choices reads what a field is one of, with the brackets.
func (p *parser) choices() (all []any, err error) {
	if !p.take('(') {
		return nil, p.errorf("what it is one of comes in brackets: one of(this|that)")
	}
	for {
		at := p.skip()
		choice := ""
		if closing(p.peek()) != 0 {
			if choice, err = p.quote(); err != nil {
				return nil, err
			}
		} else {
			choice = p.words("|)")
		}
		switch {
		case choice == "":
			return nil, p.errorAt(at, "a choice is missing")
		case strings.ContainsFunc(choice, unicode.IsControl):
			return nil, p.errorAt(at, "a choice has no control characters")
		case slices.ContainsFunc(all, func(c any) bool { return strings.EqualFold(c.(string), choice) }):
			return nil, p.errorAt(at, "there is a choice %q already", choice)
		case len(all) == maxChoices:
			return nil, p.errorAt(at, "there are more than %d choices", maxChoices)
		}
		all = append(all, choice)
		p.skip()
		if p.take(')') {
			return all, nil
		}
		if !p.take('|') {
			return nil, p.errorf("choices are parted by | and end with )")
		}
	}
}
