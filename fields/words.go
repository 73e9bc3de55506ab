package fields

import (
	"encoding/json"
	"strings"
)

// Value is one field of an answer in words.
type Value struct{ Name, Text string }

// Values gives an answer's fields in words, in their order; a null is left out.
func Values(answer string) (all []Value) {
	v, err := decode(answer)
	if err != nil {
		return nil
	}
	for _, m := range asObject(v) {
		if m.value != nil {
			all = append(all, Value{m.name, InText(m.value)})
		}
	}
	return all
}

// InText gives a value of JSON as people write it, as the spreadsheet has it: a list
// joined with "; ", yes or no, nothing for null. Numbers are json.Number.
func InText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return string(v)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []any:
		var texts []string
		for _, each := range v {
			if each != nil {
				texts = append(texts, InText(each))
			}
		}
		return strings.Join(texts, "; ")
	}
	return encode(v)
}
