// Package proxy keeps the user name and password of a proxy, which may stand in
// HTTP_PROXY and HTTPS_PROXY, out of what is said.
package proxy

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
)

// Connected is for http.Transport.OnProxyConnectResponse: a proxy's refusal to make
// a connection, without the words of the proxy, which may repeat what it was sent.
func Connected(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
	if res.StatusCode == http.StatusOK {
		return nil
	}
	return fmt.Errorf("the proxy says %d %s", res.StatusCode, http.StatusText(res.StatusCode))
}

// minPassword is how long a password must be, in bytes, to be looked for alone. A
// shorter one may be any word of an answer.
const minPassword = 8

// Secrets gives the texts by which a proxy could repeat what it is sent to be let
// through; nil if that is nothing, or there is no proxy.
func Secrets(proxied *url.URL) []string {
	if proxied == nil || proxied.User == nil {
		return nil
	}
	password, _ := proxied.User.Password()
	pair := proxied.User.Username() + ":" + password
	all := []string{pair, proxied.User.String(), base64.StdEncoding.EncodeToString([]byte(pair))}
	if len(password) >= minPassword {
		all = append(all, password)
	}
	return all
}
