package vision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"vlocal/domain"
)

// The answer's body, as far as it is used. Servers differ in what they leave out
// and in the types of what they put in.
type (
	answerBody struct {
		Model   string   `json:"model"`
		Choices []choice `json:"choices"`
		Usage   *usage   `json:"usage"`
		// With any status, also 200.
		Error json.RawMessage `json:"error"`
		// Only Ollama's native endpoint has it, which is not supported.
		Done *bool `json:"done"`
	}
	choice struct {
		Index        int    `json:"index"`
		FinishReason string `json:"finish_reason"`
		Message      reply  `json:"message"`
		// In a stream, the next words.
		Delta reply `json:"delta"`
		// OpenRouter, when the model's server fails in the middle.
		Error json.RawMessage `json:"error"`
	}
)

// decode reads JSON into v as far as it fits: a value of another type than v
// wants is left out. Its error is that data is no JSON.
func decode(data []byte, v any) error { return unlessMisfit(json.Unmarshal(data, v)) }

// unlessMisfit gives a decoder's error, unless it is about types: all the rest
// of the value has been decoded then.
func unlessMisfit(err error) error {
	if _, misfit := errors.AsType[*json.UnmarshalTypeError](err); misfit {
		return nil
	}
	return err
}

// bom is what some servers on Windows begin a body with.
var bom = []byte("\xef\xbb\xbf")

// understand takes a whole HTTP answer. Beside an error the answer holds what
// came all the same.
func (c *Client) understand(res *http.Response, body []byte, task domain.Task) (domain.Answer, *domain.Error) {
	body = bytes.TrimPrefix(body, bom)
	if res.StatusCode/100 != 2 {
		s := errorOf(body).or(pageOf(res, body))
		if text := c.clean(s.generated); s.code == validateFailed && text != "" && task.Schema != "" {
			// Not JSON by the server's measure; whether it can be used is seen later.
			return domain.Answer{Text: text}, nil
		}
		return domain.Answer{}, c.saidFault(res, s, task)
	}
	var b answerBody
	var fault *domain.Error
	if err := decode(body, &b); err != nil {
		if b, fault = c.unravel(res, body); fault != nil && len(b.Choices) == 0 {
			return domain.Answer{}, fault
		}
	}
	answer := domain.Answer{Model: c.quote(b.Model), Usage: b.Usage.counts(), Cost: b.Usage.cost()}
	if len(b.Choices) == 0 {
		return answer, c.noChoice(res, b, body, task)
	}
	first := b.Choices[0]
	text, thought := first.Message.text()
	text, inText := withoutThinking(text)
	answer.Text = c.clean(text)
	answer.FinishReason = c.quote(first.FinishReason)
	if s := errorIn(b.Error).or(errorIn(first.Error)); s.message != "" {
		return answer, c.saidFault(res, s, task)
	}
	if fault != nil {
		return answer, fault
	}
	return answer, c.judge(res, first, answer.Text, thought || inText || b.Usage.thought(), task)
}

// clean gives a model's text without what may not be kept.
func (c *Client) clean(text string) string {
	return c.hide(strings.TrimSpace(strings.ReplaceAll(text, "\x00", "")))
}

// unravel reads a body that is not one JSON value: a stream where none was asked
// for, or JSON with the end of a stream behind it. The answer beside an error is
// what came before the connection was lost.
func (c *Client) unravel(res *http.Response, body []byte) (b answerBody, _ *domain.Error) {
	fault := func(kind domain.ErrorKind, hint, format string, args ...any) *domain.Error {
		return c.answerFault(res, kind, hint, fmt.Errorf(format, args...))
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return b, fault(domain.Server, "", "the server answered with nothing")
	}
	// An answer with the end of a stream behind it, or the lines of Ollama's own
	// API: https://github.com/decolua/9router/issues/3492
	err := unlessMisfit(json.NewDecoder(bytes.NewReader(body)).Decode(&b))
	if err == nil && (len(b.Choices) > 0 || b.Done != nil) {
		return b, nil
	}
	if looksLikeStream(res.Header, body) {
		b, ended := readStream(body)
		if !ended {
			return b, fault(domain.Network, "", "the answer stopped in the middle")
		}
		return b, nil
	}
	if looksLikeHTML(res, body) {
		return b, fault(domain.Model, checkAddress, "a web page answers there, not a model server")
	}
	return answerBody{}, fault(domain.InvalidAnswer, notCompatible, "the answer is not the JSON that was expected (%s)", c.quote(string(body)))
}

