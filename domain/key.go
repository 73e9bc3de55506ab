package domain

import "log/slog"

// Key is an API key. However it is printed, logged or encoded, alone or within
// another value, only its fingerprint shows; Secret is the one way to the whole.
// The zero value is no key.
type Key struct {
	// A pointer, so that a value that holds a Key does not print it either.
	secret *string
}

// NewKey makes a Key of a secret; of the empty one, no key.
func NewKey(secret string) Key {
	if secret == "" {
		return Key{}
	}
	return Key{&secret}
}

// Secret gives the whole key, for the header of a request and the keychain; ""
// for no key.
func (k Key) Secret() string {
	if k.secret == nil {
		return ""
	}
	return *k.secret
}

// fingerprintLen is how many characters of a key may be shown, and how much
// longer it must be for that.
const fingerprintLen = 4

// Fingerprint gives the last 4 characters, by which people and providers tell
// keys apart; of a key so short that this would give much of it away, none; ""
// for no key.
func (k Key) Fingerprint() string {
	s := []rune(k.Secret())
	switch {
	case len(s) == 0:
		return ""
	case len(s) < 4*fingerprintLen:
		return "…"
	}
	return "…" + string(s[len(s)-fingerprintLen:])
}

// String gives the fingerprint.
func (k Key) String() string { return k.Fingerprint() }

// GoString gives the fingerprint.
func (k Key) GoString() string { return k.Fingerprint() }

// MarshalText gives the fingerprint.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.Fingerprint()), nil }

// LogValue gives the fingerprint.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.Fingerprint()) }
