package fields

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxFields bounds the fields of a task: each is a column.
	maxFields = 200
	// maxName and maxChoices bound a field's name, in characters, and what it is
	// one of.
	maxName    = 100
	maxChoices = 500
)

// Types is what a field may be, as Parse takes it.
const Types = "text, number, whole number, yes/no, date, list, list of TYPE, one of(this|that)"

// Parse reads what a person writes as --fields:
//
//	fields = field {"," field}
//	field  = name [":" type] [description]
//	type   = "text" | "number" | "whole number" | "yes/no" | "date" |
//	         "one of(" choice {"|" choice} ")" | "list" [" of " type]
//
// such as
//
//	title, price:number "in euros", defects:list, category:one of(chair|table|lamp)
//
// A name is any words, and the type is text where none is said. A description is in
// quotes, for the model to read; a name or a choice with , : | ( or ) in it is in
// quotes too, single or double. Within quotes, the quote itself is doubled.
//
// It gives the schema of the answer. An error says what is wrong, where.
func Parse(text string) (schema string, err error) {
	p := &parser{all: []rune(text)}
	if !utf8.ValidString(text) {
		return "", fmt.Errorf("the fields are not UTF-8")
	}
	props := object{}
	for {
		at, found := p.skip(), len(props)+1
		name, property, err := p.field()
		if err != nil {
			return "", fmt.Errorf("field %d: %w", found, err)
		}
		for _, before := range props {
			if sameName(before.name, name) {
				return "", fmt.Errorf("field %d: %w", found, p.errorAt(at, "there is a field %q already", before.name))
			}
		}
		if found > maxFields {
			return "", fmt.Errorf("there are more than %d fields", maxFields)
		}
		props = append(props, member{name, property})
		if p.skip(); p.end() {
			break
		}
		if !p.take(',', '，') {
			return "", fmt.Errorf("field %d: %w", found, p.errorf("a comma comes before the next field"))
		}
		if p.skip(); p.end() { // a comma at the very end
			break
		}
	}
	return encode(schemaOf(props)), nil
}

// schemaOf makes the schema of an answer with these properties. All have to be
// there, and null stands for what is not in the picture: so OpenAI's strict mode
// wants it (https://platform.openai.com/docs/guides/structured-outputs).
func schemaOf(props object) object {
	required := []any{}
	for _, p := range props {
		required = append(required, p.name)
	}
	return object{
		{"type", "object"},
		{"description", "Null stands for what the picture does not tell."},
		{"properties", props},
		{"required", required},
		{"additionalProperties", false},
	}
}

// parser stands at a place in the text.
type parser struct {
	all []rune
	at  int
}

func (p *parser) end() bool { return p.at >= len(p.all) }

// peek gives the next character; 0 at the end.
func (p *parser) peek() rune {
	if p.end() {
		return 0
	}
	return p.all[p.at]
}

// skip goes over spaces, and gives the place behind them.
func (p *parser) skip() int {
	for !p.end() && unicode.IsSpace(p.peek()) {
		p.at++
	}
	return p.at
}

// take goes over the next character if it is one of these.
func (p *parser) take(any ...rune) bool {
	if p.end() || !slices.Contains(any, p.peek()) {
		return false
	}
	p.at++
	return true
}

// errorf says what is wrong where the parser stands.
func (p *parser) errorf(format string, args ...any) error { return p.errorAt(p.at, format, args...) }

// errorAt says what is wrong, and where.
func (p *parser) errorAt(at int, format string, args ...any) error {
	const shown = 20
	where := "at the end"
	if at < len(p.all) {
		rest := p.all[at:]
		here := string(rest[:min(len(rest), shown)])
		if len(rest) > shown {
			here += "…"
		}
		where = fmt.Sprintf("at character %d, %q", at+1, here)
	}
	return fmt.Errorf("%s (%s)", fmt.Sprintf(format, args...), where)
}

// closing gives the quote that ends what one begins; 0 if it is none.
func closing(open rune) rune {
	switch open {
	case '"', '\'':
		return open
	case '“':
		return '”'
	}
	return 0
}

// quote reads a text in quotes; the parser stands at the first.
func (p *parser) quote() (string, error) {
	start := p.at
	end := closing(p.peek())
	p.at++
	var b strings.Builder
	for !p.end() {
		r := p.peek()
		p.at++
		if r != end {
			b.WriteRune(r)
		} else if p.peek() == end && !p.end() {
			b.WriteRune(end)
			p.at++
		} else {
			return b.String(), nil
		}
	}
	return "", p.errorAt(start, "a quote is opened and not closed")
}

// words reads up to one of the characters that end a part of a field, or to a quote
// behind a space; spaces are one each.
func (p *parser) words(ends string) string {
	var b strings.Builder
	for !p.end() && !strings.ContainsRune(ends, p.peek()) {
		if closing(p.peek()) != 0 && (p.at == 0 || unicode.IsSpace(p.all[p.at-1])) {
			break
		}
		b.WriteRune(p.peek())
		p.at++
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// field reads one field.
func (p *parser) field() (name string, property object, err error) {
	at := p.at
	if closing(p.peek()) != 0 {
		if name, err = p.quote(); err != nil {
			return "", nil, err
		}
		name = strings.TrimSpace(name)
	} else {
		name = p.words(",，:：")
	}
	if err := checkName(name); err != nil {
		return "", nil, p.errorAt(at, "%v", err)
	}
	property = nullable("string")
	if p.skip(); p.take(':', '：') {
		p.skip()
		if property, err = p.kind(); err != nil {
			return "", nil, err
		}
	}
	if p.skip(); closing(p.peek()) != 0 {
		description, err := p.quote()
		if err != nil {
			return "", nil, err
		}
		if description = strings.TrimSpace(description); description != "" {
			property = property.with("description", description)
		}
	}
	return name, property, nil
}

// checkName says what keeps a name from being that of a field.
func checkName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("a field needs a name")
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("a field's name has no control characters: %.40q", name)
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Errorf("a field's name has at most %d characters: %.40q", maxName, name)
	}
	return nil
}