// Hints about the server as a whole.
const (
	checkAddress  = "check --base-url; it often ends in /v1"
	nativeOllama  = "check --base-url; Ollama's ends in /v1, such as http://localhost:11434/v1"
	notCompatible = "retry; if it stays, the server is not OpenAI-compatible"
)

// noChoice says why an answer of a server without an error status holds none.
func (c *Client) noChoice(res *http.Response, b answerBody, body []byte, task domain.Task) *domain.Error {
	if b.Done != nil {
		return c.answerFault(res, domain.Model, nativeOllama, errors.New("that is Ollama's own API, not the one compatible with OpenAI's"))
	}
	if s := errorIn(b.Error).or(errorOf(body)); s.message != "" {
		return c.saidFault(res, s, task)
	}
	return c.answerFault(res, domain.InvalidAnswer, notCompatible, fmt.Errorf("the answer has no choices (%s)", c.quote(string(body))))
}

// Reasons why an answer ends, other than that it is complete.
//
// Sources: https://platform.openai.com/docs/api-reference/chat/object,
// https://api-docs.deepseek.com/api/create-chat-completion
// (insufficient_system_resource), https://docs.mistral.ai/api (model_length,
// error), https://github.com/genkit-ai/genkit/pull/6259 (Z.ai's sensitive and
// network_error, a gateway's error).
var (
	cutReasons      = []string{"length", "model_length"}
	filteredReasons = []string{"content_filter", "sensitive"}
	failedReasons   = []string{"error", "network_error", "insufficient_system_resource"}
)

// judge says what is wrong with an answer; nil if it is one. text is what is
// left of it without the thoughts. An answer of which the limit left only
// thoughts is cut, one that ends by itself with nothing said is not understood;
// the way out is the same.
func (c *Client) judge(res *http.Response, first choice, text string, thought bool, task domain.Task) *domain.Error {
	fault := func(kind domain.ErrorKind, hint, format string, args ...any) *domain.Error {
		return c.answerFault(res, kind, hint, fmt.Errorf(format, args...))
	}
	cut := slices.Contains(cutReasons, first.FinishReason)
	refusal, _ := first.Message.Refusal.(string)
	const thinkingOff = "more --max-tokens, or thinking off"
	switch {
	case refusal != "":
		return fault(domain.Refused, "ask in other words", "the model declines: %s", c.quote(refusal))
	case slices.Contains(filteredReasons, first.FinishReason):
		return fault(domain.Filtered, "ask in other words, or another model", "the server's content filter stopped the answer")
	case slices.Contains(failedReasons, first.FinishReason):
		return fault(domain.Server, "", "the server broke the answer off (%s)", c.quote(first.FinishReason))
	case text == "" && thought && cut:
		return fault(domain.Truncated, thinkingOff, "the model spent its %d tokens on thinking and gave no answer", task.MaxTokens)
	case text == "" && thought:
		return fault(domain.InvalidAnswer, thinkingOff, "the model thought and gave no answer")
	case cut:
		return fault(domain.Truncated, "raise --max-tokens, or ask for a shorter answer", "the answer was cut at %d tokens", task.MaxTokens)
	case text == "":
		return fault(domain.InvalidAnswer, "retry; if it stays, ask in other words", "the answer is empty")
	}
	return nil
}

// answerFault is an error about an answer that came.
func (c *Client) answerFault(res *http.Response, kind domain.ErrorKind, hint string, err error) *domain.Error {
	e := c.fault(kind, err, hint)
	e.HTTPStatus = res.StatusCode
	return e
}
