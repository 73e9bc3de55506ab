package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"vlocal/domain"
)

// errTimeout is why a fetch ended that took too long.
var errTimeout = errors.New("the time for one image is over")

// refusal is what a status other than success means; nil for success.
//
// Source: RFC 9110, 15. 425: RFC 8470, 5.2.
func refusal(res *http.Response) error {
	said := fmt.Errorf("the image's server says %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	e := &domain.Error{Err: said, RetryAfter: retryAfter(res.Header.Get("Retry-After"), time.Now())}
	switch status := res.StatusCode; {
	case status == http.StatusOK, status == http.StatusNonAuthoritativeInfo:
		return nil
	case status == http.StatusTooManyRequests:
		e.Kind = domain.RateLimited
	case status == http.StatusRequestTimeout:
		e.Kind = domain.Timeout
	case status == http.StatusTooEarly, status/100 == 5:
		e.Kind = domain.Server
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return final("open the address in a browser where you are not signed in; the image must show there", said)
	case status == http.StatusNotFound, status == http.StatusGone:
		return final("it was moved or deleted; see whether the address is spelled right", said)
	default:
		return final("open the address in a browser and see what it gives", said)
	}
	return e
}

func (f *Fetcher) tooLarge() error {
	return &domain.Error{
		Kind: domain.TooLarge, Hint: "download it and run on the file, or leave it out",
		Err: fmt.Errorf("the image has more than %d bytes; so much is fetched", f.options.MaxBytes),
	}
}

// fault makes err, which ended a fetch, a whole *domain.Error.
func (f *Fetcher) fault(ctx context.Context, address string, err error) *domain.Error {
	e := f.classify(ctx, err)
	e.Op, e.Object, e.Source = "fetch", address, true
	return e
}

// classify gives kind, cause and hint of an error.
func (f *Fetcher) classify(ctx context.Context, err error) *domain.Error {
	// The client's error repeats the method and the URL, perhaps that of a
	// redirect with a token in it; what counts is inside.
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	redirected := strings.HasPrefix(err.Error(), "redirected: ")
	if e, ok := errors.AsType[*domain.Error](err); ok {
		if redirected {
			e.Err = fmt.Errorf("redirected: %w", e.Err)
		}
		return e
	}
	netErr, isNet := errors.AsType[net.Error](err)
	switch {
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), errTimeout):
		return &domain.Error{Kind: domain.Interrupted, Err: context.Cause(ctx)}
	case ctx.Err() != nil:
		return &domain.Error{Kind: domain.Timeout, Err: fmt.Errorf("no whole image within %s", f.options.Timeout)}
	case isNet && netErr.Timeout():
		return &domain.Error{Kind: domain.Timeout, Err: errors.New("the image's server does not answer")}
	case strings.Contains(err.Error(), "Location header"):
		return final("", errors.New("redirected to what is not an address"))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("the image's server closed the connection in the middle")
	}
	return &domain.Error{Kind: domain.Network, Err: err, Hint: f.networkHint()}
}

// networkHint tells of a proxy that was passed by.
func (f *Fetcher) networkHint() string {
	if f.options.AllowPrivate {
		return ""
	}
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"} {
		if os.Getenv(name) != "" {
			return fmt.Sprintf("the proxy in %s is used for images with --allow-private-urls only", name)
		}
	}
	return ""
}

// maxWait bounds what is believed of a server that asks to wait.
const maxWait = time.Hour

// retryAfter reads how long a server asks to wait, in seconds or as a date; 0 if
// it does not say.
//
// Source: RFC 9110, 10.2.3.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	wait := time.Duration(0)
	if s, err := strconv.ParseInt(value, 10, 32); err == nil {
		wait = time.Duration(s) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxWait)
}
