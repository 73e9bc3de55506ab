package scan

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Options choose among the files found. Patterns are globs as in a shell, with
// ** for any number of folders; they are matched in upper or lower case against
// the path below the root, or, without a slash, against the name alone.
type Options struct {
	// Include, if not empty, leaves only the files that match one of it.
	Include []string
	// Exclude leaves out files and whole folders, included or not.
	Exclude []string
}

// Validate names the first pattern that is none.
func (o Options) Validate() error {
	for _, p := range append(append([]string{}, o.Include...), o.Exclude...) {
		if p == "" || !doublestar.ValidatePattern(p) {
			return fmt.Errorf("%q is not a pattern; write for example '*.jpg' or '2024/**'", p)
		}
	}
	return nil
}

// lower gives the options in the case that paths are matched in.
func (o Options) lower() Options {
	fold := func(patterns []string) (out []string) {
		for _, p := range patterns {
			out = append(out, strings.ToLower(filepath.ToSlash(p)))
		}
		return out
	}
	return Options{Include: fold(o.Include), Exclude: fold(o.Exclude)}
}

// matches reports whether one of the patterns, in lower case, is for a path below
// the root.
func matches(patterns []string, below string) bool {
	if len(patterns) == 0 {
		return false
	}
	below = strings.ToLower(filepath.ToSlash(below))
	name := below[strings.LastIndexByte(below, '/')+1:]
	for _, p := range patterns {
		against := below
		if !strings.Contains(p, "/") {
			against = name
		}
		// Validate has seen the pattern, so there is no error left.
		if ok, _ := doublestar.Match(p, against); ok {
			return true
		}
	}
	return false
}
