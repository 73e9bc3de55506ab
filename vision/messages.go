package vision

import (
	"bytes"
	"encoding/json"

	"vlocal/domain"
)

// messagesOf gives what the model is told: the system prompt, the examples as if it
// had been asked about them and had answered so, and the question. With it come the
// pictures that are sent, in order.
func messagesOf(q domain.Question) (all []message, pictures [][]byte) {
	add := func(p domain.Picture, m message) {
		url := p.URL
		if url == "" {
			url = picturePrefix
			pictures = append(pictures, p.JPEG)
		}
		// The picture comes last, so that its place is known from the message's end.
		m.Content = append(m.Content.([]part), part{Type: "image_url", ImageURL: &imageURL{URL: url}})
		all = append(all, m)
	}
	if q.System != "" {
		// A text, not parts: there are servers that take nothing else.
		all = append(all, message{Role: "system", Content: q.System})
	}
	for _, e := range q.Examples {
		add(e.Picture, message{Role: "user", Content: []part{}})
		all = append(all, message{Role: "assistant", Content: e.Answer})
	}
	add(q.Picture, message{Role: "user", Content: []part{{Type: "text", Text: q.Prompt}}})
	return all, pictures
}

// pictureEnd is what stands behind a picture in its message.
var pictureEnd = []byte(`"}}]}`)

// frameOf encodes a request with pictures, without them: they need no escaping and
// are put into their places as the request is sent. A text may hold what stands
// before a picture, so the places are counted, not searched for.
func frameOf(request requestBody, messages []message, pictures [][]byte) (frame []byte, places []place, err error) {
	var ends []int // of the messages with a picture, from the first one's begin
	at := 0
	for _, m := range messages {
		encoded, err := json.Marshal(m)
		if err != nil {
			return nil, nil, err
		}
		request.Messages = append(request.Messages, encoded)
		at += len(encoded)
		if hasPlace(m) {
			ends = append(ends, at)
		}
		at++ // the comma
	}
	if frame, err = json.Marshal(request); err != nil {
		return nil, nil, err
	}
	// In front of them is only the model's name, in which a quote is escaped.
	const before = `"messages":[`
	begin := bytes.Index(frame, []byte(before)) + len(before)
	for i, end := range ends {
		places = append(places, place{at: begin + end - len(pictureEnd), picture: pictures[i]})
	}
	return frame, places, nil
}

// hasPlace reports whether a picture is sent in a message, not just its URL.
func hasPlace(m message) bool {
	parts, _ := m.Content.([]part)
	for _, p := range parts {
		if p.ImageURL != nil && p.ImageURL.URL == picturePrefix {
			return true
		}
	}
	return false
}
