package builtin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
)

// responseFormat is the field of that name; of other types than json_schema nothing
// follows here.
type responseFormat struct {
	Type       string `json:"type"`
	JSONSchema struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"json_schema"`
}

// property is a property of a schema, as far as it is looked at.
type property struct {
	name   string
	Type   any        `json:"type"`
	Format string     `json:"format"`
	Enum   []any      `json:"enum"`
	AnyOf  []property `json:"anyOf"`
}

// takes reports whether a type fits the property, taken alone.
func (p property) takes(name string) bool {
	if p.Type == name || slices.ContainsFunc(p.AnyOf, func(way property) bool { return way.takes(name) }) {
		return true
	}
	several, _ := p.Type.([]any)
	return slices.Contains(several, any(name))
}

// fill answers with the properties that a schema asks for. The model knows a few by
// their names, gives the first text its description of the picture, and of all
// others it says null: it knows nothing of them. The refusal is for a property that
// may not be null.
func fill(schema []byte, img image.Image) (answer, refusal string, err error) {
	all, err := propertiesOf(schema)
	if err != nil {
		return "", "", err
	}
	known := knownOf(img)
	described := false
	var b strings.Builder
	for i, p := range all {
		v := known.value(p)
		if v == nil && !described && p.takes("string") && p.Format == "" && len(p.Enum) == 0 {
			v, described = describe(img), true
		}
		if v == nil && !p.takes("null") {
			return "", fmt.Sprintf("This model only measures pixels, and cannot tell %q.", p.name), nil
		}
		name, err := json.Marshal(p.name)
		if err != nil {
			return "", "", err
		}
		value, err := json.Marshal(v)
		if err != nil {
			return "", "", err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	return "{" + b.String() + "}", "", nil
}

// propertiesOf gives the properties of a schema in their order.
func propertiesOf(schema []byte) (all []property, err error) {
	var s struct {
		Properties json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(schema, &s); err != nil {
		return nil, fmt.Errorf("the schema is not understood: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(s.Properties))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("the schema has no properties")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("the schema is not understood: %w", err)
		}
		p := property{name: name.(string)}
		if err := d.Decode(&p); err != nil {
			return nil, fmt.Errorf("the schema is not understood: %w", err)
		}
		all = append(all, p)
	}
	return all, nil
}

// known are the values of the properties that the model knows by their names.
type known map[string]any

func knownOf(img image.Image) known {
	m, luma := measure(img), planeOf(img)
	k := known{"width": img.Bounds().Dx(), "height": img.Bounds().Dy(), "colours": m.colours(), "colors": m.colours()}
	if f := focus(luma); f != "" {
		k["sharp"], k["blurred"] = f == "sharp", f == "blurred"
	}
	texts := []string{}
	for _, c := range codesIn(luma) {
		texts = append(texts, quote(c.text))
	}
	k["codes"] = texts
	return k
}

// value gives what is known of a property; nil if nothing is, or if it takes values
// of another type.
func (k known) value(p property) any {
	v := k[strings.ToLower(p.name)]
	fits := false
	switch v.(type) {
	case int:
		fits = p.takes("integer") || p.takes("number")
	case bool:
		fits = p.takes("boolean")
	case []string:
		fits = p.takes("array")
	}
	if !fits || len(p.Enum) > 0 {
		return nil
	}
	return v
}
