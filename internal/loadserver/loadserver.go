// Package loadserver is a real HTTP server that answers chat/completions as an
// OpenAI-compatible provider under load does: after a time, within a rate limit,
// and sometimes not at all. Benchmarks measure against it, tests misbehave with it.
//
// The handler costs little, so that a client on the same machine is measured and
// not the server: bodies are read into pooled buffers, the answer is built once,
// and nothing is looked at that no setting needs.
package loadserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the settings of a Server. The zero value answers at once, always.
type Options struct {
	// Seed makes the latencies and the faults: the same seed gives the same ones
	// in the same order of arrival.
	Seed uint64
	// Latency is from having a request's headers to sending the answer. The body
	// is read meanwhile; a body that takes longer to come makes it longer.
	Latency Latency
	// Slowdown makes the latency depend on how many requests are in flight.
	Slowdown Slowdown
	// Limit is what each key may ask. What is beyond gets 429, at once.
	Limit Limit
	// Faults are the shares of requests that end badly.
	Faults Faults
	// Model is the name that GET /v1/models lists and that answers carry.
	// Default "load".
	Model string
	// Text is what the model says. Default "A cat on a red sofa."
	Text string
	// TokensIn and TokensOut are the usage of an answer, and together what it
	// takes of Limit.Tokens. Defaults 1,000 and 10.
	TokensIn, TokensOut int
}

// Server answers chat/completions and counts. It is an http.Handler; Start makes
// one with an address of its own.
type Server struct {
	// URL is the base URL of a Server made by Start, such as
	// http://127.0.0.1:8080/v1.
	URL string

	options Options
	answer  []byte
	models  []byte
	buffers sync.Pool
	alarms  alarms
	limiter *limiter
	// arrived numbers the requests.
	arrived atomic.Uint64
	counts  counts
	http    *http.Server
	served  chan error
}

// New makes a server without an address, for an http.Server of the caller's, whose
// ConnState should be the Server's so that connections are counted. The error
// says which setting makes no sense.
func New(o Options) (*Server, error) {
	o.Model, o.Text = orDefault(o.Model, "load"), orDefault(o.Text, "A cat on a red sofa.")
	o.TokensIn, o.TokensOut = orDefault(o.TokensIn, 1000), orDefault(o.TokensOut, 10)
	if err := errors.Join(o.Latency.check(), o.Slowdown.check(), o.Limit.check(), o.Faults.check()); err != nil {
		return nil, err
	}
	s := &Server{options: o, limiter: newLimiter(o.Limit)}
	s.answer, s.models = answerBody(o), modelsBody(o)
	s.buffers.New = func() any { b := make([]byte, bodyBuffer); return &b }
	return s, nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Start makes a server that listens on a free port of the loopback interface.
func Start(o Options) (*Server, error) {
	s, err := New(o)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the load server: %w", err)
	}
	s.URL = "http://" + listener.Addr().String() + "/v1"
	s.http = &http.Server{Handler: s, ConnState: s.ConnState, ReadHeaderTimeout: time.Minute}
	s.served = make(chan error, 1)
	go func() { s.served <- s.http.Serve(listener) }()
	return s, nil
}

// Close ends a server made by Start, and the requests that it holds.
func (s *Server) Close() error {
	err := s.http.Close()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// ConnState counts the connections that clients open; it is for
// http.Server.ConnState.
func (s *Server) ConnState(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.counts.connected()
	}
}
