package vision

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

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

// formatOf gives the field for a format; nil for the one that has none.
func formatOf(f domain.Format, s *fields.Schema) *responseFormat {
	switch f {
	case domain.JSONSchema:
		schema, strict := s.Strict()
		return &responseFormat{Type: f, JSONSchema: &namedSchema{Name: "answer", Strict: strict, Schema: json.RawMessage(schema)}}
	case domain.JSONObject:
		return &responseFormat{Type: f}
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
func (c *Client) inWords(f domain.Format, s *fields.Schema) string {
	if f == domain.JSONSchema && showsSchema(c.base) {
		return ""
	}
	schema, _ := s.Strict()
	return "\n\nAnswer with one JSON object and nothing else: no code fence, no words around it. It has to fit this JSON Schema:\n" + schema
}

// showsSchema reports whether a server is known to put the schema before the model.
func showsSchema(base string) bool {
	u, err := url.Parse(base)
	return err == nil && (u.Hostname() == "api.openai.com" || strings.HasSuffix(u.Hostname(), ".openai.azure.com"))
}

// bettered asks for a better answer than one that was rejected, behind the question
// and that answer.
func (c *Client) bettered(r *domain.Rejected, f domain.Format, s *fields.Schema) []message {
	again := fmt.Sprintf("That cannot be used: %s. Look at the picture again and answer once more, with null for what it does not tell.%s", r.Why, c.inWords(f, s))
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

// format gives the format in which the model is asked for an answer with fields.
func (d *dialects) format(model string) domain.Format {
	if f, ok := d.formats.Load(model); ok {
		return f.(domain.Format)
	}
	return domain.JSONSchema
}

// known notes what was found out before.
func (d *dialects) known(formats map[string]domain.Format) {
	for model, f := range formats {
		if slices.Contains(domain.Formats, f) {
			d.formats.Store(model, f)
			d.proven.Store(model, f)
		}
	}
}

// refusedFormat notes that the model is not to be asked in that format, and gives
// the one to ask in. changed says that nobody had noted it before.
func (d *dialects) refusedFormat(model string, f domain.Format) (next domain.Format, changed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	next = d.format(model)
	// Of many that meet the refusal at once, the first has noted it.
	if i := slices.Index(domain.Formats, f); slices.Index(domain.Formats, next) <= i {
		next = domain.Formats[min(i+1, len(domain.Formats)-1)]
		d.formats.Store(model, next)
		changed = true
	}
	return next, changed
}

// provedFormat notes that the model answered in a format, and reports whether that
// is news. What another schema may change is not.
func (d *dialects) provedFormat(model string, f domain.Format) bool {
	if _, narrowed := d.narrowed.Load(model); narrowed || d.format(model) != f {
		return false
	}
	before, _ := d.proven.Swap(model, f)
	return before != f
}

// formatRefused is a server's word that it does not take a format, or this schema.
type formatRefused struct {
	format domain.Format
	// schema says that it is about this schema, not about all.
	schema bool
	said   error
}

func (e *formatRefused) Error() string { return e.said.Error() }

// Unwrap gives what the server says.
func (e *formatRefused) Unwrap() error { return e.said }

// The words by which servers speak of the format, those by which they refuse it, and
// those by which they refuse a schema.
//
// Sources, each with what it says in vision/format_test.go: OpenAI, Azure, DeepSeek,
// LM Studio, llama.cpp, vLLM, Mistral, Groq, Google, xAI, Volcengine, OpenRouter.
var (
	formatWords = []string{
		"response_format", "response format", "responseformat", "json_schema", "json_object", "json mode", "structured output",
		"response_schema", "response_json_schema", "response_mime_type", "output_config", "output_format", "handle the requested parameters",
	}
	refusalWords = []string{
		"support", "unavailable", "not available", "must be", "should be", "allowed values", "not permitted", "extra_forbidden",
		"unknown", "unrecognized", "invalid", "not valid", "enabled", "must be satisfied", "not implemented", "no endpoints found", "cannot",
	}
	schemaWords = []string{"invalid schema", "unsupported schema", "schema is too", "schema exceeds", "response_schema", "response_json_schema", "invalid json schema", "compile the grammar", "compile grammar"}
)

// maxAbout bounds where in a message the format has to be named, in bytes: some
// servers repeat the whole request at the end.
const maxAbout = 500

// refusesFormat reports whether a server refuses a format, by its word and status.
// OpenRouter says 404, older llama.cpp 500.
func (s said) refusesFormat(status int) bool {
	if !slices.Contains([]int{http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusNotImplemented}, status) {
		return false
	}
	s.message = s.message[:min(len(s.message), maxAbout)]
	// Groq's word for an answer of the model that is not JSON, of which there is more
	// in said.generated.
	if s.code == validateFailed {
		return false
	}
	about := s
	about.message += " " + s.param
	return about.has(formatWords...) && s.has(refusalWords...)
}

// validateFailed is Groq's code for an answer that the model got wrong.
const validateFailed = "json_validate_failed"

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

// tellFormat puts before the person what was found out of a model.
func (c *Client) tellFormat(format string, args ...any) {
	if c.decided != nil {
		c.decided(domain.Decision{At: time.Now(), What: domain.AboutFormat, Text: fmt.Sprintf(format, args...)})
	}
}
