package vision

import "testing"

// The bodies are those of the sources that cannotFetch names.
func TestServerThatCannotFetchIsToldFromOneThatRefuses(t *testing.T) {
	const image = "https://img.example.com/a/1.jpg?sig=x"
	for name, c := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"OpenAI":             {400, `{"error": {"message": "Error while downloading https://img.example.com/a/1.jpg?sig=x.", "type": "invalid_request_error", "param": "url", "code": "invalid_value"}}`, true},
		"OpenAI, too slow":   {400, `{"error": {"code": "invalid_value", "param": "url", "type": "invalid_request_error", "message": "Timeout while downloading https://img.example.com/a/1.jpg?sig=x"}}`, true},
		"OpenAI, by code":    {400, `{"error": {"message": "Invalid image.", "type": "invalid_request_error", "code": "invalid_image_url"}}`, true},
		"Azure":              {400, `{"error": {"message": "Image URL domain 'img.example.com' is not allowed.", "code": "BadRequest"}}`, true},
		"vLLM":               {422, `{"error": {"message": "Failed to fetch media from URL: HTTP 404 error", "type": "UnprocessableEntityError", "param": "image_url", "code": 422}}`, true},
		"vLLM, no such host": {500, `{"error": {"message": "Cannot resolve media URL host 'img.example.com': Name or service not known", "type": "InternalServerError", "code": 500}}`, true},
		"vLLM, older":        {500, `{"error": {"message": "403, message='Forbidden', url='https://img.example.com/a/1.jpg?sig=x'", "type": "InternalServerError", "code": 500}}`, true},
		"vLLM, a host only":  {500, `{"error": {"message": "Cannot connect to host img.example.com:443 ssl:default", "code": 500}}`, true},
		"Ollama":             {400, `{"error": {"message": "image URLs are not currently supported, please use base64 encoded data instead", "type": "invalid_request_error", "param": null, "code": null}}`, true},
		"Ollama, older":      {400, `{"error": {"message": "invalid image input", "type": "invalid_request_error", "param": null, "code": null}}`, true},
		"LM Studio":          {400, `{"error": "'url' field must be a base64 encoded image."}`, true},
		"DashScope":          {400, `{"error": {"message": "<400> InternalError.Algo.InvalidParameter: Failed to download multimodal content", "code": "invalid_parameter_error"}}`, true},
		"a gateway":          {400, `{"message": "Failed to fetch image from https://img.example.com/a/1.jpg?sig=x: HTTP 429 Too Many Requests."}`, true},
		"a gateway's code":   {422, `{"error": {"code": "image_url_unfetchable", "message": "the provided image URL could not be retrieved: origin 403 Forbidden", "type": "invalid_request_error"}}`, true},

		"another parameter":    {400, `{"error": {"message": "max_tokens is too large: 99999", "code": "invalid_value"}}`, false},
		"a model without eyes": {400, `{"error": {"message": "Invalid content type. image_url is only supported by certain models.", "type": "invalid_request_error", "param": "messages.[1].content.[1].type", "code": null}}`, false},
		"not an image":         {400, `{"error": {"message": "You uploaded an unsupported image. Please make sure your image is valid.", "code": "image_parse_error"}}`, false},
		"a key":                {401, `{"error": {"message": "could not fetch https://img.example.com/a/1.jpg?sig=x", "code": "invalid_image_url"}}`, false},
		"a pace":               {429, `{"error": {"message": "timeout while downloading: too many requests"}}`, false},
		"a fault":              {500, `{"error": {"message": "out of memory"}}`, false},
		"a name like ours":     {500, `{"error": {"message": "cannot resolve notimg.example.com"}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cannotFetch(c.status, errorOf([]byte(c.body)), image); got != c.want {
				t.Errorf("%d %s: %v, want %v", c.status, c.body, got, c.want)
			}
		})
	}
}
