package vision

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// looksLikeStream reports whether a body that is not JSON is a stream of
// server-sent events.
func looksLikeStream(h http.Header, body []byte) bool {
	body = bytes.TrimSpace(body)
	for _, start := range []string{"data:", "event:", "id:", ":"} {
		if bytes.HasPrefix(body, []byte(start)) {
			return true
		}
	}
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}

// stream puts an answer that came in pieces together. A piece is an answer's
// body with the next words in choices[0].delta; the last ones have the reason why
// it ends, and the usage.
//
// Sources: https://platform.openai.com/docs/api-reference/chat/streaming,
// https://html.spec.whatwg.org/multipage/server-sent-events.html (9.2.6),
// https://openrouter.ai/docs/api-reference/streaming (comments, errors).
type stream struct {
	whole         answerBody
	text, refusal strings.Builder
	thought       bool
	choice        choice
	begun         bool
	// ended says that the server said so. A stream without it was cut off.
	ended bool
	// event is the data of an event of several lines, so far.
	event []byte
}

// readStream reads a stream that has come to its end, and reports whether the
// server ended it.
func readStream(body []byte) (answer answerBody, ended bool) {
	var s stream
	body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	body = bytes.ReplaceAll(body, []byte("\r"), []byte("\n"))
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		s.line(line)
	}
	s.line(nil)
	if s.begun {
		s.choice.Message = reply{Content: s.text.String(), Refusal: s.refusal.String(), Reasoning: s.reasoning()}
		s.whole.Choices = []choice{s.choice}
	}
	return s.whole, s.ended || s.choice.FinishReason != "" || isSaid(s.whole.Error) || isSaid(s.choice.Error)
}

// reasoning stands for thoughts, which are not kept.
func (s *stream) reasoning() any {
	if s.thought {
		return true
	}
	return nil
}

// line takes the next line. Comments, and fields other than data, are left out.
func (s *stream) line(line []byte) {
	data, isData := bytes.CutPrefix(line, []byte("data:"))
	switch {
	case len(line) == 0:
		s.piece(s.event)
		s.event = nil
	case isData && s.event == nil && s.piece(data):
		// Most servers write an event on one line, and some forget the blank
		// line after it.
	case isData:
		s.event = append(append(s.event, data...), '\n')
	}
}

// piece takes the data of one event, and reports whether it was understood.
func (s *stream) piece(data []byte) bool {
	data = bytes.TrimSpace(data)
	if bytes.Equal(data, []byte("[DONE]")) {
		s.ended = true
		return true
	}
	var p answerBody
	if len(data) == 0 || decode(data, &p) != nil {
		return false
	}
	if s.whole.Model == "" {
		s.whole.Model = p.Model
	}
	if p.Usage != nil {
		s.whole.Usage = p.Usage
	}
	if isSaid(p.Error) {
		s.whole.Error = p.Error
	}
	for _, c := range p.Choices {
		if c.Index == 0 {
			s.add(c)
		}
	}
	return true
}

// add takes what the first choice says next.
func (s *stream) add(c choice) {
	s.begun = true
	said := c.Delta
	if isEmpty(said.Content) && s.text.Len() == 0 {
		// Some servers send the whole in the end, or at once.
		said.Content = c.Message.Content
	}
	text, thought := said.text()
	_, inWhole := c.Message.text()
	s.text.WriteString(text)
	s.thought = s.thought || thought || inWhole
	for _, m := range []reply{c.Delta, c.Message} {
		refusal, _ := m.Refusal.(string)
		s.refusal.WriteString(refusal)
	}
	if c.FinishReason != "" {
		s.choice.FinishReason = c.FinishReason
	}
	if isSaid(c.Error) {
		s.choice.Error = c.Error
	}
}

// isSaid reports whether a field is there and not null.
func isSaid(v json.RawMessage) bool { return len(v) > 0 && string(v) != "null" }
