package vision_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/vision"
)

// What a model thought is never its answer, and an answer of nothing else says
// what to do.
func TestThoughtsAreNoAnswer(t *testing.T) {
	const used = `"usage":{"prompt_tokens":9,"completion_tokens":77,"completion_tokens_details":{"reasoning_tokens":77}}`
	for _, c := range []struct {
		source, finish, message, usage string
		text                           string
		kind                           domain.ErrorKind
	}{
		{"https://api-docs.deepseek.com/guides/reasoning_model", "stop", `{"content":"a cat","reasoning_content":"Whiskers"}`, "", "a cat", ""},
		{"https://api-docs.deepseek.com/guides/reasoning_model", "stop", `{"content":"","reasoning_content":"Whiskers"}`, "", "", domain.InvalidAnswer},
		{"https://openrouter.ai/docs/use-cases/reasoning-tokens", "length", `{"content":null,"reasoning":"Whiskers","reasoning_details":[{"type":"reasoning.text","text":"Whiskers"}]}`, "", "", domain.Truncated},
		{"https://openrouter.ai/docs/use-cases/reasoning-tokens", "stop", `{"content":"","reasoning_details":[{"type":"reasoning.encrypted","data":"AA=="}]}`, "", "", domain.InvalidAnswer},
		{"https://platform.openai.com/docs/guides/reasoning (it shows none)", "length", `{"content":""}`, used, "", domain.Truncated},
		{"https://platform.openai.com/docs/guides/reasoning", "stop", `{"content":"a cat","refusal":null}`, used, "a cat", ""},
		{"https://github.com/spring-projects/spring-ai/issues/5019 (Mistral)", "stop",
			`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Whiskers"}]},{"type":"text","text":"a cat"}]}`, "", "a cat", ""},
		{"https://github.com/spring-projects/spring-ai/issues/5019 (Mistral)", "length",
			`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Whiskers"}]}]}`, "", "", domain.Truncated},
		{"a part of another name", "stop", `{"content":[{"type":"reasoning","text":"Whiskers"},{"type":"text","text":"a cat"}]}`, "", "a cat", ""},
		{"https://github.com/vllm-project/vllm/issues/13375", "stop", `{"content":"<think>\nWhiskers\n</think>\n\na cat"}`, "", "a cat", ""},
		{"https://github.com/vllm-project/vllm/issues/13375", "stop", `{"content":"\n<think>\n\n</think>\n\na cat"}`, "", "a cat", ""},
		{"https://github.com/vllm-project/vllm/issues/12999 (the first tag is in the template)", "stop", `{"content":"Whiskers\n</think>\n\na cat"}`, "", "a cat", ""},
		{"cut off within", "length", `{"content":"<think>\nWhis"}`, "", "", domain.Truncated},
		{"nothing behind", "stop", `{"content":"<think>Whiskers</think>\n"}`, "", "", domain.InvalidAnswer},
		{"nothing behind", "stop", `{"content":"Whiskers</think>"}`, "", "", domain.InvalidAnswer},
		{"a tag that is talked of", "stop", `{"content":"It says <think>hard</think> on the shirt"}`, "", "It says <think>hard</think> on the shirt", ""},
	} {
		body := fmt.Sprintf(`{"model":"m","choices":[{"index":0,"finish_reason":%q,"message":%s}]%s}`, c.finish, c.message, strings.TrimSuffix(","+c.usage, ","))
		got, err := asking(t, vision.Options{}, says(200, body)).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		if got.Text != c.text || domain.KindOf(err) != c.kind {
			t.Errorf("%s\n%s\n%+v, %v; want %q and %q", c.source, body, got, err, c.text, c.kind)
		}
		if err != nil && !strings.Contains(err.Error(), "more --max-tokens, or thinking off") {
			t.Errorf("%s\n%v has no way out", c.source, err)
		}
	}
}

