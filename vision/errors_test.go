package vision_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"vlocal/domain"
	"vlocal/vision"
)

// documented is what a server is known to say of an error, and where that is
// written down.
type documented struct {
	source string
	status int
	body   string
	kind   domain.ErrorKind
	says   string // part of the error
}

func (d documented) check(t *testing.T) {
	t.Helper()
	_, err := asking(t, vision.Options{}, func(w http.ResponseWriter, _ *http.Request) {
		if strings.HasPrefix(d.body, "<") {
			w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		}
		w.WriteHeader(d.status)
		_, _ = io.WriteString(w, d.body)
	}).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Kind != d.kind || e.HTTPStatus != d.status || !strings.Contains(e.Error(), d.says) {
		t.Errorf("%s\n%d %.120s\n%v (%s)\nwant %s and %q", d.source, d.status, d.body, err, domain.KindOf(err), d.kind, d.says)
	}
}

// That a model sees no pictures concerns every image; that one picture cannot be
// read concerns that one.
func TestModelWithoutEyesStopsTheRun(t *testing.T) {
	for _, d := range []documented{
		{"https://github.com/browser-use/web-ui/issues/274", 400,
			`{"error":{"message":"Invalid content type. image_url is only supported by certain models.","type":"invalid_request_error","param":"messages.[1].content.[1].type","code":null}}`,
			domain.Model, "sees pictures"},
		{"https://github.com/ollama/ollama/issues/17301", 400, `{"error":{"message":"this model does not support image input (ref: b8bd630e)","type":"invalid_request_error","param":null,"code":null}}`,
			domain.Model, "sees pictures"},
		{"https://github.com/ollama/ollama/blob/main/model/model.go", 500, `{"error":{"message":"this model is missing data required for image input","type":"api_error","param":null,"code":null}}`,
			domain.Model, "sees pictures"},
		{"https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/908", 400, `{"error":"Model does not support images. Please use a model that does."}`,
			domain.Model, "sees pictures"},
		{"https://github.com/lmstudio-ai/lms/issues/362", 200,
			`{"error":{"message":"Error in iterating prediction stream: ValueError: Vision add-on is not loaded, but images were provided for processing"},"message":"Error in iterating prediction stream"}`,
			domain.Model, "sees pictures"},
		{"https://github.com/ggml-org/llama.cpp/issues/13566", 500, `{"error":{"code":500,"message":"image input is not supported by this server","type":"server_error"}}`,
			domain.Model, "sees pictures"},
		{"https://github.com/studio-dots-ai/dots.ocr/issues/61 (vLLM)", 400,
			`{"object":"error","message":"facebook/opt-125m is not a multimodal model None","type":"BadRequestError","param":null,"code":400}`,
			domain.Model, "sees pictures"},
		{"https://github.com/OpenSecretCloud/opensecret/issues/124 (newer vLLM)", 400,
			`{"error":{"message":"/mnt/modelweights-textgen-0 is not a multimodal model None","type":"BadRequestError","param":null,"code":400}}`,
			domain.Model, "sees pictures"},
		{"https://github.com/aaif-goose/goose/issues/5396 (OpenRouter)", 404, `{"error":{"message":"No endpoints found that support image input","code":404}}`,
			domain.Model, "sees pictures"},
		{"https://github.com/1jehuang/jcode/issues/310 (DeepSeek)", 400,
			"{\"error\":{\"message\":\"Failed to deserialize the JSON body into the target type: messages[7]: unknown variant `image_url`, expected `text` at line 1 column 114708\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_request_error\"}}",
			domain.Model, "sees pictures"},
		{"https://github.com/chatboxai/chatbox/issues/1740 (older DeepSeek)", 422,
			`Failed to deserialize the JSON body into the target type: messages[2]: invalid type: sequence, expected a string at line 1 column 2901`,
			domain.Model, "sees pictures"},
		{"https://github.com/vercel/ai/issues/2837, sam3gp8/jarvis-aio/issues/17 (Groq)", 400,
			`{"error":{"message":"messages[0].content must be a string","type":"invalid_request_error","param":"messages[0].content"}}`,
			domain.Model, "sees pictures"},

		{"https://github.com/STranslate/STranslate/issues/277", 400,
			`{"error":{"message":"You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].","type":"invalid_request_error","param":null,"code":"invalid_image_format"}}`,
			domain.BadRequest, "unsupported image"},
		{"https://github.com/openai/codex/issues/4946", 400,
			`{"error":{"message":"The image data you provided does not represent a valid image. Please check your input and try again with one of the supported image formats: ['image/jpeg'].","type":"invalid_request_error","param":"input","code":"invalid_value"}}`,
			domain.BadRequest, "valid image"},
		{"https://github.com/diegosouzapw/OmniRoute/issues/3044 (OpenRouter)", 400,
			`{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"invalid_request_error\",\"message\":\"Model 'moonshotai/kimi-k2.6' supports at most 1 image per prompt.\"}}","provider_name":"Crucible","is_byok":false}},"user_id":"user_1"}`,
			domain.BadRequest, "Provider returned error (Crucible: Model 'moonshotai/kimi-k2.6' supports at most 1 image per prompt.)"},
	} {
		d.check(t)
	}
}

