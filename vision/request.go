package vision

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"vlocal/domain"
)

// The request's body, as the API has it.
type (
	requestBody struct {
		Model    string            `json:"model"`
		Messages []json.RawMessage `json:"messages"` // see frameOf
		// One of the two, see dialects.
		MaxTokens           int `json:"max_tokens,omitempty"`
		MaxCompletionTokens int `json:"max_completion_tokens,omitempty"`
		// Always false. Left out it means the same, but not to every server:
		// https://github.com/decolua/9router/issues/3492,
		// https://github.com/jingyaogong/minimind/pull/851
		Stream bool `json:"stream"`
		// Nil for free text, and for a model that takes none.
		ResponseFormat *responseFormat `json:"response_format,omitempty"`
	}
	message struct {
		Role string `json:"role"`
		// A text, or a []part.
		Content any `json:"content"`
	}
	part struct {
		Type     string    `json:"type"`
		Text     string    `json:"text,omitempty"`
		ImageURL *imageURL `json:"image_url,omitempty"`
	}
	imageURL struct {
		URL string `json:"url"`
	}
)

// picturePrefix stands before the picture in its URL.
const picturePrefix = "data:image/jpeg;base64,"

// request makes the request.
func (c *Client) request(ctx context.Context, key domain.Key, q domain.Question, f form) (*http.Request, error) {
	question := requestBody{Model: q.Model, ResponseFormat: f.field()}
	if c.dialects.bound(q.Model) == maxTokens {
		question.MaxTokens = q.MaxTokens
	} else {
		question.MaxCompletionTokens = q.MaxTokens
	}
	q.Prompt += c.inWords(f)
	messages, pictures := messagesOf(q)
	if q.Rejected != nil {
		messages = append(messages, c.bettered(q.Rejected, f)...)
	}
	frame, places, err := frameOf(question, messages, pictures)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(newBody(frame, places)), nil }
	first, _ := open()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/chat/completions", first)
	if err != nil {
		return nil, err
	}
	req.ContentLength = bodyLen(frame, places)
	// With it, a connection that the server had closed already is replaced
	// without an error.
	req.GetBody = open
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if c.userAgent != "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	if secret := key.Secret(); secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	return req, nil
}
