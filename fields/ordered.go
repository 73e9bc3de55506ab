package fields

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A JSON value is one of nil, bool, string, json.Number, []any and object here.

// object is a JSON object with its members in the order of the text. Decoding into
// a map would lose that, and it is the order of the columns.
type object []member

type member struct {
	name  string
	value any
}

// maxDepth bounds objects and lists within each other. SQLite takes no JSON deeper
// than 1,000 (https://www.sqlite.org/json1.html), and no answer needs as much.
const maxDepth = 100

// decode reads one JSON value that is the whole text.
func decode(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := decodeNext(d, 0)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if strings.TrimSpace(text) == "" {
			return nil, errors.New("it is empty")
		}
		return nil, errors.New("it has no end")
	case err != nil:
		return nil, err
	}
	if rest := strings.TrimSpace(text[d.InputOffset():]); rest != "" {
		return nil, fmt.Errorf("there is more behind the end: %.20q", rest)
	}
	return v, nil
}

func decodeNext(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("more than %d objects and lists within each other", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case string:
		// SQLite's texts end at it.
		return strings.ReplaceAll(t, "\x00", ""), nil
	case json.Delim:
		if t == '[' {
			return decodeList(d, depth)
		}
		return decodeObject(d, depth)
	case json.Number:
		return token, checkNumber(string(t))
	}
	return token, nil
}

// checkNumber refuses what SQLite has no number for, and the validator would take
// the memory of the machine for.
func checkNumber(text string) error {
	const most = 400 // letters
	_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if n, err := strconv.Atoi(cmp.Or(exponent, "0")); err != nil || n > most || n < -most || len(text) > most {
		return fmt.Errorf("a number beyond all bounds: %.20s", text)
	}
	if f, err := strconv.ParseFloat(text, 64); err != nil || math.IsInf(f, 0) {
		return fmt.Errorf("a number beyond all bounds: %.20s", text)
	}
	return nil
}

func decodeList(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := decodeNext(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

func decodeObject(d *json.Decoder, depth int) (any, error) {
	o := object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := decodeNext(d, depth+1)
		if err != nil {
			return nil, err
		}
		if before, twice := o.get(name.(string)); twice {
			if encode(before) != encode(v) {
				return nil, fmt.Errorf("%q is there twice, with two values", name)
			}
			continue
		}
		o = append(o, member{name.(string), v})
	}
	_, err := d.Token()
	return o, err
}

// get gives a member's value.
func (o object) get(name string) (any, bool) {
	if i := o.index(name); i >= 0 {
		return o[i].value, true
	}
	return nil, false
}

func (o object) has(name string) bool { return o.index(name) >= 0 }

func (o object) index(name string) int {
	return slices.IndexFunc(o, func(m member) bool { return m.name == name })
}

// with gives a copy in which a member has another value.
func (o object) with(name string, v any) object {
	o = slices.Clone(o)
	if i := o.index(name); i >= 0 {
		o[i].value = v
		return o
	}
	return append(o, member{name, v})
}

// without gives a copy without some members.
func (o object) without(names ...string) object {
	return slices.DeleteFunc(slices.Clone(o), func(m member) bool { return slices.Contains(names, m.name) })
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(encode(m.name) + ":" + encode(m.value))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode writes a JSON value without spaces, letters of any script as they are.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "null" // a value that was read can be written
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// plain gives a value as encoding/json has it, which the validator takes.
func plain(v any) any {
	switch v := v.(type) {
	case object:
		m := make(map[string]any, len(v))
		for _, each := range v {
			m[each.name] = plain(each.value)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	}
	return v
}
