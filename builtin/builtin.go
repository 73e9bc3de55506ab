// Package builtin is the offline model: a handler that speaks the same
// chat/completions API as the servers out there, reached in memory. It describes
// what simple measures of a picture tell (light, colours, detail, sharpness) and
// reads QR codes and barcodes; it does not understand the question.
package builtin

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // what vlocal sends
	_ "image/png"  // what others may send
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// Model is the name of the model, and the only one that is served.
	Model = "builtin/pixels"
	// BaseURL is where Transport answers. The name can exist nowhere (RFC 6761,
	// 6.4), so nothing of it ever reaches a network.
	BaseURL = "http://builtin.invalid/v1"
)

const (
	// maxBody bounds a request, in bytes.
	maxBody = 64 << 20
	// maxPixels bounds the picture.
	maxPixels = 100_000_000
)

// Handler serves POST /v1/chat/completions and GET /v1/models.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", complete)
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]any{"object": "list", "data": []any{
			map[string]any{"id": Model, "object": "model", "created": 0, "owned_by": "vlocal"},
		}})
	})
	return mux
}

// request is what is read of a request.
type request struct {
	Model               string         `json:"model"`
	MaxTokens           *int           `json:"max_tokens"`
	MaxCompletionTokens *int           `json:"max_completion_tokens"`
	ResponseFormat      responseFormat `json:"response_format"`
	Messages            []struct {
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
}

type part struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	ImageURL struct {
		URL string `json:"url"`
	} `json:"image_url"`
}

func complete(w http.ResponseWriter, r *http.Request) {
	var req request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&req); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "invalid_json", "the request is not JSON: "+err.Error())
		return
	}
	if req.Model != Model {
		refuse(w, http.StatusNotFound, "invalid_request_error", "model_not_found",
			fmt.Sprintf("there is no model %q here, only %q", req.Model, Model))
		return
	}
	prompt, picture, seen, err := read(req)
	if err != nil {
		code := "invalid_image"
		if errors.Is(err, errRemote) {
			code = "invalid_image_url"
		}
		refuse(w, http.StatusBadRequest, "invalid_request_error", code, err.Error())
		return
	}
	said, refusal, err := answer(req.ResponseFormat, picture)
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "invalid_schema", "invalid schema in response_format: "+err.Error())
		return
	}
	text, finish := cut(said, limit(req))
	in, out := tokens(prompt)+seen, tokens(text)
	reply(w, http.StatusOK, map[string]any{
		"id":      "chatcmpl-builtin",
		"object":  "chat.completion",
		"created": time.Now().Unix(),
		"model":   Model,
		"choices": []any{map[string]any{
			"index": 0, "finish_reason": finish, "logprobs": nil,
			"message": map[string]any{"role": "assistant", "content": text, "refusal": refusal},
		}},
		"usage": map[string]int{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out},
	})
}

// answer gives what is said of a picture, in the format that was asked for. The
// refusal is nil, or why nothing is said.
func answer(f responseFormat, picture image.Image) (said string, refusal any, err error) {
	if f.Type != "json_schema" {
		return describe(picture), nil, nil
	}
	said, why, err := fill(f.JSONSchema.Schema, picture)
	if why != "" {
		refusal = why
	}
	return said, refusal, err
}

// read gives the text of all messages, their last picture, which is the one that is
// asked about, and how many tokens all of them take.
func read(req request) (prompt string, picture image.Image, seen int, err error) {
	for _, m := range req.Messages {
		var text string
		if json.Unmarshal(m.Content, &text) == nil {
			prompt += text
			continue
		}
		var parts []part
		if err := json.Unmarshal(m.Content, &parts); err != nil {
			return "", nil, 0, errors.New("a message's content is neither a text nor a list of parts")
		}
		for _, p := range parts {
			prompt += p.Text
			if p.Type == "image_url" {
				if picture, err = decode(p.ImageURL.URL); err != nil {
					return "", nil, 0, err
				}
				seen += pictureTokens(picture.Bounds().Dx(), picture.Bounds().Dy())
			}
		}
	}
	if picture == nil {
		return "", nil, 0, errors.New("there is no picture in the request")
	}
	return prompt, picture, seen, nil
}

var errRemote = errors.New("the picture is not a data URL; this model fetches nothing")

// decode reads a data URL (RFC 2397).
func decode(url string) (image.Image, error) {
	head, data, found := strings.Cut(url, ",")
	if !found || !strings.HasPrefix(head, "data:image/") || !strings.HasSuffix(head, ";base64") {
		return nil, errRemote
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil, fmt.Errorf("the picture is not base64: %w", err)
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("the picture cannot be decoded: %w", err)
	}
	if config.Width*config.Height > maxPixels {
		return nil, fmt.Errorf("the picture has %d x %d pixels, which is too many", config.Width, config.Height)
	}
	picture, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("the picture cannot be decoded: %w", err)
	}
	return picture, nil
}

// limit gives the bound on the answer in tokens; 0 for none.
func limit(req request) int {
	for _, n := range []*int{req.MaxCompletionTokens, req.MaxTokens} {
		if n != nil && *n > 0 {
			return *n
		}
	}
	return 0
}

// bytesPerToken is what a token of English is, roughly.
const bytesPerToken = 4

// tokens estimates how many tokens a text has.
func tokens(text string) int { return (len(text) + bytesPerToken - 1) / bytesPerToken }

// pictureTokens counts a picture as some models do: 85, and 170 for each tile of
// 512 pixels.
func pictureTokens(w, h int) int { return 85 + 170*((w+511)/512)*((h+511)/512) }

// cut ends a text after max tokens, and gives the finish reason.
func cut(text string, max int) (string, string) {
	if max == 0 || tokens(text) <= max {
		return text, "stop"
	}
	end := max * bytesPerToken
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], "length"
}

func refuse(w http.ResponseWriter, status int, kind, code, message string) {
	reply(w, status, map[string]any{"error": map[string]any{
		"message": message, "type": kind, "code": code, "param": nil,
	}})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// An error here means that nobody listens any more.
	_ = json.NewEncoder(w).Encode(body)
}

// Transport gives a way to the handler that passes no network: requests to
// BaseURL are answered in memory, and any other is refused. It may be used by
// many goroutines.
func Transport() http.RoundTripper { return transport{Handler()} }

type transport struct{ handler http.Handler }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if !strings.HasPrefix(r.URL.String(), BaseURL) {
		return nil, fmt.Errorf("the built-in model is not at %s", r.URL.Host)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer := recorder{header: http.Header{}, status: http.StatusOK}
	inner := r.Clone(r.Context())
	if inner.Body == nil {
		inner.Body = http.NoBody
	}
	t.handler.ServeHTTP(&answer, inner)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(answer.status), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.header, Request: r,
		Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()),
	}, nil
}

// recorder keeps what a handler answers.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *recorder) Header() http.Header         { return a.header }
func (a *recorder) WriteHeader(status int)      { a.status = status }
func (a *recorder) Write(p []byte) (int, error) { return a.body.Write(p) }
