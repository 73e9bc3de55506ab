package export

import (
	"net/url"
	"strings"

	"vlocal/domain"
)

// Link gives the address by which a browser or a spreadsheet finds an image: that
// of a URL, or of a file, in which what has a meaning in an address (#, %, ?, spaces
// and letters of any script) is escaped. ok is false for a path that is not
// absolute, and where bytes of the name that are no UTF-8 are not known.
//
// Source: RFC 8089, 2 and appendix E (drive letters and \\server\share).
func Link(path string) (address string, ok bool) {
	if domain.IsURL(path) {
		u, err := url.Parse(path)
		if err != nil || u.Host == "" {
			return "", false
		}
		return u.String(), true
	}
	u := url.URL{Scheme: "file"}
	slashed := strings.ReplaceAll(path, `\`, "/")
	switch {
	case strings.HasPrefix(path, "/"):
		if strings.Contains(path, `\x`) {
			return "", false
		}
		u.Path = path
	case strings.HasPrefix(path, `\\`):
		u.Host, u.Path, ok = strings.Cut(slashed[2:], "/")
		if !ok || strings.ContainsAny(u.Host, ":@?#%") {
			return "", false
		}
		u.Path = "/" + u.Path
	case len(path) > 2 && path[1] == ':' && slashed[2] == '/':
		u.Path = "/" + slashed
	default:
		return "", false
	}
	return u.String(), true
}
