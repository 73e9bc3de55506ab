package vision

import (
	"errors"
	"regexp"
	"slices"
	"sync"

	"vlocal/domain"
)

// The two names of the bound on an answer's length. The first is the older one,
// which most servers know; OpenAI's newer models refuse it, and some servers
// refuse the second.
//
// Sources: https://platform.openai.com/docs/api-reference/chat/create
// ("deprecated in favor of max_completion_tokens, and is not compatible with
// o-series models"), https://github.com/editor-code-assistant/eca/issues/231
// (Mistral).
const (
	maxTokens           = "max_tokens"
	maxCompletionTokens = "max_completion_tokens"
)

// dialects remembers, for each model, by which name it takes the bound, and in which
// format it is asked for fields. The zero value knows what is documented; it is safe
// for many goroutines.
type dialects struct {
	bounds sync.Map
	// mu is held while a format is given up.
	mu      sync.Mutex
	formats sync.Map
	// proven has the formats in which a model has answered, narrowed the models that
	// refused a schema for its own sake.
	proven, narrowed sync.Map
}

// newNames are the models that are known to refuse max_tokens, by OpenAI's own
// names: the o-series by the document above, gpt-5 by what its server says
// (https://github.com/openai/openai-dotnet/issues/737). Behind another name,
// such as that of a deployment at Azure, the server's refusal tells.
var newNames = regexp.MustCompile(`^(gpt-5|o1|o3|o4)([-.]|$)`)

// bound gives the name by which the model is told the bound.
func (d *dialects) bound(model string) string {
	if name, ok := d.bounds.Load(model); ok {
		return name.(string)
	}
	if newNames.MatchString(model) {
		return maxCompletionTokens
	}
	return maxTokens
}

// refused notes that the model does not take that name.
func (d *dialects) refused(model, name string) {
	other := maxTokens
	if name == maxTokens {
		other = maxCompletionTokens
	}
	d.bounds.Store(model, other)
}

// inDialect makes an exchange with the server, and makes it again at once when
// the server refuses a name of the bound, or a format: at most once for each, so
// that it ends. A refusal costs nothing, so that it is all one attempt.
func (c *Client) inDialect(model string, exchange func() (domain.Answer, *domain.Error)) (domain.Answer, *domain.Error) {
	var refused []string
	for {
		answer, fault := exchange()
		if fault == nil {
			return answer, nil
		}
		if refusal, ok := errors.AsType[*formatRefused](fault.Err); ok && c.refusesFormat(model, refusal) {
			continue
		}
		refusal, ok := errors.AsType[*boundRefused](fault.Err)
		if !ok {
			return answer, fault
		}
		if slices.Contains(refused, refusal.name) {
			// Every other request would end the same way.
			fault.Kind, fault.Hint = domain.Model, "the server takes neither max_tokens nor max_completion_tokens; try another --model or --base-url"
			return answer, fault
		}
		refused = append(refused, refusal.name)
		c.dialects.refused(model, refusal.name)
	}
}

// boundRefused is a server's word that it does not take a name of the bound.
type boundRefused struct {
	name string
	said error
}

func (e *boundRefused) Error() string { return e.said.Error() }

// Unwrap gives what the server says.
func (e *boundRefused) Unwrap() error { return e.said }

// unknownParameter are the words by which servers refuse a parameter as such, as
// against its value ("max_tokens is too large"): OpenAI's; pydantic's, of
// Mistral and vLLM; older OpenAI's; Google's.
var unknownParameter = []string{
	"unsupported_parameter", "unsupported parameter",
	"extra_forbidden", "extra inputs are not permitted",
	"unrecognized request argument", "unknown parameter", "unknown name",
}

// refusesBound gives the name of the bound that the server refuses; "" if it
// refuses none.
func (s said) refusesBound() string {
	if !s.has(unknownParameter...) {
		return ""
	}
	if s.param == maxTokens || s.param == maxCompletionTokens {
		return s.param
	}
	return firstBound.FindString(s.message) // the other one may follow as advice
}

var firstBound = regexp.MustCompile(maxTokens + `|` + maxCompletionTokens)
