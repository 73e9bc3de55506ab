package vision_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"vlocal/domain"
	"vlocal/vision"
)

// canned is a transport that gives the same answer to every request, without a
// network.
type canned struct {
	status int
	header http.Header
	body   []byte
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Header: c.header, Body: io.NopCloser(bytes.NewReader(c.body)), Request: r,
		ContentLength: int64(len(c.body)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// BenchmarkAnswer is what an answer costs without the network and without a
// picture.
//
//	go test -run '^$' -bench Answer ./vision
func BenchmarkAnswer(b *testing.B) {
	c, err := vision.New(vision.Options{BaseURL: "http://x.invalid/v1", Transport: canned{
		status: 200, header: http.Header{"Content-Type": {"application/json"}}, body: []byte(fine),
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Ask(b.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}}); err != nil {
			b.Fatal(err)
		}
	}
}
