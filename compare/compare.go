// Package compare tells where two answers about one image disagree.
//
// Answers in words agree when they are the same but for white space. Answers in
// fields are compared field by field, over the fields that both tasks have: numbers
// as numbers (12.50 is 12.5), texts but for upper and lower case and white space,
// lists by their elements in whatever order, a field that is missing like one that
// is null.
package compare

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"vlocal/domain"
	"vlocal/fields"
)

// Answer is the name of the only field of answers in words.
const Answer = "answer"

// Difference is one field in which two answers disagree, as a person reads it.
type Difference struct{ Field, A, B string }

// Summary counts what Two has seen.
type Summary struct {
	// Same and Different count the images that both tasks answered; OnlyA and OnlyB
	// those that one did.
	Same, Different, OnlyA, OnlyB int
	// Fields are those that are compared, in order, with how many images agree.
	Fields []Agreement
	// NotCompared are the fields that only one of the two tasks has.
	NotCompared []string
}

// Agreement counts, for one field, the images whose answers agree.
type Agreement struct {
	Field     string
	Same, All int
}

// Two compares the answers of two tasks.
type Two struct {
	Summary
	// InWords says that the texts are compared, not fields.
	InWords bool
}

// New compares two tasks by the fields that both have; where they have none in
// common, by their texts.
func New(a, b domain.Task) (*Two, error) {
	inA, err := fields.Columns(a.Schema)
	if err != nil {
		return nil, fmt.Errorf("read the fields of the task: %w", err)
	}
	inB, err := fields.Columns(b.Schema)
	if err != nil {
		return nil, fmt.Errorf("read the fields of the task: %w", err)
	}
	has := func(all []fields.Column, name string) bool {
		return slices.ContainsFunc(all, func(c fields.Column) bool { return c.Field == name })
	}
	t := &Two{}
	for _, c := range inA {
		if has(inB, c.Field) {
			t.Fields = append(t.Fields, Agreement{Field: c.Field})
		} else {
			t.NotCompared = append(t.NotCompared, c.Field)
		}
	}
	for _, c := range inB {
		if !has(inA, c.Field) {
			t.NotCompared = append(t.NotCompared, c.Field)
		}
	}
	if len(t.Fields) == 0 {
		t.InWords, t.Fields = true, []Agreement{{Field: Answer}}
	}
	return t, nil
}

// Add takes the answers about the next image, nil for none, and gives where they
// disagree.
func (t *Two) Add(a, b *domain.Answer) ([]Difference, error) {
	switch {
	case a == nil && b == nil:
		return nil, nil
	case b == nil:
		t.OnlyA++
		return nil, nil
	case a == nil:
		t.OnlyB++
		return nil, nil
	}
	differences, err := t.between(*a, *b)
	if err != nil {
		return nil, err
	}
	if len(differences) > 0 {
		t.Different++
	} else {
		t.Same++
	}
	return differences, nil
}

func (t *Two) between(a, b domain.Answer) (all []Difference, err error) {
	if t.InWords {
		t.Fields[0].All++
		if folded(a.Text) != folded(b.Text) {
			return []Difference{{Field: Answer, A: strings.TrimSpace(a.Text), B: strings.TrimSpace(b.Text)}}, nil
		}
		t.Fields[0].Same++
		return nil, nil
	}
	inA, err := valuesOf(a.Fields)
	if err != nil {
		return nil, err
	}
	inB, err := valuesOf(b.Fields)
	if err != nil {
		return nil, err
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		f.All++
		if equal(inA[f.Field], inB[f.Field]) {
			f.Same++
			continue
		}
		all = append(all, Difference{Field: f.Field, A: fields.InText(inA[f.Field]), B: fields.InText(inB[f.Field])})
	}
	return all, nil
}

// valuesOf reads the fields of an answer; none of "".
func valuesOf(object string) (values map[string]any, err error) {
	if object == "" {
		return nil, nil
	}
	d := json.NewDecoder(strings.NewReader(object))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		return nil, fmt.Errorf("read the fields of an answer: %w", err)
	}
	return values, nil
}

// folded is a text without the white space that does not count.
func folded(s string) string { return strings.Join(strings.Fields(s), " ") }

// equal reports whether two values agree.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && sameNumber(a, b)
	case string:
		b, ok := b.(string)
		return ok && strings.EqualFold(folded(a), folded(b))
	case []any:
		b, ok := b.([]any)
		return ok && sameElements(a, b)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && sameObject(a, b)
	}
	return a == b // bool and nil
}

// longestNumber bounds what is compared exactly: 1e999999999 has as many digits.
const longestNumber = 40

func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	if len(a) <= longestNumber && len(b) <= longestNumber && !strings.ContainsAny(string(a+b), "eE") {
		x, okX := new(big.Rat).SetString(string(a))
		y, okY := new(big.Rat).SetString(string(b))
		return okX && okY && x.Cmp(y) == 0
	}
	x, errX := a.Float64()
	y, errY := b.Float64()
	return errX == nil && errY == nil && x == y
}

// sameElements pairs the elements of two lists off.
func sameElements(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	rest := slices.Clone(b)
	for _, v := range a {
		i := slices.IndexFunc(rest, func(other any) bool { return equal(v, other) })
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return true
}

func sameObject(a, b map[string]any) bool {
	for k := range b {
		if _, there := a[k]; !there && b[k] != nil {
			return false
		}
	}
	for k, v := range a {
		if !equal(v, b[k]) {
			return false
		}
	}
	return true
}