// An empty account stops the run, a pace passes, and both come as 429.
func TestQuotaIsToldFromPace(t *testing.T) {
	const google = `[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[
{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_free_tier_requests","quotaId":"QUOTA","quotaDimensions":{"location":"global"}}]},
{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}]`
	for _, d := range []documented{
		{"https://platform.openai.com/docs/guides/error-codes", 429,
			`{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`,
			domain.Quota, "top up"},
		{"https://platform.openai.com/docs/guides/error-codes", 429,
			`{"error":{"message":"Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`,
			domain.RateLimited, "again later"},
		{"https://github.com/n4ze3m/page-assist/issues/406 (Google)", 429,
			"\n[{\n  \"error\": {\n    \"code\": 429,\n    \"message\": \"Resource has been exhausted (e.g. check quota).\",\n    \"status\": \"RESOURCE_EXHAUSTED\"\n  }\n}\n]",
			domain.RateLimited, "exhausted"},
		{"https://github.com/google-gemini/gemini-cli/issues/8437 (Google, a minute)", 429,
			strings.Replace(google, "QUOTA", "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", 1), domain.RateLimited, "current quota"},
		{"https://github.com/google-gemini/gemini-cli/issues/8437 (Google, a day)", 429,
			strings.Replace(google, "QUOTA", "GenerateRequestsPerDayPerProjectPerModel-FreeTier", 1), domain.Quota, "renewed"},
		{"https://github.com/continuedev/continue/issues/9570 (Google, not in the plan, by a gateway)", 429,
			`{"error":{"message":"{\n  \"error\": {\n    \"code\": 429,\n    \"message\": \"You exceeded your current quota. \\n* Quota exceeded for metric: generate_content_free_tier_requests, limit: 0, model: gemini-3-pro\\nPlease retry in 45.578569677s.\",\n    \"status\": \"RESOURCE_EXHAUSTED\"}}","code":429,"status":"Too Many Requests"}}`,
			domain.Quota, "limit: 0, model: gemini-3-pro"},
		{"https://github.com/Gitlawb/openclaude/issues/936 (OpenRouter)", 429,
			`{"error":{"message":"Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"50","X-RateLimit-Remaining":"0"}}}}`,
			domain.Quota, "top up"},
		{"https://github.com/open-webui/computer/issues/293 (OpenRouter)", 429,
			`{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"z-ai/glm-5.3-flash is temporarily rate-limited upstream. Please retry shortly.","provider_name":"BaseTen","limit_source":"upstream_provider_shared_pool"}}}`,
			domain.RateLimited, "BaseTen: z-ai/glm-5.3-flash is temporarily rate-limited upstream"},
		{"https://github.com/Gitlawb/openclaude/issues/1125 (OpenRouter)", 402,
			`{"error":{"message":"This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 27342.","code":402,"metadata":{"provider_name":null}},"user_id":"user_1"}`,
			domain.Quota, "can only afford"},
		{"https://openrouter.ai/docs/api-reference/limits (in-flight spending budget; the message is made up)", 402,
			`{"error":{"message":"In-flight budget exhausted","code":402,"metadata":{"limit_source":"openrouter_in_flight_budget"}}}`,
			domain.RateLimited, "again later"},
		{"https://openrouter.ai/docs/api-reference/errors (the key's own limit; the message is made up)", 403,
			`{"error":{"message":"Key limit exceeded","code":403,"metadata":{"limit_source":"openrouter_key_limit"}}}`,
			domain.Quota, "Key limit"},
		{"https://api-docs.deepseek.com/quick_start/error_codes", 402,
			`{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}`,
			domain.Quota, "Insufficient Balance"},
		{"https://github.com/anthropics/claude-code/issues/66314", 400,
			`{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."},"request_id":"req_011CbrFTcXhtiMzr3s6EocF7"}`,
			domain.Quota, "credit balance"},
		{"https://github.com/microsoft/copilot-camp/issues/551 (Azure)", 429, `{"error":{"code":"429","message": "Rate limit is exceeded. Try again in 2 seconds."}}`,
			domain.RateLimited, "Try again"},
		{"https://console.groq.com/docs/errors", 429,
			`{"error":{"message":"Rate limit reached for model llama-4-scout in organization org_1 on requests per minute (RPM)","type":"requests","code":"rate_limit_exceeded"}}`,
			domain.RateLimited, "RPM"},
	} {
		d.check(t)
	}
}

