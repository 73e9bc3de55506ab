package vision

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"vlocal/domain"
)

// The request's body, as the API has it.
type (
	requestBody struct {
		Model    string    `json:"model"`
		Messages []message `json:"messages"`
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

// pictureMark stands in the request before the picture.
const pictureMark = `"image_url":{"url":"` + picturePrefix

// request makes the request. Everything but the picture goes through JSON's
// encoder; the picture, which needs no escaping, is put where its URL ends.
func (c *Client) request(ctx context.Context, key domain.Key, q domain.Question, f form) (*http.Request, error) {
	url := q.Picture.URL
	if url == "" {
		url = picturePrefix
	}
	question := requestBody{
		Model: q.Model,
		Messages: []message{{Role: "user", Content: []part{
			{Type: "text", Text: q.Prompt + c.inWords(f)},
			{Type: "image_url", ImageURL: &imageURL{URL: url}},
		}}},
		ResponseFormat: f.field(),
	}
	if q.Rejected != nil {
		question.Messages = append(question.Messages, c.bettered(q.Rejected, f)...)
	}
	if c.dialects.bound(q.Model) == maxTokens {
		question.MaxTokens = q.MaxTokens
	} else {
		question.MaxCompletionTokens = q.MaxTokens
	}
	frame, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	place := len(frame)
	if q.Picture.URL == "" {
		// Texts may hold the same words, but not with these quotes, and the schema
		// comes behind.
		place = bytes.Index(frame, []byte(pictureMark)) + len(pictureMark)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(newBody(frame, place, q.Picture.JPEG)), nil }
	first, _ := open()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/chat/completions", first)
	if err != nil {
		return nil, err
	}
	req.ContentLength = bodyLen(frame, q.Picture.JPEG)
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
