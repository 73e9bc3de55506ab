package vision_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vlocal/domain"
	"vlocal/vision"
)

// Each bound on time is told by its own name, and so is encryption.
func TestTransportErrorSaysWhichFlagToLookAt(t *testing.T) {
	late := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer late.Close()
	for _, c := range []struct {
		o    vision.Options
		kind domain.ErrorKind
		hint string
	}{
		{vision.Options{BaseURL: late.URL, FirstByteTimeout: 20 * time.Millisecond}, domain.Timeout, "--first-byte-timeout"},
		{vision.Options{BaseURL: late.URL, Timeout: 20 * time.Millisecond}, domain.Timeout, "--timeout"},
		{vision.Options{BaseURL: strings.Replace(late.URL, "http:", "https:", 1)}, domain.Network, "https:// or http://"},
	} {
		client, err := vision.New(c.o)
		if err != nil {
			t.Fatal(err)
		}
		_, fault := askOnce(t, client)
		if fault == nil || fault.Kind != c.kind || !strings.Contains(fault.Hint, c.hint) {
			t.Errorf("%+v: %v", c.o, fault)
		}
	}
}
