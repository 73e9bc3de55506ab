package vision_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/vision"
)

// https://platform.openai.com/docs/api-reference/chat/streaming
const streamed = `data: {"id":"1","object":"chat.completion.chunk","model":"m-2024","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

data: {"id":"1","model":"m-2024","choices":[{"index":0,"delta":{"content":" a "},"finish_reason":null}]}

data: {"id":"1","model":"m-2024","choices":[{"index":0,"delta":{"content":"cat"},"finish_reason":null}]}

data: {"id":"1","model":"m-2024","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"1","model":"m-2024","choices":[],"usage":{"prompt_tokens":812,"completion_tokens":3,"total_tokens":815}}

data: [DONE]

`

func TestStreamsAreReadWhereNoneWasAsked(t *testing.T) {
	whole := domain.Answer{Text: "a cat", FinishReason: "stop", Model: "m-2024", Usage: domain.Usage{TokensIn: 812, TokensOut: 3}}
	untold := whole
	untold.Usage = domain.Usage{}
	var lines []string
	for line := range strings.Lines(streamed) {
		if line != "\n" {
			lines = append(lines, line)
		}
	}
	for name, c := range map[string]struct {
		kind, body string // of content
		want       domain.Answer
	}{
		"as documented":               {"text/event-stream", streamed, whole},
		"without its type":            {"application/json", streamed, whole},
		"CRLF":                        {"text/event-stream; charset=utf-8", strings.ReplaceAll(streamed, "\n", "\r\n"), whole},
		"CR":                          {"text/event-stream", strings.ReplaceAll(streamed, "\n", "\r"), whole},
		"no space":                    {"text/event-stream", strings.ReplaceAll(streamed, "data: ", "data:"), whole},
		"no blank lines":              {"text/event-stream", strings.Join(lines, ""), whole},
		"no [DONE]":                   {"text/event-stream", strings.Replace(streamed, "data: [DONE]", "", 1), whole},
		"cut off after its end":       {"text/event-stream", streamed[:strings.Index(streamed, `data: {"id":"1","model":"m-2024","choices":[],`)], untold},
		"a byte order mark":           {"text/event-stream", "\ufeff" + streamed, whole},
		"OpenRouter's comments":       {"text/event-stream", ": OPENROUTER PROCESSING\n\n" + strings.Replace(streamed, "\n\n", "\n\n: OPENROUTER PROCESSING\n\n", 2), whole},
		"DeepSeek's comments":         {"text/event-stream", ": keep-alive\n\n" + streamed, whole},
		"named events":                {"text/event-stream", strings.ReplaceAll(streamed, "data: ", "event: message\nid: 7\nretry: 3\ndata: "), whole},
		"an event of several lines":   {"text/event-stream", strings.Replace(streamed, `"choices":[{"index":0,"delta":{"content":" a "}`, "\ndata: \"choices\":\ndata: [{\"index\":0,\"delta\":{\"content\":\" a \"}", 1), whole},
		"the whole in a message":      {"text/event-stream", "data: " + strings.ReplaceAll(fine, "\n", "") + "\n\ndata: [DONE]\n\n", whole},
		"JSON with a stream's end":    {"text/event-stream", fine + "\n\ndata: [DONE]\n\n", whole}, // https://github.com/decolua/9router/issues/3492
		"JSON, said to be a stream":   {"text/event-stream", fine, whole},
		"JSON after keep-alive lines": {"application/json", strings.Repeat("\n", 500) + "  " + fine, whole}, // https://api-docs.deepseek.com/quick_start/rate_limit
		"JSON after a mark":           {"application/json", "\ufeff" + fine, whole},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := asking(t, vision.Options{}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				_, _ = io.WriteString(w, c.body)
			}).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStreamsThatGoWrong(t *testing.T) {
	begin := streamed[:strings.Index(streamed, `data: {"id":"1","model":"m-2024","choices":[{"index":0,"delta":{},`)]
	for name, c := range map[string]struct {
		body, text string
		kind       domain.ErrorKind
		says       string
	}{
		"cut off":                 {begin, "a cat", domain.Network, "in the middle"},
		"cut off within an event": {begin[:len(begin)-40], "a", domain.Network, "in the middle"},
		"nothing but comments":    {": keep-alive\n\n: keep-alive\n\n", "", domain.Network, "in the middle"},
		"cut at the limit":        {strings.Replace(streamed, `"stop"`, `"length"`, 1), "a cat", domain.Truncated, "--max-tokens"},
		"empty":                   {"data: [DONE]\n\n", "", domain.InvalidAnswer, "no choices"},
		"thoughts only": {`data: {"choices":[{"delta":{"reasoning_content":"Let me see"}}]}

data: {"choices":[{"delta":{},"finish_reason":"length"}]}

data: [DONE]
`, "", domain.Truncated, "thinking off"},
		"a refusal": {`data: {"choices":[{"delta":{"refusal":"I can't"}}]}

data: {"choices":[{"delta":{"refusal":" help"},"finish_reason":"stop"}]}

`, "", domain.Refused, "I can't help"},
		// https://openrouter.ai/docs/api-reference/streaming, "Handling Errors During Streaming"
		"an error in the middle": {begin + `data: {"id":"cmpl-1","object":"chat.completion.chunk","provider":"openai","error":{"code":"server_error","message":"Provider disconnected unexpectedly"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}

`, "a cat", domain.Server, "Provider disconnected"},
		// https://docs.anthropic.com/en/api/errors
		"an error at once": {"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n", "", domain.Server, "says 529: Overloaded"},
		"a quota":          {`data: {"error":{"message":"no","code":"insufficient_quota"}}` + "\n\n", "", domain.Quota, "top up"},
		// https://www.w3cschool.cn/ollamadocs/ollamadocs-api-streaming.html
		"Ollama's own, in lines": {`{"model":"llava","created_at":"2025-10-26T17:15:24.097767Z","message":{"role":"assistant","content":"That"},"done":false}
{"model":"llava","created_at":"2025-10-26T17:15:24.109172Z","message":{"role":"assistant","content":"'"},"done":true,"done_reason":"stop"}
`, "", domain.Model, "/v1"},
		"Ollama's own, whole": {`{"model":"llava","created_at":"2025-10-26T17:15:24.109172Z","message":{"role":"assistant","content":"'"},"done":true,"done_reason":"stop"}`, "", domain.Model, "/v1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := asking(t, vision.Options{}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, c.body)
			}).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
			if got.Text != c.text || domain.KindOf(err) != c.kind {
				t.Fatalf("%+v, %v; want %q and %q", got, err, c.text, c.kind)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
		})
	}
}

func TestErrorStatusWithAStream(t *testing.T) {
	_, err := asking(t, vision.Options{}, says(429, "data: {\"error\":{\"message\":\"slow down\"}}\n\n")).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
	if domain.KindOf(err) != domain.RateLimited || !strings.Contains(err.Error(), "429: slow down") {
		t.Errorf("%v", err)
	}
}
