package vision_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/fields"
	"vlocal/vision"
)

// withFields is a task with two fields.
func withFields(t testing.TB) domain.Task {
	t.Helper()
	schema, err := fields.Parse("title, price:number")
	if err != nil {
		t.Fatal(err)
	}
	task := task
	task.Schema = schema
	return task
}

// content answers with a text.
func content(finish, text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"model":"m","choices":[{"index":0,"finish_reason":%q,"message":{"role":"assistant","content":%s}}]}`, finish, quoted)
}

const chair = `{"title":"A chair","price":12.5}`

// sent is what of a request is about its format.
type sent struct {
	ResponseFormat *struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Name   string          `json:"name"`
			Strict bool            `json:"strict"`
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
	Messages []struct {
		Role    string `json:"role"`
		Content any    `json:"content"`
	} `json:"messages"`
}

func (s sent) format() string {
	if s.ResponseFormat == nil {
		return "prompt"
	}
	return s.ResponseFormat.Type
}

// prompt is the text of the first message.
func (s sent) prompt() string {
	return s.Messages[0].Content.([]any)[0].(map[string]any)["text"].(string)
}

// choosy is a server that takes some formats and refuses others with a status and
// the words given. It keeps the formats it was asked in.
type choosy struct {
	t       *testing.T
	status  int
	refuses map[string]string
	mu      sync.Mutex
	asked   []string
	last    sent
}

func (c *choosy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var s sent
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	c.asked, c.last = append(c.asked, s.format()), s
	c.mu.Unlock()
	if words, refused := c.refuses[s.format()]; refused {
		says(c.status, words)(w, r)
		return
	}
	says(200, content("stop", chair))(w, r)
}

// What servers say of a format that they, or the model, do not take.
func TestFormatIsTheBestThatTheServerTakes(t *testing.T) {
	const schema, object, prompt = "json_schema", "json_object", "prompt"
	openai := func(message, param string) string {
		return fmt.Sprintf(`{"error":{"message":%q,"type":"invalid_request_error","param":%q,"code":null}}`, message, param)
	}
	noModel := func(format string) string {
		return openai("Invalid parameter: 'response_format' of type '"+format+"' is not supported with this model. Learn more about supported models at the Structured Outputs guide: https://platform.openai.com/docs/guides/structured-outputs", "")
	}
	for _, c := range []struct {
		source  string
		status  int
		refuses map[string]string
		want    []string
	}{
		{"takes all", 400, nil, []string{schema}},
		{"OpenAI: https://github.com/langchain-ai/langchain/issues/31490, https://github.com/mrwadams/stride-gpt/issues/19", 400,
			map[string]string{schema: noModel(schema), object: noModel(object)}, []string{schema, object, prompt}},
		{"Azure: https://github.com/Azure/azure-sdk-for-net/issues/46579", 400,
			map[string]string{schema: `{"error":{"message":"response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later","type":"","param":"","code":"BadRequest"}}`}, []string{schema, object}},
		{"DeepSeek: https://github.com/llm-exe/llm-exe/issues/662", 400,
			map[string]string{schema: openai("This response_format type is unavailable now", "")}, []string{schema, object}},
		{"DeepSeek, older: https://github.com/browser-use/browser-use/pull/215", 422,
			map[string]string{schema: openai("Failed to deserialize the JSON body into the target type: response_format: response_format.type `json_schema` is unavailable now at line 1 column 12440", "")}, []string{schema, object}},
		{"LM Studio, had it no json_schema: https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/189", 400,
			map[string]string{schema: `{"error":"'response_format.type' must be 'text'"}`, object: `{"error":"'response_format.type' must be 'json_schema' or 'text'"}`}, []string{schema, object, prompt}},
		{"older llama.cpp: https://github.com/ikawrakow/ik_llama.cpp/issues/778", 500,
			map[string]string{schema: `{"error":{"code":500,"message":"response_format type must be one of \"text\" or \"json_object\", but got: json_schema","type":"server_error"}}`}, []string{schema, object}},
		{"older vLLM, as pydantic says it", 400,
			map[string]string{schema: `{"object":"error","message":"[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'text' or 'json_object'\", 'input': 'json_schema'}]","type":"BadRequestError","param":null,"code":400}`}, []string{schema, object}},
		{"the same in Mistral's shape", 422,
			map[string]string{schema: `{"object":"error","message":{"detail":[{"type":"literal_error","loc":["body","response_format","type"],"msg":"Input should be 'text' or 'json_object'","input":"json_schema"}]},"type":"invalid_request_error"}`}, []string{schema, object}},
		{"Groq: https://github.com/vercel/ai/issues/7808", 400,
			map[string]string{schema: openai("'response_format' : one of the following must be satisfied[('response_format.type' : value is not one of the allowed values ['text']) OR ('response_format.type' : value is not one of the allowed values ['json_object'])]", "")}, []string{schema, object}},
		{"Groq, of a schema: https://github.com/i-am-bee/beeai-framework/issues/1215", 400,
			map[string]string{schema: openai("invalid schema for response format: response_format/json_schema/next_step: minItems is not supported", "")}, []string{schema, object}},
		{"Google: https://github.com/FirebaseExtended/compass-ai-travel-planning-sample-flutter/pull/40", 400,
			map[string]string{schema: `[{"error":{"code":400,"message":"JSON mode is not enabled for models/gemma-3-27b-it","status":"INVALID_ARGUMENT"}}]`, object: `[{"error":{"code":400,"message":"JSON mode is not enabled for models/gemma-3-27b-it","status":"INVALID_ARGUMENT"}}]`}, []string{schema, object, prompt}},
		{"Google, of a schema: https://github.com/tensorzero/tensorzero/issues/1028", 400,
			map[string]string{schema: `{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"$schema\" at 'generation_config.response_schema': Cannot find field.","status":"INVALID_ARGUMENT"}}`}, []string{schema, object}},
		{"xAI: https://github.com/BerriAI/litellm/issues/6610", 400,
			map[string]string{schema: `{"code":"Client specified an invalid argument","error":"The response_format parameter is unsupported at the moment. Leave it unset."}`, object: `{"code":"Client specified an invalid argument","error":"The response_format parameter is unsupported at the moment. Leave it unset."}`}, []string{schema, object, prompt}},
		{"Volcengine: https://github.com/agno-agi/agno/issues/2553", 400,
			map[string]string{schema: "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"The parameter `response_format.type` specified in the request are not valid: invalid value: `json_schema`, supported values are: `json_object` and `text`.\",\"param\":\"response_format.type\",\"type\":\"BadRequest\"}}"}, []string{schema, object}},
		{"vLLM, of a schema: https://github.com/vllm-project/vllm/issues/16880", 400,
			map[string]string{schema: `{"object":"error","message":"The provided JSON schema contains features not supported by xgrammar.","type":"BadRequestError","param":null,"code":400}`}, []string{schema, object}},
		{"vLLM, of a schema: https://github.com/noonghunna/club-3090/issues/45", 500,
			map[string]string{schema: `{"error":{"message":"Grammar error: Unimplemented keys: [\"propertyNames\"]","type":"InternalServerError","param":null,"code":500}}`}, []string{schema, object}},
		{"llama.cpp, of a schema: https://github.com/lidge-jun/opencodex/issues/2135", 400,
			map[string]string{schema: `{"error":{"code":400,"message":"Failed to initialize samplers: failed to parse grammar","type":"invalid_request_error"}}`}, []string{schema, object}},
		{"OpenRouter, which sorts by what is asked for: https://openrouter.ai/docs/guides/routing/provider-selection", 404,
			map[string]string{schema: `{"error":{"message":"No endpoints found that can handle the requested parameters. To learn more about provider routing, visit: https://openrouter.ai/docs/guides/routing/provider-selection","code":404}}`}, []string{schema, object}},
	} {
		server := &choosy{t: t, status: c.status, refuses: c.refuses}
		client := asking(t, vision.Options{}, server.ServeHTTP)
		for range 2 { // the second time it is known
			answer, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: withFields(t), Picture: domain.Picture{JPEG: []byte("x")}})
			if err != nil || answer.Fields != chair || answer.Mended != "" {
				t.Errorf("%s: %+v, %v", c.source, answer, err)
			}
		}
		if diff := cmp.Diff(append(c.want, c.want[len(c.want)-1]), server.asked); diff != "" {
			t.Errorf("%s: %s", c.source, diff)
		}
	}
}

// A server that holds its model to the schema may not show it to the model; one
// that has the word JSON nowhere in its messages refuses json_object.
func TestSchemaIsInTheRequest(t *testing.T) {
	refusal := `{"error":{"message":"This response_format type is unavailable now"}}`
	server := &choosy{t: t, status: 400, refuses: map[string]string{}}
	client := asking(t, vision.Options{}, server.ServeHTTP)
	task := withFields(t)
	for _, format := range []string{"json_schema", "json_object", "prompt"} {
		if _, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{JPEG: []byte("x")}}); err != nil {
			t.Fatal(err)
		}
		if server.last.format() != format || !strings.HasPrefix(server.last.prompt(), "What is it?\n") ||
			!strings.Contains(server.last.prompt(), "JSON") || !strings.Contains(server.last.prompt(), task.Schema) {
			t.Errorf("%s: %s", format, server.last.prompt())
		}
		if f := server.last.ResponseFormat; format == "json_schema" &&
			(f.JSONSchema.Name == "" || !f.JSONSchema.Strict || string(f.JSONSchema.Schema) != task.Schema) {
			t.Errorf("%+v", f)
		}
		server.refuses[format] = refusal
	}
}

// OpenAI shows the schema to its model: it is not paid for twice.
func TestSchemaIsNotToldTwice(t *testing.T) {
	for base, told := range map[string]bool{
		"https://api.openai.com/v1": false, "https://x.openai.azure.com/openai/v1": false, "https://eu.api.openai.com/v1": false,
		"https://api.openai.com.example/v1": true, "https://myapi.openai.com/v1": true,
	} {
		seen := transportFunc(func(r *http.Request) (*http.Response, error) {
			var s sent
			if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
				return nil, err
			}
			if got := strings.Contains(s.prompt(), "Schema"); got != told {
				t.Errorf("%s: %s", base, s.prompt())
			}
			return canned{status: 200, header: http.Header{}, body: []byte(content("stop", chair))}.RoundTrip(r)
		})
		client, err := vision.New(vision.Options{BaseURL: base, Transport: seen})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: withFields(t)}); err != nil {
			t.Error(err)
		}
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestFormatIsFoundOnce(t *testing.T) {
	refusal := `{"error":{"message":"This response_format type is unavailable now"}}`
	server := &choosy{t: t, status: 400, refuses: map[string]string{"json_schema": refusal}}
	var mu sync.Mutex
	var found, decided []string
	client := asking(t, vision.Options{
		Formats: map[string]domain.Format{"known": domain.InPrompt, "odd": "xml"},
		FormatFound: func(model string, f domain.Format) {
			mu.Lock()
			found = append(found, model+" "+string(f))
			mu.Unlock()
		},
		Decided: func(d domain.Decision) { mu.Lock(); decided = append(decided, string(d.What)+" "+d.Text); mu.Unlock() },
	}, server.ServeHTTP)
	for _, model := range []string{"m", "known", "m", "odd", "known"} {
		task := withFields(t)
		task.Model = model
		if _, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task}); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{"json_schema", "json_object", "prompt", "json_object", "json_schema", "json_object", "prompt"}, server.asked); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"m json_object", "odd json_object"}, found); diff != "" {
		t.Error(diff)
	}
	if len(decided) != 2 || !strings.HasPrefix(decided[0], "format m does not take json_schema: it is asked with json_object") {
		t.Errorf("%q", decided)
	}
}

// What is wrong with one schema says nothing of the next.
func TestRefusedSchemaIsNotHeldAgainstTheServer(t *testing.T) {
	server := &choosy{t: t, status: 400, refuses: map[string]string{"json_schema": `{"error":{"message":"Invalid schema for response_format 'answer': In context=(), 'minItems' is not permitted."}}`}}
	client := asking(t, vision.Options{FormatFound: func(model string, f domain.Format) { t.Errorf("%s, %s", model, f) }}, server.ServeHTTP)
	if answer, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: withFields(t)}); err != nil || answer.Fields != chair {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestManyWhoMeetTheRefusedFormatAtOnceRecover(t *testing.T) {
	const slots = 25
	server := &choosy{t: t, status: 400, refuses: map[string]string{"json_schema": `{"error":{"message":"This response_format type is unavailable now"}}`}}
	var arrived atomic.Int32
	all := make(chan struct{})
	client := asking(t, vision.Options{Timeout: time.Minute}, func(w http.ResponseWriter, r *http.Request) {
		if n := arrived.Add(1); n == slots {
			close(all)
		}
		<-all
		server.ServeHTTP(w, r)
	})
	var wg sync.WaitGroup
	for range slots {
		wg.Go(func() {
			if answer, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: withFields(t)}); err != nil || answer.Fields != chair {
				t.Errorf("%+v, %v", answer, err)
			}
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, format := range server.asked {
		count[format]++
	}
	if diff := cmp.Diff(map[string]int{"json_schema": slots, "json_object": slots}, count); diff != "" {
		t.Error(diff)
	}
}

// What is no refusal of a format is sent once.
func TestOtherRefusalsKeepTheFormat(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
	}{
		{400, `{"error":{"message":"Invalid image","type":"invalid_request_error","code":"invalid_image_format"}}`},
		{429, `{"error":{"message":"Rate limit reached; response_format is not supported on this tier"}}`},
		{500, `{"error":{"message":"The server had an error while processing your request"}}`},
		{400, `{"error":{"message":"Bad input ` + strings.Repeat("x", 1000) + ` in {response_format: json_schema, not supported}"}}`},
	} {
		server := &choosy{t: t, status: c.status, refuses: map[string]string{"json_schema": c.body}}
		_, err := asking(t, vision.Options{}, server.ServeHTTP).Ask(t.Context(), domain.Permit{}, domain.Question{Task: withFields(t)})
		if err == nil || len(server.asked) != 1 {
			t.Errorf("%s: %v, %v", c.body, server.asked, err)
		}
	}
	// Nor can a server refuse what was not sent.
	refusal := `{"error":{"message":"This response_format type is unavailable now"}}`
	server := &choosy{t: t, status: 400, refuses: map[string]string{"json_schema": refusal, "json_object": refusal, "prompt": refusal}}
	_, err := asking(t, vision.Options{}, server.ServeHTTP).Ask(t.Context(), domain.Permit{}, domain.Question{Task: withFields(t)})
	if domain.KindOf(err) != domain.BadRequest || len(server.asked) != 3 {
		t.Errorf("%v, %v", server.asked, err)
	}
}

// A server may refuse both a name of the bound and a format.
func TestDialectsOfBothKindsAreLearned(t *testing.T) {
	server := &choosy{t: t, status: 400, refuses: map[string]string{"json_schema": `{"error":{"message":"This response_format type is unavailable now"}}`}}
	client := asking(t, vision.Options{}, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if strings.Contains(string(body), `"max_tokens"`) {
			says(400, noMaxTokens)(w, r)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		server.ServeHTTP(w, r)
	})
	if answer, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: withFields(t)}); err != nil || answer.Fields != chair {
		t.Errorf("%+v, %v", answer, err)
	}
	if diff := cmp.Diff([]string{"json_schema", "json_object"}, server.asked); diff != "" {
		t.Error(diff)
	}
}
