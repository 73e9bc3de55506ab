package vision

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vlocal/domain"
)

// said is what a server says of an error.
type said struct {
	message, kind, code string
}

// words are those by which code, type and message are judged, in lower case.
func (s said) has(any ...string) bool {
	all := strings.ToLower(s.code + " " + s.kind + " " + s.message)
	return slices.ContainsFunc(any, func(w string) bool { return strings.Contains(all, w) })
}

// errorOf finds the error in a body, whatever its shape; its message is empty if
// there is none.
//
//	{"error": {"message", "type", "code"}}     OpenAI, OpenRouter, llama.cpp
//	{"error": "text"}                          Ollama
//	{"message": "text"}                        vLLM
//	{"detail": "text" or a list}               FastAPI
func errorOf(body []byte) said {
	var b struct {
		Error   json.RawMessage `json:"error"`
		Message json.RawMessage `json:"message"`
		Detail  json.RawMessage `json:"detail"`
		Type    string          `json:"type"`
	}
	if json.Unmarshal(body, &b) != nil {
		return said{}
	}
	var inner struct {
		Message json.RawMessage `json:"message"`
		Type    string          `json:"type"`
		// A number at OpenRouter and llama.cpp.
		Code json.RawMessage `json:"code"`
	}
	if json.Unmarshal(b.Error, &inner) == nil && len(inner.Message) > 0 {
		return said{message: plain(inner.Message), kind: inner.Type, code: plain(inner.Code)}
	}
	for _, text := range []json.RawMessage{b.Error, b.Message, b.Detail} {
		if p := plain(text); p != "" {
			return said{message: p, kind: b.Type}
		}
	}
	return said{}
}

// plain gives a JSON string as it reads, and any other value but null as it is
// written.
func plain(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	if string(v) == "null" {
		return ""
	}
	return string(v)
}

// statusFault says what an HTTP status other than 200 means.
func (c *Client) statusFault(res *http.Response, body []byte, task domain.Task) *domain.Error {
	s := errorOf(body)
	if s.message == "" {
		s.message = http.StatusText(res.StatusCode)
		if !looksLikeHTML(res, body) && len(bytes.TrimSpace(body)) > 0 {
			s.message = string(body)
		}
	}
	return c.saidFault(res, s, task)
}

// saidFault turns what the server says into an error of one of the kinds.
func (c *Client) saidFault(res *http.Response, s said, task domain.Task) *domain.Error {
	kind, hint := classify(res.StatusCode, s)
	object := c.base
	if kind == domain.Model {
		object = fmt.Sprintf("%s for the model %q", c.base, task.Model)
	}
	text := fmt.Sprintf("%d: %s", res.StatusCode, quote([]byte(s.message)))
	if to := res.Header.Get("Location"); to != "" && res.StatusCode/100 == 3 {
		if u, err := url.Parse(to); err == nil {
			text = fmt.Sprintf("%d: it has moved to %s", res.StatusCode, cmp.Or(u.Host, "another path")+u.Path)
		}
	}
	return &domain.Error{
		Kind: kind, Op: "ask", Object: object, Err: fmt.Errorf("%w %s", errSaid, text), Hint: hint,
		HTTPStatus: res.StatusCode, RetryAfter: retryAfter(res.Header, time.Now()),
	}
}

// classify maps a status and the server's words to a kind, with what to do.
//
// Sources: https://platform.openai.com/docs/guides/error-codes,
// https://openrouter.ai/docs/api-reference/errors,
// https://docs.anthropic.com/en/api/errors (529).
func classify(status int, s said) (domain.ErrorKind, string) {
	const (
		pay       = "top up the account or raise its limit, then run again"
		newKey    = "check the key in VLOCAL_API_KEY and what it is allowed to do"
		address   = "check --base-url; it often ends in /v1"
		whichName = "check --model; the server lists its models at /models"
		reword    = "ask in other words, or another model"
	)
	switch {
	case s.has("content_policy", "content policy", "content_filter", "moderation", "safety system"):
		return domain.Refused, reword
	case status == 401:
		return domain.Auth, newKey
	case status == 402, s.has("insufficient_quota", "insufficient_balance", "insufficient balance", "insufficient credits",
		"billing_hard_limit", "exceeded your current quota", "credit balance"):
		return domain.Quota, pay
	case status == 403:
		return domain.Auth, newKey
	case status == 429:
		return domain.RateLimited, "it is asked again later; fewer at once with --concurrency"
	case s.has("model_not_found", "model not found", "no such model", "unknown model") && status/100 != 5,
		status == 404 && s.has("model"):
		return domain.Model, whichName
	case status == 404, status == 405, status == 410, status/100 == 3:
		return domain.Model, address
	case status == 408, status == 504:
		return domain.Timeout, ""
	case status == 409, status == 425, status == 499, status/100 == 5:
		return domain.Server, ""
	case status == 413, s.has("image_too_large", "request_too_large"):
		return domain.TooLarge, "send smaller pictures: --max-width, --max-height, --quality"
	case status == 200:
		return domain.Server, ""
	}
	return domain.BadRequest, "see what the server says; perhaps the model takes no pictures"
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
	case isDNS, isOp && op.Op == "dial", isTLS(err):
		e := c.fault(domain.Network, err, fmt.Sprintf("is the server running, and is %s its address? is the network up?", c.base))
		e.Unreachable = true
		return e
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

func looksLikeHTML(res *http.Response, body []byte) bool {
	return strings.Contains(res.Header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

// maxQuote bounds what is repeated of a server's words, in bytes.
const maxQuote = 300

// quote gives a server's words on one line, without what a terminal would act on.
func quote(body []byte) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(body[:min(len(body), 4*maxQuote)]), ""))
	clean = strings.Join(strings.Fields(clean), " ")
	if len(clean) > maxQuote {
		clean = strings.ToValidUTF8(clean[:maxQuote], "") + " …"
	}
	return clean
}
