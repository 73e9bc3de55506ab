package vision_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"vlocal/builtin"
	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/vision"
)

// spec is the published description of the API, beside the repository.
const spec = "../../shared/openai-spec/openapi.json"

// contract holds requests and answers to the published description.
type contract struct{ router routers.Router }

func newContract(t *testing.T) contract {
	t.Helper()
	data, err := os.ReadFile(spec)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the published API description is not here: no " + spec)
	}
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return contract{router}
}

// request validates a body as a request to the server of the description, and
// gives what its answer is validated with.
func (c contract) request(method, path string, header http.Header, body []byte) (*openapi3filter.RequestValidationInput, error) {
	req, err := http.NewRequest(method, "https://api.openai.com"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = header.Clone()
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		return nil, err
	}
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	return in, openapi3filter.ValidateRequest(context.Background(), in)
}

func (c contract) answer(in *openapi3filter.RequestValidationInput, res *http.Response, body []byte) error {
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(body)),
	})
}

// held is a transport that validates what passes.
type held struct {
	t *testing.T
	contract
	inner http.RoundTripper
	n     int
}

func (h *held) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if int64(len(body)) != r.ContentLength {
		h.t.Errorf("Content-Length %d for %d bytes", r.ContentLength, len(body))
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	in, err := h.request(r.Method, r.URL.Path, r.Header, body)
	if err != nil {
		h.t.Errorf("the request breaks the contract: %v", err)
	}
	res, err := h.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	// The description has no error answers for this path.
	if res.StatusCode == http.StatusOK {
		if err := h.answer(in, res, answer); err != nil {
			h.t.Errorf("the answer breaks the contract: %v\n%s", err, answer)
		}
	}
	h.n++
	return res, nil
}

func TestRequestsAndBuiltinAnswersKeepTheContract(t *testing.T) {
	h := &held{t: t, contract: newContract(t), inner: builtin.Transport()}
	client, err := vision.New(vision.Options{BaseURL: builtin.BaseURL, Keys: []domain.Key{domain.NewKey("k")}, Transport: h})
	if err != nil {
		t.Fatal(err)
	}
	jpeg := testimage.JPEG(testimage.Landscape(64, 48), 85)
	for _, prompt := range []string{
		"What is this?", "\"quotes\" \\ and\nlines", "data:image/jpeg;base64,", "写真 🐈 \x00 \u2028", strings.Repeat("long ", 5000),
	} {
		task := domain.Task{Prompt: prompt, Model: builtin.Model, Parameters: domain.Parameters{MaxTokens: 100}}
		answer, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{JPEG: jpeg}})
		if err != nil || !strings.Contains(answer.Text, "64x48") {
			t.Errorf("%.20q: %+v, %v", prompt, answer, err)
		}
	}
	short := domain.Task{Prompt: "?", Model: builtin.Model, Parameters: domain.Parameters{MaxTokens: 5}}
	if answer, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: short, Picture: domain.Picture{JPEG: jpeg}}); domain.KindOf(err) != domain.Truncated || answer.Text == "" {
		t.Errorf("cut at 5 tokens: %+v, %v", answer, err)
	}
	columns := withFields(t)
	columns.Model, columns.MaxTokens = builtin.Model, 200
	for _, rejected := range []*domain.Rejected{nil, {Text: "A chair.", Why: "the answer is not JSON"}} {
		answer, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: columns, Picture: domain.Picture{JPEG: jpeg}, Rejected: rejected})
		if err != nil || !strings.HasPrefix(answer.Fields, `{"title":"A `) || !strings.HasSuffix(answer.Fields, `,"price":null}`) {
			t.Errorf("%+v, %v", answer, err)
		}
	}
	withExamples := domain.Question{
		Task:    domain.Task{Prompt: "?", System: "Be \"brief\".", Model: builtin.Model, Parameters: domain.Parameters{MaxTokens: 100}},
		Picture: domain.Picture{JPEG: jpeg},
		Examples: []domain.Shown{
			{Picture: domain.Picture{JPEG: testimage.JPEG(testimage.Landscape(31, 20), 85)}, Answer: "data:image/jpeg;base64,\"}}]}"},
			{Picture: domain.Picture{JPEG: testimage.JPEG(testimage.Landscape(32, 20), 85)}, Answer: `{"title": "a lake"}`},
		},
	}
	if answer, err := client.Ask(t.Context(), domain.Permit{}, withExamples); err != nil || !strings.Contains(answer.Text, "64x48") {
		t.Errorf("with examples: %+v, %v", answer, err)
	}
	if h.n != 9 {
		t.Errorf("%d requests were validated", h.n)
	}
}

// A validator that takes anything would prove nothing.
func TestContractRefusesWhatBreaksIt(t *testing.T) {
	c := newContract(t)
	header := http.Header{"Content-Type": {"application/json"}}
	for _, body := range []string{
		`{"max_tokens":5,"messages":[{"role":"user","content":"x"}]}`,
		`{"model":"m","max_tokens":"5","messages":[{"role":"user","content":"x"}]}`,
		`{"model":"m","messages":[{"role":"nobody","content":"x"}]}`,
		`{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema"}}`,
		`{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"xml"}}`,
		`{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}`,
		`{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":"data:image/jpeg;base64,AA"}]}]}`,
	} {
		if _, err := c.request("POST", "/v1/chat/completions", header, []byte(body)); err == nil {
			t.Errorf("taken: %s", body)
		}
	}
}
