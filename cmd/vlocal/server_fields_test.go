package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)

// columns answers a question with fields as servers do that take no json_schema
// (jsonobject), no format at all (nojson), or any and heed none (prosaic): the built-in
// model gets the schema out of the prompt.
func (s *badServer) columns(w http.ResponseWriter, r *http.Request, body []byte) {
	var q map[string]any
	if err := json.Unmarshal(body, &q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	format, _ := q["response_format"].(map[string]any)
	if refused := map[string][]any{"jsonobject": {"json_schema"}, "nojson": {"json_schema", "json_object"}}[s.mode]; format != nil {
		for _, f := range refused {
			if format["type"] == f {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"error":{"message":"This response_format type is unavailable now","type":"invalid_request_error"}}`)
				return
			}
		}
	}
	messages, _ := q["messages"].([]any)
	if s.mode == "prosaic" && len(messages) == 1 {
		delete(q, "response_format") // and so it describes the picture
		s.ask(w, r, q)
		return
	}
	_, schema, found := strings.Cut(textIn(messages[0]), "JSON Schema:\n")
	if !found {
		http.Error(w, "there is no schema in the prompt", http.StatusTeapot)
		return
	}
	q["response_format"] = map[string]any{"type": "json_schema", "json_schema": map[string]any{"schema": json.RawMessage(schema)}}
	if s.mode == "nojson" {
		w = fencing{w}
	}
	s.ask(w, r, q)
}

// ask puts a question to the built-in model.
func (s *badServer) ask(w http.ResponseWriter, r *http.Request, q map[string]any) {
	body, err := json.Marshal(q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	answer := httptest.NewRecorder()
	s.good.ServeHTTP(answer, r)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// textIn gives the text of a message that is a list of parts.
func textIn(message any) string {
	m, _ := message.(map[string]any)
	parts, _ := m["content"].([]any)
	for _, p := range parts {
		if text, ok := p.(map[string]any)["text"].(string); ok {
			return text
		}
	}
	return ""
}

// fencing puts the model's words into a code fence.
type fencing struct{ http.ResponseWriter }

func (f fencing) Write(body []byte) (int, error) {
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, err
	}
	for _, c := range answer["choices"].([]any) {
		message := c.(map[string]any)["message"].(map[string]any)
		message["content"] = "Here is the JSON:\n```json\n" + message["content"].(string) + "\n```"
	}
	fenced, err := json.Marshal(answer)
	if err != nil {
		return 0, err
	}
	_, err = f.ResponseWriter.Write(fenced)
	return len(body), err
}
