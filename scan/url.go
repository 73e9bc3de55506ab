package scan

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxURL bounds the length of a URL, in bytes: what RFC 9110 (4.1) asks every
// server to take.
const maxURL = 8_000

// URL checks and spells the address of an image as the database holds it:
// without space around it and without its fragment, scheme and host in lower
// case, and the rest as it is written. The error says what is wrong with it and
// does not repeat it: a password may stand in it.
func URL(address string) (string, error) {
	address = strings.TrimSpace(address)
	switch {
	case address == "":
		return "", errors.New("no address")
	case len(address) > maxURL:
		return "", fmt.Errorf("the address is longer than %d bytes", maxURL)
	case !utf8.ValidString(address):
		return "", errors.New("the address is not UTF-8")
	case strings.ContainsFunc(address, invisible):
		return "", errors.New("the address has control characters in it")
	}
	scheme, rest, ok := strings.Cut(address, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return "", errors.New("an address begins with http:// or https://")
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest = strings.TrimRightFunc(rest, unicode.IsSpace)
	u, err := url.Parse(scheme + "://" + rest)
	_, escape := errors.AsType[url.EscapeError](err)
	switch {
	case escape:
		return "", errors.New("a % in the address is not followed by two hexadecimal digits; write %25 for the sign itself")
	case err != nil:
		return "", errors.New("not an address; see how its host is spelled")
	case u.User != nil:
		return "", errors.New("a user name or password stands in the address; vlocal keeps none")
	case u.Hostname() == "":
		return "", errors.New("the address names no host")
	case u.Port() != "" && !isPort(u.Port()):
		return "", errors.New("the address has no such port")
	}
	host := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		host = rest[:end]
	}
	return scheme + "://" + strings.ToLower(host) + rest[len(host):], nil
}

// invisible is what can make an address read other than it is.
func invisible(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}
