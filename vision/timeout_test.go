package vision_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"vlocal/domain"
	"vlocal/vision"
)

// Each bound ends a request by itself, long before the others would.
func TestEachTimeoutHasABoundOfItsOwn(t *testing.T) {
	hold := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // after which the end of the connection is seen
		<-r.Context().Done()
	}
	trickle := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		hold(w, r)
	}
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		o    vision.Options
		says string
	}{
		"nothing begins":           {hold, vision.Options{Timeout: time.Minute, FirstByteTimeout: 100 * time.Millisecond}, "no answer had begun within 100ms"},
		"it begins and never ends": {trickle, vision.Options{Timeout: 200 * time.Millisecond, FirstByteTimeout: time.Minute}, "no whole answer within 200ms"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := asking(t, c.o, c.h).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
			if domain.KindOf(err) != domain.Timeout || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v; want %q", err, c.says)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// A server that takes the connection and then says nothing to the TLS handshake.
func TestConnectionThatIsNotMadeIsGivenUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := vision.New(vision.Options{
		BaseURL: "https://" + listener.Addr().String(), Timeout: time.Minute, ConnectTimeout: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err = client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
	if domain.KindOf(err) != domain.Network || !strings.Contains(err.Error(), "TLS handshake timeout") {
		t.Errorf("%v", err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}
