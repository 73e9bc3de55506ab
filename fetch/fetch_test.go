package fetch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vlocal/domain"
)

// serve starts a server on this machine.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// here fetches from this machine too, without waiting long.
func here() *Fetcher { return New(Options{AllowPrivate: true, Timeout: 5 * time.Second}) }

// faultOf gives the error of a fetch that must not succeed.
func faultOf(t *testing.T, f *Fetcher, address string) *domain.Error {
	t.Helper()
	data, err := f.Get(t.Context(), address)
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || data != nil {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	if e.Op != "fetch" || e.Object != address || !e.Source || e.Unreachable || e.HTTPStatus != 0 || e.Err == nil {
		t.Errorf("%+v", e)
	}
	return e
}

func TestBytesComeAsTheyAreWhateverTheyAreCalled(t *testing.T) {
	want := bytes.Repeat([]byte("\xff\xd8not really\x00"), 100_000)
	var asked http.Header
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(want)
	})
	f := New(Options{AllowPrivate: true, UserAgent: "vlocal/test"})
	got, err := f.Get(t.Context(), at+"/a b.jpg?x=1")
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if diff := cmp.Diff(http.Header{"Accept": {accept}, "User-Agent": {"vlocal/test"}}, asked); diff != "" {
		t.Errorf("headers: %s", diff)
	}
}

func TestStatusSaysWhetherALaterTryHelps(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		status, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
	})
	f := here()
	for status, want := range map[int]domain.Error{
		204: {Kind: domain.Unreadable},
		300: {Kind: domain.Unreadable},
		302: {Kind: domain.Unreadable}, // to nowhere
		400: {Kind: domain.Unreadable},
		401: {Kind: domain.Unreadable},
		403: {Kind: domain.Unreadable},
		404: {Kind: domain.Unreadable},
		410: {Kind: domain.Unreadable},
		451: {Kind: domain.Unreadable},
		408: {Kind: domain.Timeout, RetryAfter: 7 * time.Second},
		425: {Kind: domain.Server, RetryAfter: 7 * time.Second},
		429: {Kind: domain.RateLimited, RetryAfter: 7 * time.Second},
		500: {Kind: domain.Server, RetryAfter: 7 * time.Second},
		503: {Kind: domain.Server, RetryAfter: 7 * time.Second},
	} {
		got := faultOf(t, f, fmt.Sprintf("%s/%d", at, status))
		if diff := cmp.Diff(want, *got, cmpopts.IgnoreFields(domain.Error{}, "Op", "Object", "Err", "Hint", "Source")); diff != "" {
			t.Errorf("%d: %s", status, diff)
		}
		if !strings.Contains(got.Error(), strconv.Itoa(status)) {
			t.Errorf("%d: %s", status, got)
		}
	}
}

func TestWaitIsReadAsSecondsOrDateAndBounded(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "-5": 0, "soon": 0, "120": 2 * time.Minute, "999999": maxWait,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second,
		"Fri, 02 Jan 2020 03:04:35 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q is %s, want %s", value, got, want)
		}
	}
}

func TestImageThatIsTooLargeIsNotReadToItsEnd(t *testing.T) {
	f := New(Options{AllowPrivate: true, MaxBytes: 1000})
	for name, announce := range map[string]bool{"announced": true, "not announced": false} {
		t.Run(name, func(t *testing.T) {
			at := serve(t, func(w http.ResponseWriter, r *http.Request) {
				n, err := strconv.Atoi(r.URL.Path[1:])
				if err != nil {
					t.Error(err)
				}
				if announce {
					w.Header().Set("Content-Length", strconv.Itoa(n))
				}
				for range n {
					if _, err := w.Write([]byte{1}); err != nil {
						return
					}
				}
			})
			if data, err := f.Get(t.Context(), at+"/1000"); err != nil || len(data) != 1000 {
				t.Errorf("%d bytes, %v", len(data), err)
			}
			for _, n := range []string{"/1001", "/1000000000"} {
				if e := faultOf(t, f, at+n); e.Kind != domain.TooLarge {
					t.Errorf("%s: %+v", n, e)
				}
			}
		})
	}
}

// raw answers every connection with the same bytes and closes it.
func raw(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.WriteString(c, answer)
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return "http://" + l.Addr().String()
}

func TestTransferThatBreaksIsTriedAgain(t *testing.T) {
	for name, answer := range map[string]string{
		"shorter than announced": "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\xff\xd8half",
		"a chunk missing":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"no answer":              "",
		"not HTTP":               "SSH-2.0-OpenSSH_9.6\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			if e := faultOf(t, here(), raw(t, answer)+"/a.jpg"); e.Kind != domain.Network {
				t.Errorf("%+v", e)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		if e := faultOf(t, here(), "http://127.0.0.1:1/a.jpg"); e.Kind != domain.Network {
			t.Errorf("%+v", e)
		}
	})
}

