package vision

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"vlocal/domain"
)

// The answer's body, as far as it is used. Servers differ in what they leave out.
type (
	answerBody struct {
		Model   string          `json:"model"`
		Choices []choice        `json:"choices"`
		Usage   *usage          `json:"usage"`
		Error   json.RawMessage `json:"error"`
	}
	choice struct {
		FinishReason string `json:"finish_reason"`
		Message      struct {
			Content content `json:"content"`
			Refusal string  `json:"refusal"`
			// Where servers put what a model thought before it answered:
			// DeepSeek and vLLM, and OpenRouter.
			ReasoningContent string `json:"reasoning_content"`
			Reasoning        string `json:"reasoning"`
		} `json:"message"`
	}
	usage struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
	}
)

// content is a string, or a list of parts of which the texts count.
type content string

func (c *content) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		var parts []struct {
			Text string `json:"text"`
		}
		if err := json.Unmarshal(data, &parts); err != nil {
			return err
		}
		for _, p := range parts {
			*c += content(p.Text)
		}
		return nil
	}
	var s *string // null is an empty text
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	if s != nil {
		*c = content(*s)
	}
	return nil
}

// understand takes a whole HTTP answer.
func (c *Client) understand(res *http.Response, body []byte, task domain.Task) (answer domain.Answer, _ *domain.Error) {
	if res.StatusCode != http.StatusOK {
		return answer, c.statusFault(res, body, task)
	}
	fault := func(kind domain.ErrorKind, hint, format string, args ...any) *domain.Error {
		e := c.fault(kind, fmt.Errorf(format, args...), hint)
		e.HTTPStatus = res.StatusCode
		return e
	}
	var b answerBody
	if err := json.Unmarshal(body, &b); err != nil {
		if looksLikeHTML(res, body) {
			return answer, fault(domain.Model, "check --base-url; it often ends in /v1",
				"a web page answers there, not a model server")
		}
		return answer, fault(domain.InvalidAnswer, "retry; if it stays, the server is not OpenAI-compatible",
			"the answer is not the JSON that was expected (%s)", quote(body))
	}
	if b.Usage != nil {
		answer.Usage = domain.Usage{TokensIn: max(b.Usage.PromptTokens, 0), TokensOut: max(b.Usage.CompletionTokens, 0)}
	}
	answer.Model = b.Model
	if said := errorOf(body); said.message != "" {
		return answer, c.saidFault(res, said, task)
	}
	if len(b.Choices) == 0 {
		return answer, fault(domain.InvalidAnswer, "retry; if it stays, the server is not OpenAI-compatible",
			"the answer has no choices (%s)", quote(body))
	}
	first := b.Choices[0]
	answer.Text = strings.TrimSpace(string(first.Message.Content))
	answer.FinishReason = first.FinishReason
	thought := first.Message.ReasoningContent + first.Message.Reasoning
	switch {
	case first.Message.Refusal != "":
		return answer, fault(domain.Refused, "ask in other words", "the model declines: %s", quote([]byte(first.Message.Refusal)))
	case first.FinishReason == "content_filter":
		return answer, fault(domain.Refused, "ask in other words, or another model", "the server's content filter stopped the answer")
	case answer.Text == "" && thought != "":
		return answer, fault(domain.InvalidAnswer, "raise --max-tokens, or turn the model's thinking off",
			"the model spent its tokens on thinking and gave no answer")
	case first.FinishReason == "length":
		return answer, fault(domain.Truncated, "raise --max-tokens, or ask for a shorter answer",
			"the answer was cut at %d tokens", task.MaxTokens)
	case answer.Text == "":
		return answer, fault(domain.InvalidAnswer, "retry; if it stays, ask in other words", "the answer is empty")
	}
	return answer, nil
}

// errSaid is a server's own word.
var errSaid = errors.New("the server says")
