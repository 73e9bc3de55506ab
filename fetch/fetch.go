// Package fetch gets the bytes of an image from the web, with bounds on time,
// size and redirects, and only from where anybody could get them: addresses of
// this machine and of private networks are refused unless allowed, so that a
// list of URLs from somebody else cannot make vlocal look around in a network
// and tell a model what it saw there.
//
// It sends no cookie, no referrer and no credentials. Whether the bytes are an
// image is not its concern; what the server says they are is not even read.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"vlocal/domain"
	"vlocal/internal/proxy"
)

// Options bound what is fetched. The zero value means the defaults.
type Options struct {
	// Timeout is for one image, redirects and all. Default 30 s.
	Timeout time.Duration
	// MaxBytes bounds an image: 64 MiB by default, five times what a camera
	// makes. So much memory may each of the fetches under way take.
	MaxBytes int64
	// MaxRedirects is how often one image may be said to be elsewhere. Default 5.
	MaxRedirects int
	// MaxConnsPerHost bounds the connections to one server. Default 8.
	MaxConnsPerHost int
	// AllowPrivate lets images come from this machine and from private networks,
	// and through the proxy that the environment names. Without it no proxy is
	// used: it would look up names itself, so that nobody could say where a
	// request ends.
	AllowPrivate bool
	// UserAgent is what requests say they come from; "" for Go's own.
	UserAgent string
}

func (o Options) withDefaults() Options {
	set(&o.Timeout, 30*time.Second)
	set(&o.MaxBytes, 64<<20)
	set(&o.MaxRedirects, 5)
	set(&o.MaxConnsPerHost, 8)
	return o
}

// set gives v its default, if it has no value of its own.
func set[T ~int | ~int64](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Fetcher gets images. It is safe for many goroutines, keeps connections for the
// next image of the same server, and holds nothing that has to be closed.
type Fetcher struct {
	options Options
	client  http.Client
	// check says why nothing is fetched from an address; nil where it may be.
	check func(netip.Addr) error
}

// New makes a Fetcher.
func New(o Options) *Fetcher {
	f := &Fetcher{options: o.withDefaults(), check: private}
	transport := &http.Transport{
		MaxConnsPerHost:     f.options.MaxConnsPerHost,
		MaxIdleConnsPerHost: f.options.MaxConnsPerHost,
		MaxIdleConns:        100,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		// A JPEG does not shrink, and a small body that unpacks into a huge one
		// must not come in.
		DisableCompression:     true,
		MaxResponseHeaderBytes: 256 << 10,
		ForceAttemptHTTP2:      true,
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	if o.AllowPrivate {
		transport.Proxy, transport.OnProxyConnectResponse = http.ProxyFromEnvironment, proxy.Connected
	} else {
		dialer.ControlContext = f.control
	}
	transport.DialContext = dialer.DialContext
	f.client = http.Client{Transport: transport, CheckRedirect: f.redirect}
	return f
}

// accept names what preprocess can decode before the rest, so that a server with
// a choice does not send what it cannot.
const accept = "image/jpeg,image/png,image/webp,image/gif,image/tiff,image/bmp;q=0.9,*/*;q=0.5"

// Get gives the bytes that an address leads to.
//
// Every error is a *domain.Error about that address, with Source set, and never
// with Unreachable or an HTTPStatus, which are about the model's server. Its kind
// is Unreadable (for good: the server says it does not give it, 403, 404 or
// 410 for example; or the address is refused), TooLarge, RateLimited (429),
// Timeout, Server (5xx) or Network; or Interrupted when ctx was done.
func (f *Fetcher) Get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, f.options.Timeout, errTimeout)
	defer cancel()
	data, err := f.get(ctx, address)
	if err != nil {
		return nil, f.fault(ctx, address, err)
	}
	return data, nil
}

func (f *Fetcher) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, final("", errors.New("not an address"))
	}
	if err := fetchable(req.URL); err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	if f.options.UserAgent != "" {
		req.Header.Set("User-Agent", f.options.UserAgent)
	}
	res, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	// What is left of the body is of no use; an unread one ends its connection.
	defer func() { _ = res.Body.Close() }()
	if err := refusal(res); err != nil {
		return nil, err
	}
	return f.body(res)
}

// body reads up to the bound. A body that ends before the length that was
// announced gives io.ErrUnexpectedEOF.
func (f *Fetcher) body(res *http.Response) ([]byte, error) {
	limit := f.options.MaxBytes
	if res.ContentLength > limit {
		return nil, f.tooLarge()
	}
	// What is announced is believed up to a few megabytes, before it is there.
	var data bytes.Buffer
	data.Grow(int(min(max(res.ContentLength, 0), 8<<20)) + bytes.MinRead)
	if _, err := data.ReadFrom(io.LimitReader(res.Body, limit+1)); err != nil {
		return nil, err
	}
	if int64(data.Len()) > limit {
		return nil, f.tooLarge()
	}
	return data.Bytes(), nil
}

// fetchable says what is wrong with a URL before anybody is asked.
func fetchable(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return final("", fmt.Errorf("only http and https are fetched, not %q", u.Scheme))
	case u.Hostname() == "":
		return final("", errors.New("the address names no host"))
	case u.User != nil:
		return final("", errors.New("a user name or password stands in the address; vlocal sends none"))
	}
	return nil
}

// redirect looks at where a server says the image is. The address there is
// checked when it is connected to, like any.
func (f *Fetcher) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > f.options.MaxRedirects {
		return final("", fmt.Errorf("redirected more than %d times", f.options.MaxRedirects))
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme == "http" {
		return final("", errors.New("redirected from https to http, where anybody on the way could change it"))
	}
	req.URL.User = nil // the server's own idea, and nobody's secret
	req.Header.Del("Referer")
	if err := fetchable(req.URL); err != nil {
		return fmt.Errorf("redirected: %w", err)
	}
	return nil
}

// final is an error that no later try changes.
func final(hint string, err error) *domain.Error {
	return &domain.Error{Kind: domain.Unreadable, Err: err, Hint: hint}
}