func TestUsageOfEveryShape(t *testing.T) {
	usd := func(d float64) *domain.Money { m := domain.Dollars(d); return &m }
	for _, c := range []struct {
		source, usage string
		want          domain.Usage
		cost          *domain.Money
	}{
		{"none", `null`, domain.Usage{}, nil},
		{"https://platform.openai.com/docs/guides/prompt-caching", `{"prompt_tokens":2006,"completion_tokens":300,"prompt_tokens_details":{"cached_tokens":1920},"completion_tokens_details":{"reasoning_tokens":0}}`,
			domain.Usage{TokensIn: 2006, TokensOut: 300, TokensCached: 1920}, nil},
		{"https://api-docs.deepseek.com/guides/kv_cache", `{"prompt_tokens":100,"completion_tokens":5,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}`,
			domain.Usage{TokensIn: 100, TokensOut: 5, TokensCached: 64}, nil},
		{"https://platform.openai.com/docs/api-reference/responses", `{"input_tokens":36,"input_tokens_details":{"cached_tokens":8},"output_tokens":87}`,
			domain.Usage{TokensIn: 36, TokensOut: 87, TokensCached: 8}, nil},
		{"https://openrouter.ai/docs/use-cases/usage-accounting", `{"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":0},"cost":0.95,"cost_details":{"upstream_inference_cost":19},"prompt_tokens":194,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":100,"audio_tokens":0},"total_tokens":196}`,
			domain.Usage{TokensIn: 194, TokensOut: 2}, usd(0.95)},
		{"a free model of OpenRouter", `{"prompt_tokens":194,"completion_tokens":2,"cost":0}`, domain.Usage{TokensIn: 194, TokensOut: 2}, usd(0)},
		{"https://github.com/maximhq/bifrost/issues/5425", `{"prompt_tokens":null,"completion_tokens":null,"total_tokens":0}`, domain.Usage{}, nil},
		{"floats", `{"prompt_tokens":12.0,"completion_tokens":3.0e0,"cost":1e-5}`, domain.Usage{TokensIn: 12, TokensOut: 3}, usd(1e-5)},
		{"texts", `{"prompt_tokens":"12","completion_tokens":" 3 ","cost":"0.5"}`, domain.Usage{TokensIn: 12, TokensOut: 3}, usd(0.5)},
		{"nonsense", `{"prompt_tokens":-12,"completion_tokens":true,"prompt_tokens_details":[],"completion_tokens_details":"x","cost":{"a":1}}`, domain.Usage{}, nil},
		{"not numbers", `{"prompt_tokens":"NaN","completion_tokens":"Inf","cost":"NaN"}`, domain.Usage{}, nil},
		{"beyond belief", `{"prompt_tokens":1e300,"completion_tokens":1,"cost":1e300}`, domain.Usage{TokensIn: 1<<31 - 1, TokensOut: 1}, nil},
		{"less than nothing", `{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":9},"cost":-1}`, domain.Usage{TokensIn: 5, TokensOut: 1, TokensCached: 5}, nil},
		{"no object", `[1]`, domain.Usage{}, nil},
	} {
		body := fmt.Sprintf(`{"model":"m","choices":[{"finish_reason":"stop","message":{"content":"hi"}}],"usage":%s}`, c.usage)
		got, err := asking(t, vision.Options{}, says(200, body)).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
		}
		want := domain.Answer{Text: "hi", FinishReason: "stop", Model: "m", Usage: c.want, Cost: c.cost}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", c.source, diff)
		}
	}
}

// A field of another type than documented is no reason to lose an answer.
func TestOddTypesLoseNoAnswer(t *testing.T) {
	for _, body := range []string{
		`{"model":5,"choices":[{"finish_reason":["stop"],"index":"0","message":{"content":"hi","refusal":[],"reasoning":{}}}],"usage":"none","error":null}`,
		`{"choices":[{"message":{"content":["h",{"text":"i"}]},"error":null}],"error":{}}`,
		`{"choices":[{"message":{"content":"h\u0000i"}}],"error":""}`,
		`{"choices":[{"message":{"content":"hi"}},7]} trailing`,
		`{"choices":[{"message":{"content":"hi"},"error":false}],"error":{"message":null,"code":0}}`,
		`{"choices":[{"message":{"content":"hi"},"error":0}],"error":[]}`,
	} {
		got, err := asking(t, vision.Options{}, says(200, body)).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		if err != nil || got.Text != "hi" {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	got, err := asking(t, vision.Options{}, says(200, `{"choices":[{"message":{"content":"\ud800 `+"\xff"+` ok"}}]}`)).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
	if err != nil || got.Text != "\ufffd \ufffd ok" {
		t.Errorf("%q, %v", got.Text, err)
	}
}
