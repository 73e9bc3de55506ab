package vision

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"vlocal/domain"
	"vlocal/fields"
)

// responseFormat is the field of that name.
//
// Source: https://platform.openai.com/docs/guides/structured-outputs
type responseFormat struct {
	Type       domain.Format `json:"type"`
	JSONSchema *namedSchema  `json:"json_schema,omitempty"`
}

type namedSchema struct {
	Name   string          `json:"name"`
	Strict bool            `json:"strict"`
	Schema json.RawMessage `json:"schema"`
}

// form is how one request asks for fields. The zero value is for free text.
type form struct {
	schema *fields.Schema
	format domain.Format
}

// formOf gives the form of a question now. Its error is about the task's schema.
func (c *Client) formOf(q domain.Question) (form, error) {
	schema, err := c.schemas.of(q.Schema)
	if schema == nil || err != nil {
		return form{}, err
	}
	return form{schema: schema, format: c.dialects.format(q.Model)}, nil
}

// field gives the request's field; nil for none.
func (f form) field() *responseFormat {
	switch f.format {
	case domain.JSONSchema:
		schema, strict := f.schema.Strict()
		return &responseFormat{Type: f.format, JSONSchema: &namedSchema{Name: "answer", Strict: strict, Schema: json.RawMessage(schema)}}
	case domain.JSONObject:
		return &responseFormat{Type: f.format}
	}
	return nil
}

// inWords asks for the schema in the prompt. OpenAI, which shows the schema to the
// model itself, needs that for its weaker formats only. Others hold the model to a
// schema that it never sees, or take the field and ignore it, so that it is said to
// them every time: nothing is paid for in vain then. The word JSON has to be in it
// (https://platform.openai.com/docs/guides/structured-outputs#json-mode).
//
// Sources: https://docs.ollama.com/capabilities/structured-outputs ("It is ideal to
// also pass the JSON schema as a string in the prompt"),
// https://docs.vllm.ai/en/latest/features/structured_outputs.html ("normally it's
// better to indicate in the prompt that a JSON needs to be generated and which
// fields"), https://github.com/ggml-org/llama.cpp/issues/24097 (ignored).
func (c *Client) inWords(f form) string {
	if f.schema == nil || f.format == domain.JSONSchema && showsSchema(c.base) {
		return ""
	}
	return "\n\nAnswer with one JSON object and nothing else: no code fence, no words around it. It has to fit this JSON Schema:\n" + f.schema.String()
}

// showsSchema reports whether a server is known to put the schema before the model.
func showsSchema(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	host := "." + strings.ToLower(u.Hostname())
	return strings.HasSuffix(host, ".api.openai.com") || strings.HasSuffix(host, ".openai.azure.com")
}

// bettered asks for a better answer than one that was rejected, behind the question
// and that answer.
func (c *Client) bettered(r *domain.Rejected, f form) []message {
	again := fmt.Sprintf("That cannot be used: %s. Look at the picture again and answer once more, with null for what it does not tell.%s", r.Why, c.inWords(f))
	return []message{
		{Role: "assistant", Content: r.Text},
		{Role: "user", Content: again},
	}
}

// schemas keeps what was compiled. The zero value is empty; it is safe for many
// goroutines.
type schemas struct{ compiled sync.Map }

// of gives a task's schema; nil for free text.
func (s *schemas) of(text string) (*fields.Schema, error) {
	if text == "" {
		return nil, nil
	}
	if found, ok := s.compiled.Load(text); ok {
		return found.(*fields.Schema), nil
	}
	schema, err := fields.Compile(text)
	if err == nil {
		s.compiled.Store(text, schema)
	}
	return schema, err
}

// read takes the fields from an answer that a judge has nothing against (fault is
// nil) or that was cut. An answer that was cut behind its last field is whole.
func (c *Client) read(res *http.Response, a *domain.Answer, fault *domain.Error, s *fields.Schema) *domain.Error {
	cut := fault != nil && fault.Kind == domain.Truncated && a.Text != ""
	if s == nil || fault != nil && !cut {
		return fault
	}
	reading, err := s.Read(a.Text)
	switch {
	case err == nil:
		a.Fields, a.Mended = reading.Fields, reading.Mended
		return nil
	case cut:
		return fault
	}
	misfit := c.answerFault(res, domain.InvalidAnswer, "", fmt.Errorf("%s", c.quote(err.Error())))
	// The model is shown this word for word.
	misfit.Op, misfit.Object, misfit.Misfit = "", "", true
	return misfit
}
