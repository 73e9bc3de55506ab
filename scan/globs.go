package scan

import (
	"fmt"
	"path/filepath"
	"slices"
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
	for _, p := range slices.Concat(o.Include, o.Exclude) {
		if p == "" || !doublestar.ValidatePattern(folded(p)) {
			return fmt.Errorf("%q is not a pattern; write for example '*.jpg' or '2024/**'", p)
		}
	}
	return nil
}

// folded gives a pattern or a path as they are matched: with slashes, in lower
// case.
func folded(s string) string { return strings.ToLower(filepath.ToSlash(s)) }

// lower gives the options as they are matched.
func (o Options) lower() Options {
	fold := func(patterns []string) (out []string) {
		for _, p := range patterns {
			out = append(out, folded(p))
		}
		return out
	}
	return Options{Include: fold(o.Include), Exclude: fold(o.Exclude)}
}

// matches reports whether one of the patterns, which are folded, is for a path below
// the root.
func matches(patterns []string, below string) bool {
	below = folded(below)
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

// MatchesPath reports whether a pattern is for an image wherever its folders
// stand: 'receipts/**' for all that is in a folder of that name, '*.png' by the
// name alone. The pattern must be valid.
func MatchesPath(pattern, path string) bool {
	pattern = folded(pattern)
	if strings.Contains(pattern, "/") && !strings.HasPrefix(pattern, "/") {
		pattern = "**/" + pattern
	}
	return matches([]string{pattern}, path)
}
