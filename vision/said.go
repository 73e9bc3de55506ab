package vision

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// said is what a server says of an error. The zero value is nothing.
type said struct {
	// message is for people, at most maxSaid bytes.
	message string
	// kind, code and param are the error's type, its code (a word or a number)
	// and the parameter it is about; "" where the server gave none.
	kind, code, param string
	// clues are further words to judge by, which say nothing to people.
	clues string
	// generated is what the model said, where the server keeps it back for not being
	// JSON.
	generated string
	// wait is how long the server asks to wait, if its body says so.
	wait time.Duration
	// page says that it was a web page.
	page bool
}

// maxSaid bounds what is looked at of a message, in bytes. Some repeat the whole
// request.
const maxSaid = 2000

// or gives s, or other if s is nothing.
func (s said) or(other said) said {
	if s.message == "" {
		return other
	}
	return s
}

// has reports whether one of the words, in lower case, is in what was said.
func (s said) has(words ...string) bool {
	all := strings.ToLower(s.code + " " + s.kind + " " + s.clues + " " + s.message)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(all, w) })
}

// errorOf finds the error in a body, whatever its shape; nothing if there is
// none.
//
//	{"error": {"message", "type", "code", "param"}}   OpenAI, Azure, Groq, llama.cpp, vLLM, Anthropic
//	{"error": {"message", "code", "metadata"}}        OpenRouter
//	[{"error": {"message", "status", "details"}}]     Google
//	{"error": "text"}                                 Ollama, LM Studio; with "code" xAI
//	{"object": "error", "message", "type", "code"}    older vLLM
//	{"message": {"detail": [{"loc", "msg"}]}}         Mistral
//	{"detail": "text" or [{"loc", "msg"}]}            FastAPI
//	data: {"error": …}                                in a stream
func errorOf(body []byte) said {
	body = bytes.TrimSpace(body)
	if looksLikeStream(nil, body) {
		b, _ := readStream(body)
		return errorIn(b.Error)
	}
	if bytes.HasPrefix(body, []byte("[")) {
		var list []json.RawMessage
		if decode(body, &list) != nil || len(list) == 0 {
			return said{}
		}
		body = list[0]
	}
	var b struct {
		Error  json.RawMessage `json:"error"`
		Detail json.RawMessage `json:"detail"`
		// Hugging Face, in seconds.
		EstimatedTime float64 `json:"estimated_time"`
		errorFields
	}
	if decode(body, &b) != nil {
		return said{}
	}
	outer := b.said(0)
	s := errorIn(b.Error).or(outer).or(said{message: messageIn(b.Detail)})
	s.kind, s.code = cmp.Or(s.kind, outer.kind), cmp.Or(s.code, outer.code)
	s.wait = max(s.wait, bounded(b.EstimatedTime))
	return s
}

// errorFields are those of an error, as far as they are used.
type errorFields struct {
	Message json.RawMessage `json:"message"`
	Type    string          `json:"type"`
	Code    json.RawMessage `json:"code"`
	Param   string          `json:"param"`
	// Groq: https://console.groq.com/docs/structured-outputs
	FailedGeneration json.RawMessage `json:"failed_generation"`
	// Google's word in place of a type.
	Status string `json:"status"`
	// Azure: https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
	InnerError struct {
		Code string `json:"code"`
	} `json:"innererror"`
	// OpenRouter: https://openrouter.ai/docs/api-reference/errors
	Metadata struct {
		// What the model's server said, as text or as JSON in a text.
		Raw          json.RawMessage `json:"raw"`
		ProviderName string          `json:"provider_name"`
		// Which of its limits was met.
		LimitSource string `json:"limit_source"`
		// Why its moderation flagged the input.
		Reasons []string `json:"reasons"`
	} `json:"metadata"`
	// Google: https://cloud.google.com/apis/design/errors#error_details
	Details []struct {
		RetryDelay string `json:"retryDelay"`
		Reason     string `json:"reason"`
		Violations []struct {
			QuotaID string `json:"quotaId"`
		} `json:"violations"`
	} `json:"details"`
}

// maxNested bounds errors within errors, which gateways make.
const maxNested = 3

// errorIn reads the value of an error field: an object or a text.
func errorIn(v json.RawMessage) said { return errorAt(v, 0) }

