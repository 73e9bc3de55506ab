package config

import (
	"bytes"
	_ "embed"
	"fmt"
)

// providers is the second half of a sample: the servers of the README.
//
//go:embed providers.toml
var providers []byte

// Sample gives the text of a file to begin with: the settings as comments with
// their defaults, and tables for well-known providers. It loads, and changes
// nothing until a person does.
func Sample(settings []Setting) []byte {
	var b bytes.Buffer
	b.WriteString(`# Settings of vlocal. Flags beat the environment, that beats this file, and this
# file beats the defaults. 'vlocal config show' tells what holds and why.
#
# A file beside a database counts for that database, before the one in the user's
# config folder. Take the # off a line to set it. What stands there is the default,
# or an example where there is none.

# The provider to use without --provider, one of those below:
# default_provider = "ollama"
`)
	for _, s := range settings {
		// The provider is chosen above.
		if s.Refused != "" || s.Key == DefaultProvider {
			continue
		}
		value := s.Default
		if value == "" {
			value = examples[s.Kind]
		}
		fmt.Fprintf(&b, "\n# %s\n# %s = %s\n", s.About, s.Key, value)
	}
	b.WriteByte('\n')
	b.Write(providers)
	return b.Bytes()
}

// examples stand where a setting has no default.
var examples = [List + 1]string{
	Text: `"..."`, Whole: "10", Fraction: "10.0", Switch: "false", Span: `"30s"`, List: `["..."]`,
}