func TestWhatServersSayOfKeysModelsAndContent(t *testing.T) {
	for _, d := range []documented{
		{"https://github.com/Aider-AI/aider/issues/604", 403,
			"{\"error\":{\"message\":\"Project `proj_u` does not have access to model `gpt-4o`\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"model_not_found\"}}",
			domain.Model, "--model"},
		{"https://platform.openai.com/docs/guides/error-codes", 403,
			`{"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported","param":null,"type":"request_forbidden"}}`,
			domain.Auth, "does not serve the country"},
		{"https://github.com/FoundationAgents/OpenManus/issues/803 (Google)", 400,
			`[{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}]`,
			domain.Auth, "does not serve the country"},
		{"https://github.com/continuedev/continue/issues/10290 (Google)", 400,
			`[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}]`,
			domain.Auth, "VLOCAL_API_KEY"},
		{"https://docs.anthropic.com/en/api/errors", 403, `{"type":"error","error":{"type":"permission_error","message":"Your API key does not have permission to use the specified resource."}}`,
			domain.Auth, "permission"},
		{"https://kerlig.com/help/groq/troubleshooting (Cloudflare)", 403, "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head></html>",
			domain.Auth, "firewall"},
		{"https://github.com/netease-youdao/QAnything/issues/555 (Ollama)", 404,
			`{"error":{"message":"model \"llava\" not found, try pulling it first","type":"api_error","param":null,"code":null}}`, domain.Model, "try pulling it"},
		{"https://github.com/lmstudio-ai/lms/issues/107", 404,
			"{\"error\":{\"message\":\"No models loaded. Please load a model in the developer page or use the `lms load` command.\",\"type\":\"invalid_request_error\",\"param\":\"model\",\"code\":\"model_not_found\"}}",
			domain.Model, "lms load"},
		{"https://github.com/openclaw/openclaw/pull/99079 (OpenRouter)", 404, `{"error":{"message":"No endpoints found for nobody/nothing.","code":404}}`,
			domain.Model, "--model"},
		{"https://github.com/rusiaaman/chat.md/issues/2 (Azure)", 404, `{"error":{"code":"404","message": "Resource not found"}}`, domain.Model, "--base-url"},

		{"https://github.com/openai/openai-agents-python/issues/806 (Azure)", 400,
			`{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"jailbreak":{"detected":true,"filtered":true}}}}}`,
			domain.Filtered, "filtered"},
		{"https://openrouter.ai/docs/api-reference/errors (moderation)", 403,
			`{"error":{"message":"Input not allowed","code":403,"metadata":{"reasons":["violence"],"flagged_input":"…","provider_name":"OpenAI","model_slug":"openai/gpt-4o"}}}`,
			domain.Filtered, "not allowed"},
		{"https://github.com/666ghj/BettaFish/issues/108 (DeepSeek)", 400,
			`{"error":{"message":"Content Exists Risk","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}`, domain.Filtered, "Risk"},
		{"https://github.com/QwenLM/Qwen/issues/938 (Alibaba)", 400,
			`{"error":{"code":"data_inspection_failed","param":null,"message":"Input data may contain inappropriate content.","type":"data_inspection_failed"}}`, domain.Filtered, "inappropriate"},
		{"https://github.com/editor-code-assistant/eca/issues/231 (Mistral)", 422,
			`{"object":"error","message":{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required","input":{"model":"m"}}]},"type":"invalid_request_error","param":null,"code":null}`,
			domain.BadRequest, "says 422: body.messages: Field required"},
		{"https://github.com/router-for-me/CLIProxyAPI/issues/4201 (xAI)", 400,
			`{"code":"invalid-argument","error":"The model grok-imagine-image is an image model and is therefore not available on this endpoint."}`,
			domain.BadRequest, "grok-imagine-image"},
		{"https://console.groq.com/docs/errors", 413, `{"error":{"message":"Request Entity Too Large","type":"invalid_request_error","code":"request_too_large"}}`,
			domain.TooLarge, "--max-width"},
	} {
		d.check(t)
	}
}

