package config

import (
	"errors"
	"reflect"
	"time"
)

// takes says what a value of each kind looks like.
var takes = [List + 1]string{
	Text:     `a text in quotes, such as "llava"`,
	Whole:    "a whole number without quotes, such as 25",
	Fraction: "a number without quotes, such as 0.5",
	Switch:   "true or false, without quotes",
	Span:     `a time in quotes, such as "30s" or "2m"`,
	List:     `a list of texts, such as ["*.jpg", "2024/**"]`,
}

// plainTypes have no methods: the TOML package puts nothing but the kind's own
// TOML type into them.
var plainTypes = [List + 1]reflect.Type{
	Text:     reflect.TypeFor[string](),
	Whole:    reflect.TypeFor[int64](),
	Fraction: reflect.TypeFor[float64](),
	Switch:   reflect.TypeFor[bool](),
	Span:     reflect.TypeFor[string](),
	List:     reflect.TypeFor[[]string](),
}

// checkedTypes look at the text of a value. They take any TOML type as a text, so
// they come second; the errors they give get their place from the TOML package.
var checkedTypes = [List + 1]reflect.Type{
	Text:     reflect.TypeFor[checkedText](),
	Whole:    reflect.TypeFor[int64](),
	Fraction: reflect.TypeFor[float64](),
	Switch:   reflect.TypeFor[bool](),
	Span:     reflect.TypeFor[checkedSpan](),
	List:     reflect.TypeFor[[]checkedText](),
}

// mark begins the errors of the checked types, to tell them from the package's.
const mark = "vlocal: "

// Structs, because into a string the TOML package puts a text without asking.
type (
	checkedText struct{}
	checkedSpan struct{}
)

// UnmarshalText refuses what looks like an API key.
func (*checkedText) UnmarshalText(text []byte) error {
	if fault := secret(string(text)); fault != "" {
		return errors.New(mark + fault)
	}
	return nil
}

// UnmarshalText refuses what is not a length of time.
func (*checkedSpan) UnmarshalText(text []byte) error {
	if _, err := time.ParseDuration(string(text)); err != nil {
		return errors.New(mark + "it takes " + takes[Span]) // err repeats the value
	}
	return nil
}
