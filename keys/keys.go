// Package keys finds the API keys that a person keeps in the environment, in a
// file or in the operating system's keychain, and keeps them in the last. It
// knows nothing of servers, and gives a key to nobody but its caller.
//
// No error of this package holds a key.
package keys

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"vlocal/domain"
)

// Found is a key and where it was found, for people.
type Found struct {
	Key domain.Key
	// From is "VLOCAL_API_KEY", "FILE line 3" or "keychain".
	From string
}

// DefaultEnv are the variables that are looked into, in that order. Of these the
// first that is set wins.
var DefaultEnv = []string{"VLOCAL_API_KEYS", "VLOCAL_API_KEY", "OPENAI_API_KEY"}

// Sources are where keys are looked for. The first of them that has any is the
// only one that counts, so that a person can tell which keys are sent.
type Sources struct {
	// File is a key file (see ReadFile); empty for none. If it is named, nothing
	// else is looked into, and it has to be there.
	File string
	// Env are the names of environment variables; nil means DefaultEnv. One whose
	// name ends in KEYS, as VLOCAL_API_KEYS does, may hold several keys with commas
	// between them.
	Env []string
	// Getenv reads a variable; nil means that there are none.
	Getenv func(string) string
	// Keychain has the keys that were put there for the server.
	Keychain Keychain
}

// Find gives the keys for the server with that base URL, in their order, none
// twice. None at all is no error. With an empty base URL the keychain, which
// keeps keys by server, is left alone; the other sources hold for every server,
// so it is for the caller to see that the person meant that one.
//
// A *KeychainError says that the keychain was needed and cannot be used; a server
// that wants no key can be asked all the same.
func (s Sources) Find(baseURL string) ([]Found, error) {
	if s.File != "" {
		return ReadFile(s.File)
	}
	env := s.Env
	if env == nil {
		env = DefaultEnv
	}
	for _, name := range env {
		found, err := s.fromEnv(name)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	if baseURL == "" {
		return nil, nil
	}
	stored, err := s.Keychain.Keys(baseURL)
	if err != nil {
		return nil, err
	}
	var found []Found
	for _, key := range stored {
		found = append(found, Found{key, "keychain"})
	}
	return unique(found), nil
}

// fromEnv gives the keys in a variable.
func (s Sources) fromEnv(name string) ([]Found, error) {
	if s.Getenv == nil {
		return nil, nil
	}
	value := s.Getenv(name)
	texts := []string{value}
	if strings.HasSuffix(name, "KEYS") {
		texts = strings.Split(value, ",")
	}
	var found []Found
	for i, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		key, err := Parse(text)
		if err != nil {
			if len(texts) > 1 {
				return nil, fmt.Errorf("%s, key %d of %d: %w", name, i+1, len(texts), err)
			}
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found = append(found, Found{key, name})
	}
	return unique(found), nil
}

// unique leaves out keys that came before.
func unique(found []Found) []Found {
	seen := map[string]bool{}
	var out []Found
	for _, f := range found {
		if !seen[f.Key.Secret()] {
			seen[f.Key.Secret()] = true
			out = append(out, f)
		}
	}
	return out
}

// maxKey bounds a key, in bytes. The longest ones, signed tokens, have some 2,000.
const maxKey = 8 << 10

// Parse makes a key of a text, without the white space around it. It refuses what
// could not be sent in a header (RFC 9110, 5.5, and RFC 6750, 2.1), without
// repeating it.
func Parse(text string) (domain.Key, error) {
	text = strings.TrimSpace(text)
	fault := ""
	for _, r := range text {
		switch {
		case r == ' ' || r == '\t':
			fault = cmp.Or(fault, "there is a space in it; give the key alone, without a name or 'Bearer' before it")
		case r < ' ' || r == 0x7f:
			fault = cmp.Or(fault, "there is a line break or another control character in it")
		case r > '~':
			fault = cmp.Or(fault, "there is a character in it that is not ASCII, such as a typographic quote or dash")
		}
	}
	switch {
	case text == "":
		return domain.Key{}, errors.New("no key was given")
	case fault != "":
		return domain.Key{}, fmt.Errorf("this is no API key: %s", fault)
	case len(text) > maxKey:
		return domain.Key{}, fmt.Errorf("this is no API key: it is longer than %d bytes", maxKey)
	}
	return domain.NewKey(text), nil
}
