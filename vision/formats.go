package vision

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"vlocal/domain"
)

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
	// thisSchema says that another schema may be taken.
	thisSchema bool
	said       error
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
		"json schema", "grammar",
	}
	refusalWords = []string{
		"support", "unavailable", "not available", "must be", "should be", "allowed values", "not permitted", "extra_forbidden",
		"unknown", "unrecognized", "invalid", "not valid", "enabled", "must be satisfied", "not implemented", "no endpoints found", "cannot",
		"failed", "unimplemented", "error",
	}
	schemaWords = []string{
		"invalid schema", "unsupported schema", "schema is too", "schema exceeds", "response_schema", "response_json_schema",
		"json schema contains", "invalid json schema", "grammar",
	}
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

// refusesFormat notes that the model refuses the format of a request, and reports
// whether there is another to ask in.
func (c *Client) refusesFormat(model string, r *formatRefused) bool {
	if r.format == "" || r.format == domain.InPrompt {
		return false
	}
	if r.thisSchema {
		c.dialects.narrowed.Store(model, true)
	}
	next, changed := c.dialects.refusedFormat(model, r.format)
	if changed {
		c.tellFormat("%s does not take %s: it is asked with %s (%s)", model, r.format, inFull[next], c.quote(r.said.Error()))
	}
	return true
}

// learn takes from the end of an exchange what it tells of the model's formats.
func (c *Client) learn(model string, f form, fault *domain.Error) {
	if f.schema == nil {
		return
	}
	if fault == nil {
		if c.dialects.provedFormat(model, f.format) && c.formatFound != nil {
			c.formatFound(model, f.format)
		}
		return
	}
	if refusal, ok := errors.AsType[*formatRefused](fault.Err); ok {
		refusal.format = f.format
	}
}

// inFull are the formats in words.
var inFull = map[domain.Format]string{
	domain.JSONSchema: "json_schema", domain.JSONObject: "json_object and the schema in the prompt", domain.InPrompt: "the schema in the prompt alone",
}

// validateFailed is Groq's code for an answer that the model got wrong.
const validateFailed = "json_validate_failed"

// tellFormat puts before the person what was found out of a model.
func (c *Client) tellFormat(format string, args ...any) {
	if c.decided != nil {
		c.decided(domain.Decision{At: time.Now(), What: domain.AboutFormat, Text: fmt.Sprintf(format, args...)})
	}
}
