package config

import (
	"fmt"
	"regexp"
	"strings"
)

// Error is a fault in a config file, with what to do. It never shows a value:
// that may be a key that should not be there.
type Error struct {
	Path string
	// Line counts from 1; 0 when the fault is the whole file's.
	Line    int
	Message string
}

// Error gives "vlocal.toml:5: ...".
func (e *Error) Error() string {
	at := e.Path
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, e.Line)
	}
	return at + ": " + keyLike.ReplaceAllString(e.Message, "…")
}

// noKeys is what to do instead of writing a key into a file.
const noKeys = "an API key does not belong in a file that is copied along with the database. " +
	`Put it into the environment, and its variable's name here: key_env = "VLOCAL_API_KEY"`

// keyLike finds what looks like an API key: the prefixes that OpenAI, OpenRouter,
// Anthropic, Stripe-like services (sk-, sk_, pk-, rk-), Groq (gsk_), Hugging Face
// (hf_), xAI (xai-), NVIDIA (nvapi-) and Google (AIza) begin theirs with, and
// what a person copies out of a header.
var keyLike = regexp.MustCompile(`(?i:\bbearer\s+[\w.~+/-]{8,})|\b(?:(?:sk|pk|rk|gsk|hf|xai|nvapi)[-_]|AIza)[\w-]{8,}`)

// password finds an address with a name or a password before the host.
var password = regexp.MustCompile(`^\s*[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*@`)

// secret says what is wrong with a value that should not stand in a file; "" if
// it may.
func secret(value string) string {
	switch {
	case keyLike.MatchString(value):
		return "this looks like an API key; " + noKeys
	case password.MatchString(value):
		return "this address holds a user name or a password; " + noKeys
	}
	return ""
}

// secretKeys are the names people give a key, without dashes and underscores.
var secretKeys = map[string]bool{
	"key": true, "keys": true, "apikey": true, "apikeys": true, "token": true, "apitoken": true,
	"accesstoken": true, "secret": true, "secretkey": true, "password": true, "authorization": true, "bearer": true,
}

// isSecretKey reports whether a key's name says that its value is an API key.
func isSecretKey(key string) bool {
	return secretKeys[strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(key))]
}