func errorAt(v json.RawMessage, depth int) said {
	v = bytes.TrimSpace(v)
	if !isSaid(v) || depth > maxNested {
		return said{}
	}
	switch v[0] {
	case '"', '[':
		return said{message: messageIn(v)}.unwrapped(depth)
	case '{':
	default: // false and 0 say that there is none, true leaves it to other fields
		return said{}
	}
	var f errorFields
	if decode(v, &f) != nil {
		return said{}
	}
	s := f.said(depth)
	if s.message == "" && (s.kind != "" || s.code != "" && s.code != "0") {
		s.message = clip(string(v))
	}
	return s
}

// said gives what the fields say.
func (f errorFields) said(depth int) said {
	s := said{
		message: messageIn(f.Message), kind: cmp.Or(f.Type, f.Status), code: messageIn(f.Code), param: f.Param,
		clues: f.InnerError.Code + " " + f.Metadata.LimitSource, generated: messageIn(f.FailedGeneration),
	}.unwrapped(depth)
	if len(f.Metadata.Reasons) > 0 {
		s.clues += " moderation"
	}
	if raw := (said{message: messageIn(f.Metadata.Raw)}).unwrapped(depth); raw.message != "" {
		s.clues += " " + raw.clues + " " + raw.kind + " " + raw.code
		s.param = cmp.Or(s.param, raw.param)
		s.message = fmt.Sprintf("%s (%s: %s)", s.message, cmp.Or(f.Metadata.ProviderName, "provider"), raw.message)
	}
	for _, d := range f.Details {
		s.clues += " " + d.Reason
		for _, v := range d.Violations {
			s.clues += " " + v.QuotaID
		}
		if wait, err := time.ParseDuration(d.RetryDelay); err == nil {
			s.wait = max(s.wait, bounded(wait.Seconds()))
		}
	}
	s.clues, s.message = clip(s.clues), clip(s.message)
	return s
}

// unwrapped gives the error that the message is, if a gateway put one there as
// JSON; s itself otherwise.
func (s said) unwrapped(depth int) said {
	text := strings.TrimSpace(s.message)
	if depth >= maxNested || !strings.HasPrefix(text, "{") {
		return s
	}
	var inner struct {
		Error json.RawMessage `json:"error"`
	}
	if decode([]byte(text), &inner) != nil {
		return s
	}
	in := errorAt(inner.Error, depth+1)
	if in.message == "" {
		return s
	}
	in.kind, in.code, in.param = cmp.Or(in.kind, s.kind), cmp.Or(in.code, s.code), cmp.Or(in.param, s.param)
	in.clues = s.clues + " " + in.clues
	return in
}

// messageIn gives a value as it reads: a text as it is, a list of what is wrong
// with a request as "where: what", null as "", and any other as it is written.
func messageIn(v json.RawMessage) string {
	var text string
	if json.Unmarshal(v, &text) == nil { // also null
		return text
	}
	var list struct {
		Detail json.RawMessage `json:"detail"`
	}
	if decode(v, &list) == nil && isSaid(list.Detail) {
		v = list.Detail
		if json.Unmarshal(v, &text) == nil {
			return text
		}
	}
	var wrong []struct {
		Loc []any  `json:"loc"`
		Msg string `json:"msg"`
	}
	switch {
	case decode(v, &wrong) != nil || string(v) == "[]":
		return ""
	case len(wrong) == 0 || wrong[0].Msg == "":
		return string(v)
	}
	var lines []string
	for _, w := range wrong[:min(len(wrong), 5)] {
		var where []string
		for _, step := range w.Loc {
			where = append(where, fmt.Sprint(step))
		}
		lines = append(lines, strings.Join(where, ".")+": "+w.Msg)
	}
	return strings.Join(lines, "; ")
}

// clip bounds a text to maxSaid.
func clip(text string) string { return text[:min(len(text), maxSaid)] }

// maxHead bounds where the title of a page is looked for, in bytes.
const maxHead = 16 << 10

var title = regexp.MustCompile(`(?is)<title[^>]*>([^<]*)`)

// pageOf is what a body says that is no error in JSON: a page's title, a plain
// text, or only the status.
func pageOf(res *http.Response, body []byte) said {
	s := said{page: looksLikeHTML(res, body)}
	switch found := title.FindSubmatch(body[:min(len(body), maxHead)]); {
	case s.page && found != nil:
		s.message = strings.TrimSpace(clip(string(found[1])))
	case !s.page:
		s.message = strings.TrimSpace(clip(string(body)))
	}
	s.message = cmp.Or(s.message, http.StatusText(res.StatusCode), "status "+strconv.Itoa(res.StatusCode))
	return s
}

func looksLikeHTML(res *http.Response, body []byte) bool {
	return strings.Contains(res.Header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}
