package vision_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/google/go-cmp/cmp"

	"vlocal/builtin"
	"vlocal/domain"
	"vlocal/vision"
)

func TestModelsAsksWithTheKeyItWasGiven(t *testing.T) {
	var asked *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		says(200, `{"object":"list","data":[{"id":"b","object":"model"},{"id":"a","object":"model"},{"id":""}]}`)(w, r)
	}))
	defer server.Close()
	c, err := vision.New(vision.Options{BaseURL: server.URL + "/v1/", UserAgent: "vlocal/test"})
	if err != nil {
		t.Fatal(err)
	}
	offers, err := c.Models(t.Context(), domain.NewKey(key))
	if diff := cmp.Diff([]vision.Offer{{ID: "b"}, {ID: "a"}}, offers); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if asked.Method != "GET" || asked.URL.Path != "/v1/models" || asked.Header.Get("Authorization") != "Bearer "+key ||
		asked.Header.Get("User-Agent") != "vlocal/test" {
		t.Errorf("%s %s %v", asked.Method, asked.URL, asked.Header)
	}
	if _, err := c.Models(t.Context(), domain.Key{}); err != nil {
		t.Error(err)
	}
	if _, sent := asked.Header["Authorization"]; sent {
		t.Error("a header without a key")
	}
}

// modelsOf gives what the list in a body is read as.
func modelsOf(t *testing.T, h http.HandlerFunc) ([]vision.Offer, error) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	c, err := vision.New(vision.Options{BaseURL: server.URL + "/v1", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c.Models(t.Context(), domain.NewKey(key))
}

// What servers add to the list, each in the shape that it documents (sources: at
// the type that reads them).
func TestListsOfEveryShape(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []vision.Offer
	}{
		"OpenRouter": {`{"data":[{"id":"openai/gpt-4o-mini","context_length":128000,"pricing":{"prompt":"0.00000015","completion":"0.0000006","request":"0","image":"0.000217","input_cache_read":"0.000000075"}}]}`,
			[]vision.Offer{{ID: "openai/gpt-4o-mini", Context: 128000, Price: &domain.Price{In: 0.15, Out: 0.6, CachedIn: 0.075}}}},
		"OpenRouter, nothing on what is cached": {`{"data":[{"id":"q","pricing":{"prompt":"0.0000008","completion":"0.0000032"}}]}`,
			[]vision.Offer{{ID: "q", Price: &domain.Price{In: 0.8, Out: 3.2, CachedIn: 0.8}}}},
		"OpenRouter, free": {`{"data":[{"id":"q:free","pricing":{"prompt":"0","completion":"0"}}]}`,
			[]vision.Offer{{ID: "q:free", Price: &domain.Price{}}}},
		"OpenRouter's router, whose price depends": {`{"data":[{"id":"openrouter/auto","context_length":2000000,"pricing":{"prompt":"-1","completion":"-1"}}]}`,
			[]vision.Offer{{ID: "openrouter/auto", Context: 2000000}}},
		"numbers instead of texts": {`{"data":[{"id":"q","context_length":"4096","pricing":{"prompt":0.000001,"completion":2e-6}}]}`,
			[]vision.Offer{{ID: "q", Context: 4096, Price: &domain.Price{In: 1, Out: 2, CachedIn: 1}}}},
		"half a price":     {`{"data":[{"id":"q","pricing":{"prompt":"0.000001"}}]}`, []vision.Offer{{ID: "q"}}},
		"not a price":      {`{"data":[{"id":"q","pricing":{"prompt":"NaN","completion":"Inf"}},{"id":"r","pricing":"much"},{"id":"s","pricing":{"prompt":"5","completion":"5"}}]}`, []vision.Offer{{ID: "q"}, {ID: "r"}, {ID: "s"}}},
		"Groq":             {`{"object":"list","data":[{"id":"g","object":"model","active":true,"context_window":8192,"public_apps":null}]}`, []vision.Offer{{ID: "g", Context: 8192}}},
		"Mistral":          {`{"object":"list","data":[{"id":"pixtral-12b","object":"model","capabilities":{"vision":true},"max_context_length":131072}]}`, []vision.Offer{{ID: "pixtral-12b", Context: 131072}}},
		"vLLM":             {`{"object":"list","data":[{"id":"v","object":"model","owned_by":"vllm","root":"v","parent":null,"max_model_len":4096,"permission":[{}]}]}`, []vision.Offer{{ID: "v", OwnedBy: "vllm", Context: 4096}}},
		"Together AI":      {`[{"id":"t","object":"model","context_length":2048,"pricing":{"hourly":0,"input":0.3,"output":0.3,"base":0,"finetune":0}}]`, []vision.Offer{{ID: "t", Context: 2048}}},
		"Ollama with none": {`{"object":"list","data":null}`, []vision.Offer{}},
		"an empty list":    {`{"object":"list","data":[]}`, []vision.Offer{}},
	} {
		offers, err := modelsOf(t, says(200, c.body))
		if diff := cmp.Diff(c.want, offers); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestListFaultsAreOfTheTaxonomy(t *testing.T) {
	html := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>Hello</title>")
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   domain.ErrorKind
		says   string
	}{
		"a wrong key":           {says(401, `{"error":{"message":"Incorrect API key provided: `+key+`"}}`), domain.Auth, "[the key]"},
		"a key that may not":    {says(403, `{"error":"no"}`), domain.Auth, "403"},
		"an empty account":      {says(402, `{"error":{"message":"Insufficient credits","code":402}}`), domain.Quota, "top up"},
		"too often":             {says(429, `{"error":{"message":"slow down"}}`), domain.RateLimited, "slow down"},
		"out of order":          {says(500, `oops`), domain.Server, "oops"},
		"a web page":            {html, domain.Model, "a web page"},
		"moved":                 {http.RedirectHandler("https://elsewhere.example/v1/models?key="+key, http.StatusFound).ServeHTTP, domain.Model, "elsewhere.example"},
		"an error inside 200":   {says(200, `{"error":{"message":"upstream is down","code":502}}`), domain.Server, "upstream is down"},
		"another shape":         {says(200, `{"models":["a"]}`), domain.InvalidAnswer, "not the list"},
		"not JSON":              {says(200, `hello`), domain.InvalidAnswer, "hello"},
		"data of another shape": {says(200, `{"data":{"a":1}}`), domain.InvalidAnswer, "not the list"},
		"too long":              {says(200, strings.Repeat(" ", 8<<20)+`{"data":[]}`), domain.InvalidAnswer, "more than"},
		"the key, cut in the middle by the quotation": {says(400, `{"error":{"message":"`+strings.Repeat("x", 290)+key+`"}}`), domain.BadRequest, "xxx"},
		"the key, escaped":                            {says(400, `{"error":{"message":"it was \u0073`+key[1:]+`"}}`), domain.BadRequest, "it was [the key]"},
	} {
		offers, err := modelsOf(t, c.answer)
		e, ok := errors.AsType[*domain.Error](err)
		switch {
		case !ok:
			t.Errorf("%s: %v, %v", name, offers, err)
		case strings.Contains(err.Error(), "for the model"):
			t.Errorf("%s: there is none: %v", name, err)
		case e.Kind != c.kind || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "list the models of http://127"):
			t.Errorf("%s: %s, %v", name, e.Kind, err)
		case strings.Contains(fmt.Sprintf("%v %+v %#v", err, e, e), "marked"):
			t.Errorf("%s: the key shows: %v", name, err)
		case errors.Is(err, vision.ErrNoModelList):
			t.Errorf("%s: is taken for a server without a list", name)
		}
	}
}

