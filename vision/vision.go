// Package vision is the client of OpenAI-compatible chat/completions servers: the
// request with a picture in it, the answer, and what an error means. It knows
// nothing of the database and of files.
//
// Source: https://platform.openai.com/docs/api-reference/chat/create
package vision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vlocal/domain"
)

// Options are the settings of a Client. Zero fields mean the defaults.
type Options struct {
	// BaseURL is what /chat/completions is appended to, such as
	// https://api.openai.com/v1. It has no default.
	BaseURL string
	// Key is sent as a bearer token; none is sent when it is empty. It appears in
	// no error.
	Key string
	// Timeout bounds a whole request, from dialing to the last byte of the
	// answer. Default 30 s.
	Timeout time.Duration
	// MaxConns bounds the connections to the server; they are reused. Default 25.
	MaxConns int
	// UserAgent is the header of that name.
	UserAgent string
	// Transport carries the requests; nil means the network.
	Transport http.RoundTripper
}

// dialTimeout bounds the making of a connection, and again its TLS handshake.
const dialTimeout = 10 * time.Second

// Client asks one server. It is safe for many goroutines, and keeps connections
// open between requests.
type Client struct {
	http      *http.Client
	base      string
	key       string
	userAgent string
	timeout   time.Duration
	dialects  dialects
}

// New makes a client. Its error says what is wrong with the base URL.
func New(o Options) (*Client, error) {
	base, err := checkBaseURL(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 25
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   dialTimeout,
			ForceAttemptHTTP2:     true,
			MaxConnsPerHost:       o.MaxConns,
			MaxIdleConnsPerHost:   o.MaxConns,
			IdleConnTimeout:       90 * time.Second,
			ExpectContinueTimeout: time.Second,
			// A picture is written faster in large parts.
			WriteBufferSize: 64 << 10,
		}
	}
	return &Client{
		base: base, key: o.Key, userAgent: o.UserAgent, timeout: o.Timeout,
		http: &http.Client{
			Transport: o.Transport,
			// A redirect must not carry the key or the picture to where nobody
			// meant them to go.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// checkBaseURL gives the base URL without a slash at its end.
func checkBaseURL(s string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	switch {
	case err != nil:
		// The parser's error repeats the whole text, which may hold a password.
		return "", errors.New("the base URL is not a URL; it looks like https://api.openai.com/v1")
	case u.User != nil:
		return "", errors.New("the base URL holds a user name or a password; the key belongs in the environment")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return "", fmt.Errorf("the base URL %q is none; it looks like https://api.openai.com/v1", s)
	case u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the base URL has something after a ? or #; leave that out")
	}
	path := strings.TrimRight(u.Path, "/")
	u.Path = strings.TrimRight(strings.TrimSuffix(path, "/chat/completions"), "/")
	return u.String(), nil
}

// BaseURL gives the address of the server, for people. It holds no secret.
func (c *Client) BaseURL() string { return c.base }

// Ask sends one request with the task's prompt and a picture, and gives what the
// model said. It does not retry. Its error is a *domain.Error; the answer beside
// it holds what came all the same.
func (c *Client) Ask(ctx context.Context, task domain.Task, jpeg []byte) (domain.Answer, error) {
	answer, err := c.ask(ctx, task, jpeg)
	if err != nil {
		c.redact(err)
		return answer, err
	}
	return answer, nil
}

func (c *Client) ask(ctx context.Context, task domain.Task, jpeg []byte) (domain.Answer, *domain.Error) {
	timed, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return c.inDialect(task.Model, func() (domain.Answer, *domain.Error) { return c.exchange(ctx, timed, task, jpeg) })
}

// exchange sends one request and understands its answer. ctx is the caller's;
// timed ends when the request's time is up.
func (c *Client) exchange(ctx, timed context.Context, task domain.Task, jpeg []byte) (answer domain.Answer, _ *domain.Error) {
	req, err := c.request(timed, task, jpeg)
	if err != nil {
		return answer, c.fault(domain.BadRequest, err, "")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer, c.transportFault(ctx, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return answer, c.transportFault(ctx, err)
	}
	if len(body) > maxBody {
		return answer, c.fault(domain.InvalidAnswer, fmt.Errorf("an answer of more than %d bytes", maxBody), "")
	}
	return c.understand(res, body, task)
}

// maxBody bounds an answer, in bytes. A thousand tokens are some 5 KB.
const maxBody = 8 << 20

// fault is an error about this server.
func (c *Client) fault(kind domain.ErrorKind, err error, hint string) *domain.Error {
	return &domain.Error{Kind: kind, Op: "ask", Object: c.base, Err: err, Hint: hint}
}

// redact makes sure that an error does not tell the key, whoever repeated it.
func (c *Client) redact(e *domain.Error) {
	if text := e.Err.Error(); c.hide(text) != text {
		e.Err = errors.New(c.hide(text))
	}
}

// hide takes the key out of a text.
func (c *Client) hide(text string) string {
	if c.key == "" {
		return text
	}
	return strings.ReplaceAll(text, c.key, "[the key]")
}
