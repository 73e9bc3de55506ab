package fields

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"vlocal/domain"
)

// Type says what the values of a field are.
type Type string

const (
	// Text is any text, also one of a closed list.
	Text Type = "text"
	// Number is a number, Integer one without a fraction.
	Number  Type = "number"
	Integer Type = "integer"
	// Bool is true or false.
	Bool Type = "bool"
	// Date is a day, YYYY-MM-DD.
	Date Type = "date"
	// List is an array.
	List Type = "list"
	// Object is anything else: it is shown as JSON.
	Object Type = "object"
)

// Column is one field of an answer as a column of the results.
type Column struct {
	// Field is the property's name in the answer.
	Field string
	// Name is the column's: the field's, or answer_ and that where the results
	// have a column of that name themselves.
	Name string
	Type Type
}

// Columns gives the columns of a task's schema, in the order in which it names its
// properties; none for "".
func Columns(schema string) ([]Column, error) {
	if schema == "" {
		return nil, nil
	}
	properties, err := propertiesOf([]byte(schema))
	if err != nil {
		return nil, err
	}
	columns := make([]Column, 0, len(properties))
	taken := slices.Clone(domain.ResultColumns)
	for _, p := range properties {
		c := Column{Field: p.name, Name: p.name, Type: typeOf(p.schema)}
		for slices.ContainsFunc(taken, func(t string) bool { return sameName(t, c.Name) }) {
			c.Name = "answer_" + c.Name
		}
		taken = append(taken, c.Name)
		columns = append(columns, c)
	}
	return columns, nil
}

// sameName reports whether SQLite, and a person, take two column names for one.
func sameName(a, b string) bool { return strings.EqualFold(a, b) }

// property is a property of an object schema.
type property struct {
	name   string
	schema json.RawMessage
}

// propertiesOf gives the properties of an object schema in their order, which
// decoding into a map would lose.
func propertiesOf(schema []byte) (all []property, err error) {
	var object struct {
		Properties json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(schema, &object); err != nil {
		return nil, fmt.Errorf("the schema is no JSON object: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(object.Properties))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, fmt.Errorf("the schema has no properties: each is a column")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("read the schema's properties: %w", err)
		}
		p := property{name: name.(string)}
		if err := d.Decode(&p.schema); err != nil {
			return nil, fmt.Errorf("read the schema's properties: %w", err)
		}
		all = append(all, p)
	}
	return all, nil
}

// typeOf gives the type of a property's values; null aside, which any may be.
func typeOf(schema json.RawMessage) Type {
	v, _ := decode(string(schema)) // what is odd is shown as JSON
	property := simple(asObject(v))
	types := slices.DeleteFunc(typesOf(property), func(t string) bool { return t == "null" })
	if len(types) != 1 {
		choices, _ := property.value("enum").([]any)
		if len(types) == 0 && len(choices) > 0 && !slices.ContainsFunc(choices, func(v any) bool { _, text := v.(string); return !text && v != nil }) {
			return Text
		}
		return Object
	}
	switch types[0] {
	case "string":
		if property.value("format") == "date" {
			return Date
		}
		return Text
	case "number":
		return Number
	case "integer":
		return Integer
	case "boolean":
		return Bool
	case "array":
		return List
	}
	return Object
}
