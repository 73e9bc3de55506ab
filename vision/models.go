package vision

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"vlocal/domain"
)

// ErrNoModelList is in the error of a server that has no list of its models. It
// may answer questions all the same.
var ErrNoModelList = errors.New("the server has no list of its models")

// Offer is a model that a server lists.
type Offer struct {
	// ID is what the model is asked by.
	ID string
	// OwnedBy is whose model the server says it is, or what serves it
	// ("llamacpp"); often empty.
	OwnedBy string
	// Price is nil where the server does not tell it.
	Price *domain.Price
	// Context is how many tokens question and answer may have together; 0 where
	// the server does not tell.
	Context int
}

// listed is a model in the list, with what servers add to the API's four fields.
// None of that is worth losing the list for, whatever its type.
//
// Sources: https://platform.openai.com/docs/api-reference/models/list,
// https://openrouter.ai/docs/api-reference/list-available-models (pricing,
// context_length), https://console.groq.com/docs/api-reference#models
// (context_window), https://docs.mistral.ai/api/#tag/models
// (max_context_length), vLLM's ModelCard (max_model_len).
type listed struct {
	ID               string          `json:"id"`
	OwnedBy          json.RawMessage `json:"owned_by"`
	Pricing          json.RawMessage `json:"pricing"`
	ContextLength    json.RawMessage `json:"context_length"`
	ContextWindow    json.RawMessage `json:"context_window"`
	MaxContextLength json.RawMessage `json:"max_context_length"`
	MaxModelLen      json.RawMessage `json:"max_model_len"`
}

// Models asks GET {base-url}/models with a key (with none if it is zero) and
// gives what the server lists, in its order. It costs nothing. Its error is a
// *domain.Error; where there is no such list, ErrNoModelList is in it.
func (c *Client) Models(ctx context.Context, key domain.Key) ([]Offer, error) {
	offers, err := c.models(ctx, key)
	if err != nil {
		err.Op, err.Object = "list the models of", c.base
		c.redact(err, key)
		return nil, err
	}
	asked := newSecrets(key.Secret())
	for i := range offers {
		offers[i].ID = asked.hide(c.hide(offers[i].ID))
	}
	return offers, nil
}

func (c *Client) models(ctx context.Context, key domain.Key) ([]Offer, *domain.Error) {
	timed, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(timed, http.MethodGet, c.base+"/models", nil)
	if err != nil {
		return nil, c.fault(domain.BadRequest, err, "")
	}
	req.Header.Set("Accept", "application/json")
	if c.userAgent != "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	if key != (domain.Key{}) {
		req.Header.Set("Authorization", "Bearer "+key.Secret())
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.transportFault(ctx, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return nil, c.transportFault(ctx, err)
	}
	if len(body) > maxBody {
		return nil, c.fault(domain.InvalidAnswer, fmt.Errorf("a list of more than %d bytes", maxBody), "")
	}
	if s := key.Secret(); s != "" {
		// Before anything is quoted: a quotation may end in the middle of it.
		body = bytes.ReplaceAll(body, []byte(s), []byte(concealed))
	}
	return c.offers(res, body)
}

// offers reads the whole answer.
func (c *Client) offers(res *http.Response, body []byte) ([]Offer, *domain.Error) {
	fault := func(kind domain.ErrorKind, err error, hint string) *domain.Error {
		e := c.fault(kind, err, hint)
		e.HTTPStatus = res.StatusCode
		return e
	}
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return nil, fault(domain.Model, fmt.Errorf("%w: it says %d", ErrNoModelList, res.StatusCode),
			"if it answers no questions either, check --base-url; it often ends in /v1")
	default:
		if res.StatusCode == http.StatusUnauthorized && strings.Contains(strings.ToLower(errorOf(body).message), "x-api-key") {
			// Anthropic takes a bearer token for questions, but not for the list: that
			// tells nothing about the key.
			return nil, fault(domain.Auth, fmt.Errorf("%w for keys sent as bearer tokens", ErrNoModelList), "")
		}
		return nil, c.saidFault(res, errorOf(body).or(pageOf(res, body)), domain.Task{})
	}
	models, ok := readList(body)
	if !ok {
		switch said := errorOf(body); {
		case looksLikeHTML(res, body):
			return nil, fault(domain.Model, errors.New("a web page answers there, not a model server"), "check --base-url; it often ends in /v1")
		case said.message != "":
			return nil, c.saidFault(res, said, domain.Task{})
		}
		return nil, fault(domain.InvalidAnswer, fmt.Errorf("the answer is not the list that was expected (%s)", c.quote(string(body))), "")
	}
	offers := make([]Offer, 0, len(models))
	for _, m := range models {
		if m.ID != "" {
			offers = append(offers, m.offer())
		}
	}
	return offers, nil
}

// readList finds the models in a body: {"data": [...]}, as the API has it, with
// null for none (Ollama), or the list without an object around it, as Together AI
// has it (https://docs.together.ai/reference/models).
func readList(body []byte) (models []listed, ok bool) {
	var b struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &b) == nil {
		return models, b.Data != nil && json.Unmarshal(b.Data, &models) == nil
	}
	return models, json.Unmarshal(body, &models) == nil
}

func (m listed) offer() Offer {
	o := Offer{ID: m.ID, OwnedBy: written(m.OwnedBy), Price: m.price()}
	for _, n := range []json.RawMessage{m.ContextLength, m.ContextWindow, m.MaxContextLength, m.MaxModelLen} {
		if tokens, told := figure(n); told && tokens >= 1 && tokens < 1e9 {
			o.Context = int(tokens)
			break
		}
	}
	return o
}

// price reads what OpenRouter tells: US dollars for one token, written as texts.
// A negative one stands for "it depends" (the router that chooses a model).
func (m listed) price() *domain.Price {
	var p struct {
		Prompt         json.RawMessage `json:"prompt"`
		Completion     json.RawMessage `json:"completion"`
		InputCacheRead json.RawMessage `json:"input_cache_read"`
	}
	if json.Unmarshal(m.Pricing, &p) != nil {
		return nil
	}
	in, toldIn := perMillion(p.Prompt)
	out, toldOut := perMillion(p.Completion)
	if !toldIn || !toldOut {
		return nil
	}
	cached, told := perMillion(p.InputCacheRead)
	if !told {
		cached = in
	}
	return &domain.Price{In: in, Out: out, CachedIn: cached}
}

// perMillion turns the price of one token into that of a million, without the
// last digits that are only the binary fraction's.
func perMillion(v json.RawMessage) (float64, bool) {
	n, told := figure(v)
	return math.Round(n*1e12) / 1e6, told && n >= 0 && n < 1
}

// figure reads a number, or a text that is one.
func figure(v json.RawMessage) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(written(v)), 64)
	return n, err == nil
}

// written gives a JSON string as it reads, and any other value but null as it is
// written.
func written(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	if string(v) == "null" {
		return ""
	}
	return string(v)
}
