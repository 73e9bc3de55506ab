package vision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vlocal/domain"
)

// errSaid is a server's own word.
var errSaid = errors.New("the server says")

// saidFault turns what the server says into an error of one of the kinds.
func (c *Client) saidFault(res *http.Response, s said, task domain.Task) *domain.Error {
	status := statusOf(res.StatusCode, s)
	kind, hint := classify(status, s)
	object := c.base
	if kind == domain.Model {
		object = fmt.Sprintf("%s for the model %q", c.base, task.Model)
	}
	text := c.quote(s.message)
	if to := res.Header.Get("Location"); to != "" && status/100 == 3 {
		if u, err := url.Parse(to); err == nil {
			text = c.quote("it has moved to " + cmp.Or(u.Host, "another path") + u.Path)
		}
	}
	err := fmt.Errorf("%w %d: %s", errSaid, status, text)
	if name := s.refusesBound(); name != "" && (status == http.StatusBadRequest || status == http.StatusUnprocessableEntity) {
		err = &boundRefused{name: name, said: err}
	} else if task.Schema != "" && s.refusesFormat(status) {
		err = &formatRefused{thisSchema: s.has(schemaWords...), said: err}
	}
	return &domain.Error{
		Kind: kind, Op: "ask", Object: object, Err: err, Hint: hint,
		HTTPStatus: res.StatusCode, RetryAfter: cmp.Or(retryAfter(res.Header, time.Now()), s.wait),
	}
}

// transportFault is an error without an HTTP answer. ctx is the caller's, whose
// end is not the server's fault.
func (c *Client) transportFault(ctx context.Context, err error) *domain.Error {
	// The client's error repeats method and URL; what counts is inside.
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	netErr, isNet := errors.AsType[net.Error](err)
	op, isOp := errors.AsType[*net.OpError](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case ctx.Err() != nil:
		return c.fault(domain.Interrupted, context.Cause(ctx), "")
	case isDNS, isOp && (op.Op == "dial" || op.Op == "proxyconnect"), isTLS(err):
		hint := fmt.Sprintf("is the server running, and is %s its address? is the network up?", c.base)
		if isTLS(err) {
			hint = "check --base-url: is it https:// or http://, and is the name the one that the server's certificate is for?"
		}
		e := c.fault(domain.Network, err, hint)
		e.Unreachable = true
		return e
	case strings.Contains(err.Error(), "timeout awaiting response headers"): // net/http has no type for it
		return c.fault(domain.Timeout, fmt.Errorf("no answer had begun within %s", c.firstByte), "give it longer with --first-byte-timeout")
	case errors.Is(err, context.DeadlineExceeded), isNet && netErr.Timeout():
		return c.fault(domain.Timeout, fmt.Errorf("no whole answer within %s", c.timeout), "give it longer with --timeout, or ask fewer at once with --concurrency")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("the server closed the connection in the middle")
	}
	return c.fault(domain.Network, err, "")
}

// isTLS reports whether the two did not come to terms on encryption.
func isTLS(err error) bool {
	text := err.Error()
	return strings.Contains(text, "tls: ") || strings.Contains(text, "x509: ") || strings.Contains(text, "server gave HTTP response to HTTPS client") || strings.Contains(text, "TLS handshake timeout")
}

// maxWait bounds what is believed of a server that asks to wait.
const maxWait = time.Hour

// retryAfter reads how long the server asks to wait: retry-after-ms (OpenAI), or
// Retry-After in seconds or as a date (RFC 9110, 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	var wait time.Duration
	after := strings.TrimSpace(h.Get("Retry-After"))
	if ms, err := strconv.ParseFloat(strings.TrimSpace(h.Get("Retry-After-Ms")), 64); err == nil {
		wait = bounded(ms / 1000)
	} else if s, err := strconv.ParseFloat(after, 64); err == nil {
		wait = bounded(s)
	} else if at, err := http.ParseTime(after); err == nil {
		wait = bounded(at.Sub(now).Seconds())
	}
	return wait
}

// bounded gives seconds as a length of time between 0 and maxWait.
func bounded(seconds float64) time.Duration {
	if !(seconds > 0) { // also not a number
		return 0
	}
	return time.Duration(min(seconds, maxWait.Seconds()) * float64(time.Second))
}

// maxQuote bounds what is repeated of a server's words, in bytes.
const maxQuote = 300

// maxHeard bounds what is looked at of a text that is repeated, in bytes: enough
// for some keys of the longest kind to be hidden in it.
const maxHeard = 64 << 10

// quote gives a server's words on one line, without what a terminal would act on
// and without the key. What is not UTF-8 becomes U+FFFD.
func (c *Client) quote(text string) string {
	// Before it is cut: a part of the key is too much as well.
	text = c.hide(text[:min(len(text), maxHeard)])
	clean := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text[:min(len(text), 4*maxQuote)], "\uFFFD"))
	// Again: what was left out may have stood in the middle of the key.
	clean = c.hide(strings.Join(strings.Fields(clean), " "))
	if len(clean) > maxQuote {
		clean = strings.ToValidUTF8(clean[:maxQuote], "") + " …"
	}
	return clean
}
