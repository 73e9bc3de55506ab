package main

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
)

// keyShape is what an API key looks like, alone: the prefixes of OpenAI,
// OpenRouter, Anthropic and those that follow them (sk-, pk-, rk-), Groq, Hugging
// Face, xAI, NVIDIA and Google, and enough behind them that it is no word.
var keyShape = regexp.MustCompile(`^(?i:bearer\s+)?(?:(?:sk|pk|rk|gsk|hf|xai|nvapi)[-_]|AIza)[\w-]{16,}$`)

// minSecret is how long a key must be, in bytes, to be looked for within other
// texts. A shorter one may be any word.
const minSecret = 12

// refuseMisplacedKeys says that a key stands where it would be shown, put on
// record or seen by others: among the arguments, or in a variable for something
// else. It does not repeat it. What holds one of the keys in the environment is
// refused, and what looks like a key and is no file.
func refuseMisplacedKeys(args []string) error {
	if slices.Contains(args, "--generate-bash-completion") {
		return nil
	}
	if slices.ContainsFunc(args[min(1, len(args)):], holdsKey) {
		return usagef("a key is not given as an argument: those show in the list of processes and stay in the shell's history. If that was one, make a new one. Then set VLOCAL_API_KEY, or run vlocal keys add alone: it asks for the key")
	}
	for _, name := range []string{"VLOCAL_DB", "VLOCAL_BASE_URL", "VLOCAL_MODEL", "VLOCAL_PROVIDER", "VLOCAL_KEY_FILE"} {
		if holdsKey(os.Getenv(name)) {
			return usagef("%s holds what looks like an API key, and its value is shown and put on record. A key belongs in VLOCAL_API_KEY", name)
		}
	}
	return nil
}

// holdsKey reports whether an argument, or the value of a variable, is a key or
// has one of the environment in it.
func holdsKey(text string) bool {
	for _, name := range []string{"VLOCAL_API_KEY", "VLOCAL_API_KEYS", "OPENAI_API_KEY"} {
		for secret := range strings.SplitSeq(os.Getenv(name), ",") {
			if secret = strings.TrimSpace(secret); len(secret) >= minSecret && strings.Contains(text, secret) {
				return true
			}
		}
	}
	name, value, _ := strings.Cut(strings.TrimLeft(text, "-"), "=")
	return slices.ContainsFunc([]string{text, name, value}, looksLikeKey)
}

// looksLikeKey reports whether a text has the shape of a key. Folders may be
// called so, too; those that are there are none.
func looksLikeKey(text string) bool {
	if text = strings.TrimSpace(text); !keyShape.MatchString(text) || !strings.ContainsAny(text, "0123456789") {
		return false
	}
	_, err := os.Lstat(text)
	return errors.Is(err, os.ErrNotExist)
}
