package vision

import (
	"slices"
	"strconv"

	"vlocal/domain"
)

// rule maps what a server says to a kind. All that it names must hold.
type rule struct {
	// statuses are those it is for, as codes or, below 10, as their first digit;
	// none means any.
	statuses []int
	// not are statuses it is not for.
	not []int
	// words are some of which one must be said; none means any.
	words []string
	page  bool // it must be a web page
	kind  domain.ErrorKind
	hint  string
}

// What to do about the kinds.
const (
	topUp       = "top up the account, or wait until its allowance is renewed; then run again"
	newKey      = "check the key in VLOCAL_API_KEY and what it is allowed to do"
	whichModel  = "check --model; the server lists its models at /models"
	seeingModel = "choose a model that sees pictures with --model"
	reword      = "ask in other words, or another model"
	slower      = "it is asked again later; fewer at once with --concurrency"
	smaller     = "send smaller pictures: --max-width, --max-height, --quality"
)

// textOnly are the words by which servers say that the model, or the way it was
// started, takes no pictures at all. That they cannot read this one is another
// matter ("You uploaded an unsupported image", "does not represent a valid
// image").
var textOnly = []string{
	// OpenAI: https://github.com/browser-use/web-ui/issues/274
	"image_url is only supported by certain models",
	// Ollama: https://github.com/ollama/ollama/issues/17301, and ErrNoVisionModel
	// in https://github.com/ollama/ollama/blob/main/model/model.go
	"not support image input", "missing data required for image input",
	// LM Studio: https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/908,
	// https://github.com/lmstudio-ai/lms/issues/362
	"does not support images", "vision add-on is not loaded",
	// llama.cpp, with 500: https://github.com/ggml-org/llama.cpp/issues/13566
	"image input is not supported",
	// vLLM: https://github.com/studio-dots-ai/dots.ocr/issues/61
	"is not a multimodal model",
	// OpenRouter: https://github.com/aaif-goose/goose/issues/5396
	"no endpoints found that support image input",
	// DeepSeek: https://github.com/1jehuang/jcode/issues/310,
	// https://github.com/chatboxai/chatbox/issues/1740
	"unknown variant `image_url`", "invalid type: sequence, expected a string",
	// Groq: https://github.com/vercel/ai/issues/2837
	"content must be a string",
}

// rules are tried in order; the first that fits holds.
//
// Sources: https://platform.openai.com/docs/guides/error-codes,
// https://openrouter.ai/docs/api-reference/errors and /limits,
// https://docs.anthropic.com/en/api/errors,
// https://api-docs.deepseek.com/quick_start/error_codes,
// https://console.groq.com/docs/errors,
// https://ai.google.dev/gemini-api/docs/rate-limits.
var rules = []rule{
	{words: textOnly, kind: domain.Model, hint: seeingModel},
	// DeepSeek's "Content Exists Risk", Alibaba's data_inspection_failed.
	{not: []int{5}, words: []string{"content_policy", "content policy", "content_filter", "content management policy", "moderation",
		"safety system", "was flagged", "content exists risk", "data_inspection_failed", "datainspectionfailed"},
		kind: domain.Filtered, hint: reword},
	{words: []string{"unsupported_country", "location is not supported"}, kind: domain.Auth,
		hint: "the provider does not serve the country that this network is in"},
	{words: []string{validateFailed}, kind: domain.InvalidAnswer, hint: "retry; if it stays, ask for other fields, or another model"},
	{statuses: []int{401}, kind: domain.Auth, hint: newKey},
	{statuses: []int{400}, words: []string{"api_key_invalid", "api key not valid"}, kind: domain.Auth, hint: newKey},
	// OpenRouter: too much is under way for the balance, which passes.
	{words: []string{"openrouter_in_flight_budget"}, kind: domain.RateLimited, hint: slower},
	// A limit for the day is an allowance that is used up, not a pace.
	{words: []string{"insufficient_quota", "insufficient_balance", "insufficient balance", "insufficient credits",
		"billing_hard_limit", "credit balance", "openrouter_key_limit", "openrouter_guardrail_budget", "openrouter_workspace_budget",
		"free-models-per-day", "openrouter_free_tier_daily", "perday", "limit: 0,"}, kind: domain.Quota, hint: topUp},
	// Google says "exceeded your current quota" of a pace too.
	{statuses: []int{429}, words: []string{"resource_exhausted"}, kind: domain.RateLimited, hint: slower},
	{statuses: []int{402}, kind: domain.Quota, hint: topUp},
	{words: []string{"exceeded your current quota"}, kind: domain.Quota, hint: topUp},
	{words: []string{"loading model", "model is loading", "is currently loading"}, kind: domain.Server},
	{not: []int{5}, words: []string{"model_not_found", "model not found", "no such model", "unknown model", "no endpoints found",
		"not have access to model"}, kind: domain.Model, hint: whichModel},
	{statuses: []int{403}, page: true, kind: domain.Auth, hint: "a firewall before the server refuses this computer or network"},
	{statuses: []int{403}, kind: domain.Auth, hint: newKey},
	{statuses: []int{429}, kind: domain.RateLimited, hint: slower},
	{statuses: []int{404}, words: []string{"model"}, kind: domain.Model, hint: whichModel},
	{statuses: []int{404, 405, 410, 3}, kind: domain.Model, hint: checkAddress},
	{statuses: []int{408, 504}, kind: domain.Timeout},
	// 498 is Groq's for no capacity; 52x and 530 are Cloudflare's.
	{statuses: []int{409, 425, 498, 499, 5}, kind: domain.Server},
	{statuses: []int{413}, kind: domain.TooLarge, hint: smaller},
	{words: []string{"image_too_large", "request_too_large"}, kind: domain.TooLarge, hint: smaller},
	// An error inside an answer that was to be one.
	{statuses: []int{2}, kind: domain.Server},
}

// classify maps a status and the server's words to a kind, with what to do.
func classify(status int, s said) (domain.ErrorKind, string) {
	for _, r := range rules {
		if r.fits(status, s) {
			return r.kind, r.hint
		}
	}
	return domain.BadRequest, "see what the server says of this picture"
}

func (r rule) fits(status int, s said) bool {
	is := func(codes []int) bool { return slices.Contains(codes, status) || slices.Contains(codes, status/100) }
	return (len(r.statuses) == 0 || is(r.statuses)) && !is(r.not) && (!r.page || s.page) &&
		(len(r.words) == 0 || s.has(r.words...))
}

// statusOf gives the status that counts: the server's, or, of an error inside an
// answer with 200, the one that it speaks of.
func statusOf(http int, s said) int {
	if http/100 != 2 {
		return http
	}
	if code, err := strconv.Atoi(s.code); err == nil && code >= 400 && code < 600 {
		return code
	}
	if code, known := typeStatus[s.kind]; known {
		return code
	}
	return http
}

// typeStatus are Anthropic's types, which gateways and streams hand on without
// their status: https://docs.anthropic.com/en/api/errors
var typeStatus = map[string]int{
	"invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
	"not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500,
	"timeout_error": 504, "overloaded_error": 529,
}