func TestFailuresOfTheServerPass(t *testing.T) {
	for _, d := range []documented{
		{"https://github.com/mostlygeek/llama-swap/issues/146 (llama.cpp)", 503, `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`, domain.Server, "Loading model"},
		{"https://github.com/huggingface/unity-api/issues/18", 503, `{"error":"Model x is currently loading","estimated_time":20.0}`, domain.Server, "loading"},
		{"https://docs.anthropic.com/en/api/errors", 529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}`, domain.Server, "Overloaded"},
		{"https://api-docs.deepseek.com/quick_start/error_codes", 503, `{"error":{"message":"Server Overloaded"}}`, domain.Server, "Overloaded"},
		{"https://console.groq.com/docs/flex-processing", 498, `{"error":{"message":"Flex tier capacity exceeded","type":"capacity_exceeded"}}`, domain.Server, "capacity"},
		{"https://gist.github.com/cbarley10/61cb71de0327d52a63e0c6955bd13423 (Cloudflare)", 520,
			"<!DOCTYPE html>\n<html><head>\n<title>x.com | 520: Web server is returning an unknown error</title></head><body>model</body></html>", domain.Server, "520: Web server is returning an unknown error"},
		{"https://pastebin.com/YgD9w5HA (Cloudflare)", 521, "<!DOCTYPE html><html><head><title>x.com | 521: Web server is down</title></head></html>", domain.Server, "521: Web server is down"},
		{"https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/", 524, "error code: 524", domain.Server, "524"},
		{"https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/", 525, "", domain.Server, "status 525"},
		{"https://openrouter.ai/docs/api-reference/errors (200 with an error)", 200, `{"error":{"code":429,"message":"Rate limited"}}`, domain.RateLimited, "says 429: Rate limited"},
		{"https://openrouter.ai/docs/api-reference/errors (200 with an error)", 200, `{"error":{"code":402,"message":"No credits"},"user_id":"u"}`, domain.Quota, "says 402"},
		{"https://docs.blackbox.ai/api-reference/responses (an error in the choice)", 200,
			`{"model":"m","choices":[{"finish_reason":"error","message":{"role":"assistant","content":"par"},"error":{"code":502,"message":"Upstream is down","metadata":{"provider_name":"X","raw":"boom"}}}]}`,
			domain.Server, "says 502: Upstream is down (X: boom)"},
		{"https://docs.anthropic.com/en/api/errors (by a gateway)", 200, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, domain.Server, "says 529"},
		{"https://docs.anthropic.com/en/api/errors (by a gateway)", 200, `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`, domain.Auth, "says 401"},
		{"https://github.com/maximhq/bifrost/issues/5425 (OpenRouter)", 200,
			`{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"{\"events\": [{\"title\": \"partial"},"finish_reason":"error"}],"usage":{"prompt_tokens":null,"completion_tokens":null,"total_tokens":0}}`,
			domain.Server, "broke the answer off"},
		{"https://api-docs.deepseek.com/api/create-chat-completion", 200,
			`{"model":"m","choices":[{"index":0,"message":{"content":"par"},"finish_reason":"insufficient_system_resource"}]}`, domain.Server, "insufficient_system_resource"},
		{"an error without a message", 500, `{"error":{"type":"server_error","code":null}}`, domain.Server, "server_error"},
		{"an error beside its message", 500, `{"error":true,"message":"out of memory"}`, domain.Server, "says 500: out of memory"},
		{"a body of another kind", 500, `{"oops":1}`, domain.Server, `{"oops":1}`},
		{"https://api-docs.deepseek.com/quick_start/rate_limit (closed after ten minutes of empty lines)", 200, "\n\n\n\n", domain.Server, "nothing"},
	} {
		d.check(t)
		if !d.kind.Passes() && d.kind != domain.Quota && d.kind != domain.Auth {
			t.Errorf("%s: %s does not pass", d.source, d.kind)
		}
	}
}

func TestWaitsThatStandInTheBody(t *testing.T) {
	for body, want := range map[string]time.Duration{
		// https://ai.google.dev/gemini-api/docs/rate-limits, google.rpc.RetryInfo
		`[{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}]`: 34500 * time.Millisecond,
		`{"error":{"message":"x","details":[{"retryDelay":"9000h"}]}}`: time.Hour,
		`{"error":{"message":"x","details":[{"retryDelay":"-5s"}]}}`:   0,
		`{"error":{"message":"x","details":[{"retryDelay":"soon"}]}}`:  0,
		// https://github.com/huggingface/unity-api/issues/18
		`{"error":"Model x is currently loading","estimated_time":20.0}`: 20 * time.Second,
	} {
		_, err := asking(t, vision.Options{}, says(503, body)).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.RetryAfter != want {
			t.Errorf("%s: %v, want %v", body, e.RetryAfter, want)
		}
	}
	// The header's word counts more.
	_, err := asking(t, vision.Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		says(503, `{"error":"x","estimated_time":20.0}`)(w, r)
	}).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.RetryAfter != 7*time.Second {
		t.Errorf("%v", err)
	}
}

// A key that a message repeats so far on that it is cut there is not told in part.
func TestNoPartOfTheKeyIsTold(t *testing.T) {
	for at := 260; at <= 300; at += 5 {
		body := `{"error":{"message":"` + strings.Repeat("x", at) + key + `"}}`
		_, err := asking(t, vision.Options{}, says(401, body)).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		if err == nil || strings.Contains(err.Error(), "sk-") {
			t.Errorf("%d: %v", at, err)
		}
	}
	fine := `{"model":"` + key + `","choices":[{"finish_reason":"` + key + `","message":{"content":"a ` + key + `"}}]}`
	answer, err := asking(t, vision.Options{}, says(200, fine)).Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
	if err != nil || strings.Contains(answer.Text+answer.Model+answer.FinishReason, "sk-") {
		t.Errorf("%+v, %v", answer, err)
	}
}
