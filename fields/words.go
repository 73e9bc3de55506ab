package fields

import "encoding/json"

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
			all = append(all, Value{m.name, inText(m.value)})
		}
	}
	return all
}

// inText gives a value as people write it; a list is joined as in the spreadsheet.
func inText(v any) string {
	switch v := v.(type) {
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
		text := ""
		for i, each := range v {
			if i > 0 {
				text += "; "
			}
			text += inText(each)
		}
		return text
	}
	return encode(v)
}
