package vision

import "strings"

// reply is what the model says, whole or, in a stream, a piece of it.
type reply struct {
	// A text, null, or a list of parts.
	Content any `json:"content"`
	Refusal any `json:"refusal"`
	// Where servers put what a model thought before it answered: DeepSeek and
	// vLLM; OpenRouter, Ollama and newer vLLM; OpenRouter for thoughts that it
	// may not show.
	ReasoningContent any `json:"reasoning_content"`
	Reasoning        any `json:"reasoning"`
	ReasoningDetails any `json:"reasoning_details"`
}

// text gives the words of the answer, and reports whether the model thought.
// What it thought is no part of the answer.
func (m reply) text() (text string, thought bool) {
	text, thought = partsText(m.Content)
	for _, v := range []any{m.ReasoningContent, m.Reasoning, m.ReasoningDetails} {
		thought = thought || !isEmpty(v)
	}
	return text, thought
}

// partsText gives the texts of a content, which is a text or a list of parts:
//
//	{"type": "text", "text": "…"}
//	{"type": "thinking", "thinking": [{"type": "text", "text": "…"}]}
//
// Source: https://github.com/spring-projects/spring-ai/issues/5019 (Mistral's
// magistral models).
func partsText(content any) (text string, thought bool) {
	switch v := content.(type) {
	case string:
		return v, false
	case []any:
		for _, part := range v {
			t, th := partText(part)
			text, thought = text+t, thought || th
		}
	}
	return text, thought
}

func partText(part any) (text string, thought bool) {
	switch p := part.(type) {
	case string:
		return p, false
	case map[string]any:
		kind, _ := p["type"].(string)
		if kind == "thinking" || kind == "reasoning" {
			return "", true
		}
		text, _ = p["text"].(string)
	}
	return text, false
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}

// withoutThinking cuts the block of thoughts off the front of an answer, and
// reports whether there was one. Servers that do not part the two leave it
// there; where the template of a question ends in <think>, only </think> shows.
//
// Source: https://github.com/vllm-project/vllm/issues/12999
func withoutThinking(text string) (rest string, thought bool) {
	const open, end = "<think>", "</think>"
	rest = strings.TrimSpace(text)
	for strings.HasPrefix(rest, open) {
		_, after, closed := strings.Cut(rest, end)
		if !closed {
			return "", true
		}
		rest, thought = strings.TrimSpace(after), true
	}
	if before, after, closed := strings.Cut(rest, end); closed && !strings.Contains(before, open) {
		rest, thought = strings.TrimSpace(after), true
	}
	return rest, thought
}