func TestListThatRepeatsTheKeyIsRead(t *testing.T) {
	offers, err := modelsOf(t, says(200, `{"data":[{"id":"of `+key+`"},{"id":"\u0073`+key[1:]+`"}]}`))
	if diff := cmp.Diff([]vision.Offer{{ID: "of [the key]"}, {ID: "[the key]"}}, offers); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestServerWithoutAListIsToldApart(t *testing.T) {
	for _, status := range []int{404, 405, 501} {
		_, err := modelsOf(t, says(status, `{"error":{"message":"Unknown model endpoint"}}`))
		if !errors.Is(err, vision.ErrNoModelList) || domain.KindOf(err) != domain.Model {
			t.Errorf("%d: %v", status, err)
		}
	}
	// A key that is good for questions only is not a wrong one.
	_, err := modelsOf(t, says(401, `{"type":"error","error":{"type":"authentication_error","message":"x-api-key header is required"}}`))
	if !errors.Is(err, vision.ErrNoModelList) {
		t.Error(err)
	}
}

func TestModelsEndsWithItsTimeAndItsContext(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(hang)
	c, err := vision.New(vision.Options{BaseURL: server.URL, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Models(t.Context(), domain.Key{}); domain.KindOf(err) != domain.Timeout {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Models(ended, domain.Key{}); domain.KindOf(err) != domain.Interrupted || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// heldList validates GET /models and its answer against the published
// description.
type heldList struct {
	t *testing.T
	contract
	inner http.RoundTripper
	n     int
}

func (h *heldList) RoundTrip(r *http.Request) (*http.Response, error) {
	in, err := h.request(r.Method, r.URL.Path, r.Header, nil)
	if err != nil {
		h.t.Errorf("the request breaks the contract: %v", err)
		return nil, err
	}
	res, err := h.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Body: res.Body}
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		h.t.Errorf("the answer breaks the contract: %v", err)
	}
	res.Body = out.Body // it was read, and put back
	h.n++
	return res, nil
}

func TestListKeepsTheContract(t *testing.T) {
	h := &heldList{t: t, contract: newContract(t), inner: builtin.Transport()}
	c, err := vision.New(vision.Options{BaseURL: builtin.BaseURL, Transport: h})
	if err != nil {
		t.Fatal(err)
	}
	offers, err := c.Models(t.Context(), domain.NewKey(key))
	if diff := cmp.Diff([]vision.Offer{{ID: builtin.Model, OwnedBy: "vlocal"}}, offers); diff != "" || err != nil || h.n != 1 {
		t.Error(diff, err, h.n)
	}
}
