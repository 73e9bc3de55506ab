package fields

import "strings"

// sameName reports whether SQLite, and a person, take two column names for one.
func sameName(a, b string) bool { return strings.EqualFold(a, b) }
