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
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vlocal/domain"
	"vlocal/internal/proxy"
)

// Options are the settings of a Client. Zero fields mean the defaults.
type Options struct {
	// BaseURL is what /chat/completions is appended to, such as
	// https://api.openai.com/v1. It has no default.
	BaseURL string
	// Keys are sent as bearer tokens, each request with the one that has most
	// room. Without any, requests carry none. They appear in no error.
	Keys []domain.Key
	// LeftOut are keys that are not sent, but appear nowhere either.
	LeftOut []domain.Key
	// RPM and TPM are how many requests and tokens a minute leave for one key at
	// most; 0 for as many as the server allows.
	RPM, TPM float64
	// StartRPM is the pace until the server says how many requests a minute it
	// allows, where RPM does not bound it; 0 for none.
	StartRPM float64
	// Decided is told what the client decides by itself about its pace and keys;
	// nil for nobody. It is called by the goroutines that ask.
	Decided func(domain.Decision)
	// Formats are those in which models are asked for fields, as they were found out
	// before; others are found out by asking.
	Formats map[string]domain.Format
	// FormatFound is told when a model has answered in a format and that was not
	// known; nil for nobody. It is called by the goroutines that ask.
	FormatFound func(model string, f domain.Format)
	// Timeout bounds a whole request, from dialing to the last byte of the
	// answer. Default 30 s.
	Timeout time.Duration
	// ConnectTimeout bounds the making of a connection, and again its TLS
	// handshake. Default 10 s.
	ConnectTimeout time.Duration
	// FirstByteTimeout bounds the wait for the first byte of the answer once the
	// request is written. Default: only Timeout bounds it.
	FirstByteTimeout time.Duration
	// MaxConns bounds the connections to the server; they are reused. Default 25.
	MaxConns int
	// UserAgent is the header of that name.
	UserAgent string
	// Transport carries the requests; nil means the network.
	Transport http.RoundTripper
}

// Client asks one server. It is safe for many goroutines, and keeps connections
// open between requests.
type Client struct {
	http      *http.Client
	base      string
	pool      *pool
	userAgent string
	timeout   time.Duration
	firstByte time.Duration
	dialects  dialects
	schemas   schemas
	decided   func(domain.Decision)
	// formatFound is Options.FormatFound.
	formatFound func(model string, f domain.Format)
	// hide takes the keys, and what the client is let through a proxy with, out of
	// a text. A function, because printing one prints nothing of what it knows.
	hide func(string) string
}

// New makes a client. Its error says what is wrong with the base URL.
func New(o Options) (*Client, error) {
	base, err := checkBaseURL(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if holdsKey(base, o.Keys) {
		return nil, errors.New("the base URL holds the key, and would be shown and put on record with it")
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 25
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 10 * time.Second
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			OnProxyConnectResponse: proxy.Connected,
			DialContext:            dialer(o.ConnectTimeout),
			TLSHandshakeTimeout:    o.ConnectTimeout,
			ResponseHeaderTimeout:  o.FirstByteTimeout,
			ForceAttemptHTTP2:      true,
			MaxConnsPerHost:        o.MaxConns,
			MaxIdleConnsPerHost:    o.MaxConns,
			IdleConnTimeout:        90 * time.Second,
			ExpectContinueTimeout:  time.Second,
		}
	}
	c := &Client{
		decided: o.Decided, formatFound: o.FormatFound,
		hide: secretsFor(base, slices.Concat(o.Keys, o.LeftOut)).hide,
		base: base, pool: newPool(o), userAgent: o.UserAgent, timeout: o.Timeout, firstByte: o.FirstByteTimeout,
		http: &http.Client{
			Transport: o.Transport,
			// A redirect must not carry the key or the picture to where nobody
			// meant them to go.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	c.dialects.known(o.Formats)
	return c, nil
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
	case !strings.Contains(s, "://"): // perhaps a key; it is not repeated
		return "", errors.New("the base URL does not begin with http:// or https://; it looks like https://api.openai.com/v1")
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

// Pace says how fast requests may leave now.
func (c *Client) Pace() Pace { return c.pool.pace() }

// Admit waits until a request may leave: until the limits of an account have room
// for it. Its error is the end of ctx, or the *domain.Error that took the last
// account out of use. The permit goes to Ask or, unused, to Withdraw.
func (c *Client) Admit(ctx context.Context) (domain.Permit, error) { return c.pool.admit(ctx) }

// Withdraw gives back a permit that no request was sent with.
func (c *Client) Withdraw(p domain.Permit) { c.pool.withdraw(p) }

// Ask sends one request with a question to the model that it names, and gives what
// that said. It does not retry. Its error is a *domain.Error; the
// answer beside it holds what came all the same.
func (c *Client) Ask(ctx context.Context, p domain.Permit, q domain.Question) (domain.Answer, error) {
	key := c.pool.key(p)
	answer, header, err := c.ask(ctx, key, q)
	if err == nil {
		c.pool.settle(p, header, answer.Usage, nil)
		return answer, nil
	}
	c.redact(err, key)
	c.pool.settle(p, header, answer.Usage, err)
	return answer, err
}

// ask gives the answer's headers too, where one came.
func (c *Client) ask(ctx context.Context, key domain.Key, q domain.Question) (answer domain.Answer, header http.Header, _ *domain.Error) {
	timed, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, fault := c.inDialect(q.Model, func() (a domain.Answer, fault *domain.Error) {
		f, err := c.formOf(q)
		if err != nil {
			return a, c.fault(domain.BadRequest, err, "run again with other --fields, or another --schema")
		}
		a, header, fault = c.exchange(ctx, timed, key, q, f)
		c.learn(q.Model, f, fault)
		return a, fault
	})
	return answer, header, fault
}

// exchange sends one request and understands its answer. ctx is the caller's;
// timed ends when the request's time is up.
func (c *Client) exchange(ctx, timed context.Context, key domain.Key, q domain.Question, f form) (answer domain.Answer, _ http.Header, _ *domain.Error) {
	req, err := c.request(timed, key, q, f)
	if err != nil {
		return answer, nil, c.fault(domain.BadRequest, err, "")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer, nil, c.transportFault(ctx, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return answer, res.Header, c.transportFault(ctx, err)
	}
	if len(body) > maxBody {
		return answer, res.Header, c.fault(domain.InvalidAnswer, fmt.Errorf("an answer of more than %d bytes", maxBody), "")
	}
	answer, fault := c.understand(res, body, q.Task)
	fault = c.read(res, &answer, fault, f.schema)
	if fault != nil && q.Picture.URL != "" {
		sayUnfetched(fault, body, q.Picture.URL)
	}
	return answer, res.Header, fault
}

// maxBody bounds an answer, in bytes. A thousand tokens are some 5 KB.
const maxBody = 8 << 20

// fault is an error about this server.
func (c *Client) fault(kind domain.ErrorKind, err error, hint string) *domain.Error {
	return &domain.Error{Kind: kind, Op: "ask", Object: c.base, Err: err, Hint: hint}
}

// redact makes sure that an error does not tell a key, whoever repeated it: the
// one that was asked with, nor another of the client's.
func (c *Client) redact(e *domain.Error, asked domain.Key) {
	text := e.Err.Error()
	if clean := newSecrets(asked.Secret()).hide(c.hide(text)); clean != text {
		e.Err = errors.New(clean)
	}
}
