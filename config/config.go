// Package config reads vlocal.toml: settings that a person wrote down, and named
// providers. It owns the file's form (TOML, strictly read) and which of two files
// wins. It knows nothing of flags, the environment or what a setting does: the
// caller says which keys there are.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
)

const (
	// Name is what a config file is called.
	Name = "vlocal.toml"
	// DefaultProvider is the key at the top of a file that names the provider to
	// use when nothing else does. It cannot be called "provider": in TOML a key
	// is a value or holds tables, not both.
	DefaultProvider = "default_provider"
)

// maxBytes bounds a config file; nobody writes one so long.
const maxBytes = 1 << 20

// Kind is what a key takes.
type Kind int

// The kinds, with how a value looks in the file.
const (
	Text     Kind = iota // "llava"
	Whole                // 25
	Fraction             // 0.5, or 5
	Switch               // true
	Span                 // "30s", a time.Duration
	List                 // ["*.jpg", "2024/**"]
)

// Setting is a key that may stand at the top of a file.
type Setting struct {
	Key  string // such as max_tokens
	Kind Kind
	// Default is what holds without the key, as it would stand in the file; ""
	// if there is nothing to show.
	Default string
	// About says in a line what the setting does.
	About string
	// Refused says why the key may not stand in a file, and what to do instead;
	// "" if it may. It makes the error better than "unknown".
	Refused string
}

// Values has what stands in a file or in a provider's table, by key: the texts
// that a flag of that kind takes, one for all kinds but List.
type Values map[string][]string

// Provider is a table [provider.NAME]: a server, what it is asked and what that
// costs.
type Provider struct {
	Name string
	// Path is the file it stands in.
	Path string
	// KeyEnv names the environment variable that holds the key; "" for none.
	KeyEnv string
	// Values has the other keys; base_url is always among them.
	Values Values
}

// File is a config file that was read.
type File struct {
	Path      string
	Values    Values
	Providers map[string]Provider
}

// Files are config files, the one that wins first.
type Files []File

// Load reads those of the files that are there, the one that wins first, each
// strictly: an unknown key, a value of the wrong kind, something that looks like
// an API key, or a file that other users can write to is an *Error. A file that
// is not there is none.
func Load(settings []Setting, paths ...string) (Files, error) {
	var files Files
	for _, path := range paths {
		data, err := read(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f, err := Parse(settings, path, data)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// Value gives what the first file that has the key says, and that file's path.
func (f Files) Value(key string) (texts []string, path string, ok bool) {
	for _, file := range f {
		if texts, ok := file.Values[key]; ok {
			return texts, file.Path, true
		}
	}
	return nil, "", false
}

// Provider gives the provider of that name. If two files have it, the first
// one's table holds, whole: the address of one file and the key of another may
// not belong together.
func (f Files) Provider(name string) (Provider, bool) {
	for _, file := range f {
		if p, ok := file.Providers[name]; ok {
			return p, true
		}
	}
	return Provider{}, false
}

// ProviderNames gives the names of all providers, sorted.
func (f Files) ProviderNames() []string {
	names := map[string]bool{}
	for _, file := range f {
		for name := range file.Providers {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// read gives what is in a config file that can be trusted. Where pictures and
// keys go stands in it, so nobody else may be able to change it.
func read(path string) (_ []byte, err error) {
	// Before it is opened: opening a pipe waits for somebody to write to it.
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if !st.Mode().IsRegular() {
		return nil, &Error{Path: path, Message: "this is not a file"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	defer f.Close() // only read
	// Of the open file, not of its name, which may have got another meaning.
	if st, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if fault := untrusted(path, st); fault != "" {
		return nil, &Error{Path: path, Message: fault}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if len(data) > maxBytes {
		return nil, &Error{Path: path, Message: fmt.Sprintf("this is longer than %d bytes; it is no config file", maxBytes)}
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil // Notepad begins with a byte order mark
}
