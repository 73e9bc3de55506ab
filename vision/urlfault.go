package vision

import (
	"slices"
	"strings"

	"vlocal/domain"
)

// sayUnfetched makes an error that says the server did not get the image at a URL
// one about that image's own server.
func sayUnfetched(e *domain.Error, body []byte, image string) {
	said := errorOf(body)
	said.clues += " " + clip(string(body)) // some put the reason beside the message
	if cannotFetch(e.HTTPStatus, said, image) {
		e.Kind, e.Source, e.RetryAfter = domain.Unreadable, true, 0
		e.Hint = "it is fetched here and sent as data instead"
	}
}

// cannotFetch reports whether a server says that it did not get the image at a
// URL that it was passed: it could not, it may not, or it never does. The image
// can still be fetched here and sent as data. Only to be asked about a request
// that had a URL in it, which image is.
//
// None of the servers has a code of its own for this that all of its versions
// use, so it goes by codes and words that were seen, and by the address standing
// in the message. Sources:
//
//   - OpenAI, 400: "Error while downloading URL.", "Timeout while downloading URL",
//     both with code invalid_value and param url; callers also tell of a code
//     invalid_image_url, which no document names
//     (https://github.com/openai/openai-python/issues/2776,
//     https://github.com/vercel/ai/issues/8857,
//     https://github.com/crmne/ruby_llm/issues/135);
//   - Azure OpenAI: "Image URL domain '...' is not allowed."
//     (https://github.com/Azure-Samples/azure-openai-responses-api-samples/issues/19);
//   - vLLM, 422: "Failed to fetch media from URL: HTTP 404 error", "Cannot resolve
//     media URL host", "Media URL host resolves to a blocked address"; older ones
//     500 with their HTTP client's words
//     (https://github.com/vllm-project/vllm/blob/main/vllm/multimodal/media/connector.py,
//     https://github.com/vllm-project/vllm/issues/47163);
//   - Ollama, 400: "image URLs are not currently supported, please use base64
//     encoded data instead"; older ones "invalid image input"
//     (https://github.com/ollama/ollama/blob/main/openai/openai.go,
//     https://github.com/ollama/ollama/issues/6753);
//   - LM Studio, 400: "'url' field must be a base64 encoded image."
//     (https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/1120,
//     https://github.com/lmstudio-ai/lms/issues/243);
//   - Alibaba DashScope, 400: "Failed to download multimodal content"
//     (https://github.com/agentscope-ai/agentscope-java/issues/2700);
//   - gateways: "Failed to fetch image from URL"
//     (https://github.com/pollinations/pollinations/pull/7729), image_fetch_failed
//     and image_url_unfetchable
//     (https://github.com/doublewordai/control-layer/pull/1132).
func cannotFetch(status int, s said, image string) bool {
	if status/100 != 4 && status/100 != 5 && status != 200 {
		return false
	}
	switch status {
	case 401, 402, 403, 429:
		return false // about the key, the account or the pace, whatever it quotes
	}
	return s.has(
		"invalid_image_url", "image_fetch_failed", "image_url_unfetchable",
		"error while downloading", "timeout while downloading",
		"failed to download image", "failed to download multimodal content", "failed to fetch image",
		"failed to fetch media", "media url host",
		"image urls are not currently supported", "invalid image input",
		"field must be a base64 encoded image",
	) || s.has("image url domain") && s.has("not allowed") ||
		namesURL(s.message, image) && fetchWords(s)
}

// fetchWords reports whether an error that names the image's address is about
// getting it. A server may name it for another reason: because it shows what it
// did not understand.
func fetchWords(s said) bool {
	return s.has("download", "fetch", "retriev", "unprocessableentity", "cannot connect to host", "client error", "server error",
		"forbidden", "not found", "timed out", "timeout", "resolve")
}

// namesURL reports whether a message names an address, or the host in it as a
// whole word: a server may shorten the rest.
func namesURL(message, address string) bool {
	if address == "" {
		return false
	}
	if strings.Contains(message, address) {
		return true
	}
	_, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	words := strings.FieldsFunc(message, func(r rune) bool { return strings.ContainsRune(" '\"/\\,;()[]{}<>=?", r) })
	return host != "" && slices.ContainsFunc(words, func(w string) bool {
		return strings.TrimRight(w, ".:") == host || strings.HasPrefix(w, host+":")
	})
}