func TestSlowServerTimesOutAndAnEndedRunInterrupts(t *testing.T) {
	release := make(chan struct{})
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush() // the body does not come
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	f := New(Options{AllowPrivate: true, Timeout: 50 * time.Millisecond})
	if e := faultOf(t, f, at); e.Kind != domain.Timeout || !strings.Contains(e.Error(), "no whole image within 50ms") {
		t.Errorf("%v", e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := here().Get(ctx, at); domain.KindOf(err) != domain.Interrupted {
		t.Errorf("%v", err)
	}
}

func TestThisMachineIsRefusedUnlessAllowed(t *testing.T) {
	var asked atomic.Int64
	at := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	_, port, err := net.SplitHostPort(strings.TrimPrefix(at, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	// localhost is a name that is looked up.
	for _, address := range []string{at, "http://localhost:" + port} {
		e := faultOf(t, New(Options{}), address)
		if e.Kind != domain.Unreadable || !errors.Is(e, errPrivate) || e.Hint == "" {
			t.Errorf("%s: %+v", address, e)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("%d requests came", asked.Load())
	}
	if _, err := here().Get(t.Context(), at); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

// only lets nothing but one address through, whatever it is.
func only(allowed string) *Fetcher {
	f := New(Options{})
	f.check = func(a netip.Addr) error {
		if a.String() != allowed {
			return fmt.Errorf("%s %w", a, errPrivate)
		}
		return nil
	}
	return f
}

func TestRedirectIsCheckedLikeAnyAddress(t *testing.T) {
	var asked atomic.Int64
	inside := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	_, port, err := net.SplitHostPort(strings.TrimPrefix(inside, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/in":
			http.Redirect(w, r, "http://127.0.0.2:"+port+"/latest/meta-data", http.StatusFound)
		case "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusMovedPermanently)
		case "/bad":
			w.Header().Set("Location", "http://[marked")
			w.WriteHeader(http.StatusMovedPermanently)
		case "/good":
			_, _ = io.WriteString(w, "picture")
		default:
			http.Redirect(w, r, "/good", http.StatusTemporaryRedirect)
		}
	})
	f := only("127.0.0.1")
	if data, err := f.Get(t.Context(), at+"/elsewhere"); string(data) != "picture" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if e := faultOf(t, f, at+"/in"); e.Kind != domain.Unreadable || !errors.Is(e, errPrivate) || asked.Load() != 0 {
		t.Errorf("%v after %d requests", e, asked.Load())
	}
	if e := faultOf(t, f, at+"/file"); e.Kind != domain.Unreadable || !strings.Contains(e.Error(), `redirected: only http and https are fetched, not "file"`) {
		t.Errorf("%v", e)
	}
	if e := faultOf(t, f, at+"/bad"); e.Kind != domain.Unreadable || strings.Contains(e.Error(), "marked") {
		t.Errorf("%v", e)
	}
}

func TestRedirectsAreBoundedAndCarryNothingAlong(t *testing.T) {
	var headers []http.Header
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header)
		n, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil {
			t.Error(err)
		}
		if n == 0 {
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "marked", Value: "1"})
		http.Redirect(w, r, fmt.Sprintf("http://me:marked@%s/%d", r.Host, n-1), http.StatusFound)
	})
	if _, err := here().Get(t.Context(), at+"/5"); err != nil {
		t.Errorf("5: %v", err)
	}
	for n, h := range headers {
		if diff := cmp.Diff(http.Header{"Accept": {accept}, "User-Agent": {"Go-http-client/1.1"}}, h); diff != "" {
			t.Errorf("request %d: %s", n, diff)
		}
	}
	e := faultOf(t, here(), at+"/6")
	if e.Kind != domain.Unreadable || !strings.Contains(e.Error(), "redirected more than 5 times") || strings.Contains(e.Error(), "marked") {
		t.Errorf("6: %v", e)
	}
}

func TestRedirectFromHTTPSToHTTPIsRefused(t *testing.T) {
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("asked over http") })
	s := httptest.NewTLSServer(http.RedirectHandler(plain, http.StatusFound))
	defer s.Close()
	f := here()
	f.client.Transport.(*http.Transport).TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig
	e := faultOf(t, f, s.URL)
	if e.Kind != domain.Unreadable || !strings.Contains(e.Error(), "redirected from https to http") {
		t.Errorf("%v", e)
	}
}

func TestAddressThatIsNoneIsForGood(t *testing.T) {
	for _, address := range []string{"ftp://h/a", "http://", "http://me:pw@h/a", "http://h\x7f/", "file:///etc/passwd", "http://h:x/"} {
		if e := faultOf(t, here(), address); e.Kind != domain.Unreadable || strings.Contains(e.Reason(), "pw") {
			t.Errorf("%s: %v", address, e)
		}
	}
}

// A proxy looks up names itself, so with one nobody could say where a request
// ends.
func TestProxyIsUsedOnlyWherePrivateAddressesAreAllowed(t *testing.T) {
	for allowed, want := range map[bool]bool{true: true, false: false} {
		f := New(Options{AllowPrivate: allowed})
		if got := f.client.Transport.(*http.Transport).Proxy != nil; got != want {
			t.Errorf("allowed %v: a proxy is used: %v", allowed, got)
		}
	}
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	f := only("127.0.0.1")
	if e := faultOf(t, f, "http://127.0.0.1:1/a"); e.Kind != domain.Network || !strings.Contains(e.Error(), "HTTPS_PROXY") {
		t.Errorf("%v", e)
	}
}

func TestConnectionsAreBoundedAndKept(t *testing.T) {
	var opened atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "picture") }))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	f := New(Options{AllowPrivate: true, MaxConnsPerHost: 3})
	done := make(chan error)
	const workers = 12
	for range workers {
		go func() {
			var err error
			for range 20 {
				_, getErr := f.Get(t.Context(), s.URL)
				err = errors.Join(err, getErr)
			}
			done <- err
		}()
	}
	for range workers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := opened.Load(); n > 3 {
		t.Errorf("%d connections, want at most 3", n)
	}
}
