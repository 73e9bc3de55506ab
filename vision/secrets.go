package vision

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"vlocal/domain"
	"vlocal/internal/proxy"
)

// concealed stands where somebody repeated a key, or a part of one.
const concealed = "[the key]"

// minPart is how many characters in a row make a part of a secret that is hidden
// too: servers cut what they repeat, or break it at the end of a line. Fewer may be
// a word, or what all keys of a provider begin with.
const minPart = 12

// secrets are texts that must not be told. Once made they are never changed. A
// value that may be printed holds their hide method in place of them.
type secrets struct {
	// whole are the texts, the longest first, because one may hold another.
	whole []string
	// parts has each minPart bytes in a row of them.
	parts map[string]struct{}
}

// newSecrets takes all but empty texts.
func newSecrets(texts ...string) *secrets {
	s := &secrets{parts: map[string]struct{}{}}
	for _, text := range texts {
		if text != "" {
			s.whole = append(s.whole, text)
		}
		for i := range len(text) - minPart + 1 {
			s.parts[text[i:i+minPart]] = struct{}{}
		}
	}
	slices.SortFunc(s.whole, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return s
}

// secretsFor are the keys, and what a proxy on the way to a server is told to let
// one through.
func secretsFor(base string, keys []domain.Key) *secrets {
	var texts []string
	for _, k := range keys {
		texts = append(texts, k.Secret())
	}
	if req, err := http.NewRequest(http.MethodGet, base, nil); err == nil {
		// Its error is that of every request.
		proxied, _ := http.ProxyFromEnvironment(req)
		texts = append(texts, proxy.Secrets(proxied)...)
	}
	return newSecrets(texts...)
}

// holdsKey reports whether a text has a whole key in it. One that is shorter than
// a part may be any word.
func holdsKey(text string, keys []domain.Key) bool {
	return slices.ContainsFunc(keys, func(k domain.Key) bool {
		return len(k.Secret()) >= minPart && strings.Contains(text, k.Secret())
	})
}

// hide takes the secrets out of a text.
func (s *secrets) hide(text string) string {
	for _, secret := range s.whole {
		text = strings.ReplaceAll(text, secret, concealed)
	}
	if len(s.parts) == 0 {
		return text
	}
	var b strings.Builder
	kept := 0 // up to where text is in b
	for i := 0; i+minPart <= len(text); i++ {
		if !s.isPart(text[i:]) {
			continue
		}
		b.WriteString(text[kept:i] + concealed)
		for i+minPart < len(text) && s.isPart(text[i+1:]) {
			i++
		}
		kept = i + minPart
		i = kept - 1
	}
	if kept == 0 {
		return text
	}
	return b.String() + text[kept:]
}

// isPart reports whether a text begins with a part of a secret.
func (s *secrets) isPart(text string) bool {
	if len(text) < minPart {
		return false
	}
	_, is := s.parts[text[:minPart]]
	return is
}
