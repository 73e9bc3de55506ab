package fields

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// maxWrong bounds how many things are told that are wrong with an answer.
const maxWrong = 8

// whatIsWrong tells it in words, for a person and for the model.
func whatIsWrong(e *jsonschema.ValidationError) string {
	leaves := leavesOf(e)
	// The library goes through maps.
	slices.SortStableFunc(leaves, func(a, b *jsonschema.ValidationError) int {
		return slices.Compare(a.InstanceLocation, b.InstanceLocation)
	})
	var all []string
	for _, leaf := range leaves {
		if len(all) == maxWrong {
			all = append(all, "and more")
			break
		}
		where := strings.Join(leaf.InstanceLocation, ".")
		what := sayWrong(leaf.ErrorKind)
		if where != "" {
			what = fmt.Sprintf("%q %s", where, what)
		}
		all = append(all, what)
	}
	return strings.Join(all, "; ")
}

// leavesOf gives the errors at the bottom. Of several ways none of which fits, the
// first speaks for all.
func leavesOf(e *jsonschema.ValidationError) (all []*jsonschema.ValidationError) {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		return leavesOf(e.Causes[0])
	}
	for _, cause := range e.Causes {
		all = append(all, leavesOf(cause)...)
	}
	return all
}

var english = message.NewPrinter(language.English)

// sayWrong tells what is wrong with a value.
func sayWrong(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		types := slices.Clone(k.Want)
		slices.Sort(types)
		types = slices.DeleteFunc(types, func(t string) bool { return t == "null" })
		if len(types) < len(k.Want) {
			types = append(types, "null")
		}
		return fmt.Sprintf("takes %s, not %s", strings.Join(types, " or "), k.Got)
	case *kind.Enum:
		var choices []string
		for _, c := range k.Want {
			choices = append(choices, encode(c))
		}
		return fmt.Sprintf("takes one of %s, not %.60s", strings.Join(choices, ", "), encode(k.Got))
	case *kind.Format:
		return fmt.Sprintf("takes %s, not %.60s", cmp.Or(formats[k.Want], "the format "+k.Want), encode(k.Got))
	case *kind.Required:
		return "lacks " + quoted(k.Missing)
	case *kind.AdditionalProperties:
		return "has no place for " + quoted(k.Properties)
	}
	return k.LocalizedString(english)
}

// formats show what the usual ones look like.
var formats = map[string]string{
	"date": "a date (YYYY-MM-DD)", "time": "a time (hh:mm:ssZ)", "date-time": "a date and time (YYYY-MM-DDThh:mm:ssZ)",
}

func quoted(names []string) string {
	var all []string
	for _, n := range names {
		all = append(all, fmt.Sprintf("%q", n))
	}
	return strings.Join(all, ", ")
}
