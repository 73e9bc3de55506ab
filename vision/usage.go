package vision

import (
	"math"
	"strconv"
	"strings"

	"vlocal/domain"
)

// usage is what servers say that an answer took. Its numbers come as integers,
// as floats, as texts and as null; what is not a number counts as not said.
type usage struct {
	PromptTokens     any `json:"prompt_tokens"`
	CompletionTokens any `json:"completion_tokens"`
	PromptDetails    struct {
		CachedTokens any `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails struct {
		ReasoningTokens any `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
	// The names of OpenAI's responses API, which some gateways keep.
	InputTokens  any `json:"input_tokens"`
	OutputTokens any `json:"output_tokens"`
	InputDetails struct {
		CachedTokens any `json:"cached_tokens"`
	} `json:"input_tokens_details"`
	// DeepSeek: https://api-docs.deepseek.com/guides/kv_cache
	CacheHit any `json:"prompt_cache_hit_tokens"`
	// OpenRouter, in US dollars, as charged to the account there:
	// https://openrouter.ai/docs/use-cases/usage-accounting
	Cost any `json:"cost"`
}

// counts gives the tokens; 0 for what was not said.
func (u *usage) counts() domain.Usage {
	if u == nil {
		return domain.Usage{}
	}
	in := count(u.PromptTokens, u.InputTokens)
	return domain.Usage{
		TokensIn: in, TokensOut: count(u.CompletionTokens, u.OutputTokens),
		TokensCached: min(in, count(u.PromptDetails.CachedTokens, u.InputDetails.CachedTokens, u.CacheHit)),
	}
}

// maxCost bounds what is believed of a server that names the cost of an answer,
// in US dollars.
const maxCost = 10_000

// cost gives what the server says the answer costs; nil if it does not.
func (u *usage) cost() *domain.Money {
	if u == nil {
		return nil
	}
	if dollars, ok := number(u.Cost); ok && dollars <= maxCost {
		money := domain.Dollars(dollars)
		return &money
	}
	return nil
}

// thought reports whether the model thought, as OpenAI's models do without
// showing it.
func (u *usage) thought() bool {
	return u != nil && count(u.CompletionDetails.ReasoningTokens) > 0
}

// count gives the first of the values that is a whole number above 0.
func count(values ...any) int {
	for _, v := range values {
		if n, ok := number(v); ok && n >= 1 {
			return int(min(n, math.MaxInt32))
		}
	}
	return 0
}

// number gives a JSON value as a number of at least 0, if it is one.
func number(v any) (float64, bool) {
	n, ok := v.(float64)
	if text, isText := v.(string); isText {
		var err error
		n, err = strconv.ParseFloat(strings.TrimSpace(text), 64)
		ok = err == nil
	}
	return n, ok && n >= 0 && !math.IsInf(n, 0)
}
