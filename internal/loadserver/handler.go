package loadserver

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// bodyBuffer is large, so that a picture takes few reads.
const bodyBuffer = 256 << 10

// ServeHTTP answers POST .../chat/completions and GET .../models.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/chat/completions"):
		s.complete(w, r)
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/models"):
		write(w, http.StatusOK, s.models)
	default:
		write(w, http.StatusNotFound, errorBody("invalid_request_error", "there is nothing at "+r.URL.Path))
	}
}

// complete does what the request's lot says.
func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	n := s.arrived.Add(1) - 1
	inFlight, since := s.counts.begin(start)
	latency, fate := s.options.lot(n)
	latency = s.options.Slowdown.stretch(latency, inFlight, since)
	fate = s.play(w, r, start, latency, fate)
	s.counts.end(start, time.Now(), latency, fate)
}

// play lets a request meet its fate, and gives what became of it: a client that
// went away changes it.
func (s *Server) play(w http.ResponseWriter, r *http.Request, start time.Time, latency time.Duration, drawn fate) fate {
	if err := s.readBody(r.Body); err != nil {
		return abandoned
	}
	if drawn == limited {
		return tooMany(w)
	}
	tokens := s.options.TokensIn + s.options.TokensOut
	if !s.limiter.take(r.Header.Get("Authorization"), tokens, start, w.Header()) {
		return tooMany(w)
	}
	switch drawn {
	case hung:
		<-r.Context().Done()
		return hung
	case reset:
		latency /= 2
	}
	if s.alarms.wait(r.Context(), start.Add(latency)) != nil {
		return abandoned
	}
	switch drawn {
	case reset:
		return breakOff(w)
	case failed:
		write(w, http.StatusInternalServerError, errorBody("server_error", "The server had an error while processing your request"))
		return failed
	}
	if !write(w, http.StatusOK, s.answer) {
		return abandoned
	}
	return answered
}

// readBody reads a body to its end, where the server begins to notice that the
// client goes away.
func (s *Server) readBody(body io.Reader) error {
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	for {
		_, err := body.Read(*buffer)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func tooMany(w http.ResponseWriter) fate {
	write(w, http.StatusTooManyRequests, errorBody("requests", "Rate limit reached: too many requests a minute"))
	return limited
}

// breakOff closes the connection so that the client sees a reset.
func breakOff(w http.ResponseWriter) fate {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return abandoned // there is no connection of its own to break (HTTP/2)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // closed either way
	}
	_ = conn.Close()
	return reset
}

// write sends a whole answer and reports whether it went out.
func write(w http.ResponseWriter, status int, body []byte) bool {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err == nil
}

var jsonType = []string{"application/json"}

// answerBody is a chat/completions answer.
//
// Source: https://platform.openai.com/docs/api-reference/chat/object
func answerBody(o Options) []byte {
	return mustJSON(map[string]any{
		"id": "chatcmpl-load", "object": "chat.completion", "created": 1700000000, "model": o.Model,
		"choices": []any{map[string]any{
			"index": 0, "finish_reason": "stop", "logprobs": nil,
			"message": map[string]any{"role": "assistant", "content": o.Text, "refusal": nil},
		}},
		"usage": map[string]any{
			"prompt_tokens": o.TokensIn, "completion_tokens": o.TokensOut, "total_tokens": o.TokensIn + o.TokensOut,
		},
	})
}

// modelsBody is the list of the one model.
//
// Source: https://platform.openai.com/docs/api-reference/models/list
func modelsBody(o Options) []byte {
	return mustJSON(map[string]any{"object": "list", "data": []any{
		map[string]any{"id": o.Model, "object": "model", "created": 1700000000, "owned_by": "loadserver"},
	}})
}

// errorBody is an error in OpenAI's shape.
func errorBody(kind, message string) []byte {
	return mustJSON(map[string]any{"error": map[string]any{"message": message, "type": kind, "param": nil, "code": nil}})
}

// mustJSON encodes what is made of strings and numbers here, which cannot fail.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
