package fields

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// found is the object that an answer is, with what had to be done to get at it.
type found struct {
	object
	told []string
}

// maxShells bounds what an object is taken out of, one within the other.
const maxShells = 3

// find gets at the object in an answer's text.
func (s *Schema) find(text string) (found, error) {
	var f found
	text = strings.TrimSpace(text)
	if rest, marked := strings.CutPrefix(text, "\ufeff"); marked {
		f.told, text = append(f.told, "a byte order mark left out"), strings.TrimSpace(rest)
	}
	v, err := decode(text)
	if err != nil {
		if v, err = s.within(text, err, &f.told); err != nil {
			return f, err
		}
	}
	for range maxShells {
		inner, told := s.shelled(v)
		if told == "" {
			break
		}
		f.told, v = append(f.told, told), inner
	}
	o, ok := v.(object)
	if !ok {
		return f, fmt.Errorf("the answer is no JSON object with the fields in it, but %.40s", encode(v))
	}
	f.object = o
	return f, nil
}

// shelled takes a value out of what some models put around it: a text that holds
// JSON, a list of one, or an object of one member that nobody asked for.
func (s *Schema) shelled(v any) (inner any, told string) {
	switch v := v.(type) {
	case string:
		if inner, err := decode(strings.TrimSpace(v)); err == nil {
			return inner, "JSON taken out of a text"
		}
	case []any:
		if len(v) == 1 && asObject(v[0]) != nil {
			return v[0], "the object taken out of a list"
		}
	case object:
		if len(v) == 1 && !properties(s.root).has(v[0].name) {
			if inner := asObject(v[0].value); slices.ContainsFunc(inner, func(m member) bool { return properties(s.root).has(m.name) }) {
				return inner, fmt.Sprintf("the object taken out of %q", v[0].name)
			}
		}
	}
	return nil, ""
}

// maxText and maxStarts bound the search for an object: its bytes, and the places
// where one may begin.
const (
	maxText   = 1 << 20
	maxStarts = 100
)

// within finds the one JSON object in a text that is more, or that is not quite
// JSON; why is what keeps it from being that.
func (s *Schema) within(text string, why error, told *[]string) (any, error) {
	notJSON := fmt.Errorf("the answer is not JSON: %w", why)
	if len(text) > maxText {
		return nil, notJSON
	}
	var all []any
	var mended []string
	around := ""
	for starts := 0; starts < maxStarts; starts++ {
		before, _, more := strings.Cut(text, "{")
		around += before
		if !more {
			break
		}
		text = text[len(before):]
		length, closed := objectEnd(text)
		v, how, err := s.nearly(text[:length], closed)
		switch {
		case err == nil:
			all, mended = append(all, v), append(mended, how...)
		case !closed && looksLikeObject(text):
			// What is within it is not the whole.
			return nil, notJSON
		case !closed:
			length = 1
		}
		if err != nil {
			around += text[:length]
		}
		text = text[length:]
	}
	switch {
	case len(all) == 0:
		return nil, notJSON
	case slices.ContainsFunc(all, func(v any) bool { return encode(v) != encode(all[0]) }):
		return nil, fmt.Errorf("the answer is %d JSON objects where one is wanted", len(all))
	}
	if strings.Contains(around, "```") {
		*told = append(*told, "taken out of a code fence")
	} else if strings.TrimSpace(around) != "" || len(all) > 1 {
		*told = append(*told, "taken out of the text around it")
	}
	*told = append(*told, mended...)
	return all[0], nil
}

// looksLikeObject reports whether a brace begins an object, rather than standing in
// prose.
func looksLikeObject(text string) bool {
	next := strings.TrimLeft(text[1:], " \t\r\n")
	return next == "" || strings.HasPrefix(next, `"`)
}

// objectEnd gives the length of the object that a text begins with, and whether it
// ends; the whole text if it does not.
func objectEnd(text string) (length int, closed bool) {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
	}
	return len(text), false
}

// nearly decodes an object that may have commas too many, line breaks within texts,
// or no closing brace.
func (s *Schema) nearly(text string, closed bool) (v any, told []string, err error) {
	if !closed {
		text = strings.TrimRight(strings.TrimRight(text, " \t\r\n"), "`")
		text = strings.TrimRight(text, " \t\r\n")
		// A number could go on.
		if !slices.ContainsFunc([]string{`"`, "]", "}", "true", "false", "null"}, func(end string) bool { return strings.HasSuffix(text, end) }) {
			return nil, nil, errors.New("it has no end")
		}
		text, told = text+"}", append(told, "the closing brace added")
	}
	if v, err = decode(text); err != nil {
		fixed, commas, breaks := tidied(text)
		if v, err = decode(fixed); err != nil {
			return nil, nil, err
		}
		if commas {
			told = append(told, "commas at the end of a list left out")
		}
		if breaks {
			told = append(told, "line breaks within texts written as JSON has them")
		}
	}
	if !closed {
		// What is missing may have been more than the brace.
		for _, p := range properties(s.root) {
			if !asObject(v).has(p.name) {
				return nil, nil, errors.New("it has no end")
			}
		}
	}
	return v, told, nil
}

// tidied leaves out commas before a closing bracket, and escapes what may not stand
// in a text as it is.
func tidied(text string) (_ string, commas, breaks bool) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\' && i+1 < len(text):
			b.WriteByte(c)
			i++
			c = text[i]
		case c == '"':
			quoted = !quoted
		case quoted && c < ' ':
			fmt.Fprintf(&b, `\u%04x`, c)
			breaks = true
			continue
		case !quoted && c == ',':
			if next := strings.TrimLeft(text[i+1:], " \t\r\n"); next != "" && strings.ContainsRune("}]", rune(next[0])) {
				commas = true
				continue
			}
		}
		b.WriteByte(c)
	}
	return b.String(), commas, breaks
}
