package builtin_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"vlocal/builtin"
	"vlocal/internal/testimage"
)

// asks puts a schema to the model, and gives what it says and refuses.
func asks(t *testing.T, schema string) (status int, content, refusal string) {
	t.Helper()
	picture := "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(testimage.JPEG(testimage.Landscape(320, 200), 90))
	body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":%q}}]}],
		"response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":%s}}}`, builtin.Model, picture, schema)
	w := httptest.NewRecorder()
	builtin.Handler().ServeHTTP(w, httptest.NewRequest("POST", "/v1/chat/completions", strings.NewReader(body)))
	var answer struct {
		Choices []struct {
			Message struct{ Content, Refusal string }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Choices) == 0 {
		return w.Code, "", w.Body.String()
	}
	return w.Code, answer.Choices[0].Message.Content, answer.Choices[0].Message.Refusal
}

func TestFieldsAreWhatTheModelMeasures(t *testing.T) {
	for _, c := range []struct{ properties, want, refusal string }{
		{`{"width":{"type":"integer"},"Height":{"type":["number","null"]},"sharp":{"type":["boolean","null"]},"codes":{"type":"array"}}`,
			`{"width":320,"Height":200,"sharp":true,"codes":[]}`, ""},
		{`{"b":{"type":["number","null"]},"a":{"anyOf":[{"type":"boolean"},{"type":"null"}]}}`, `{"b":null,"a":null}`, ""},
		// Of another type, or one of a few, it is not what the model knows.
		{`{"width":{"type":["boolean","null"]},"sharp":{"type":["string","null"],"enum":["yes","no",null]},"day":{"type":["string","null"],"format":"date"}}`,
			`{"width":null,"sharp":null,"day":null}`, ""},
		{`{"price":{"type":"number"}}`, "", `cannot tell "price"`},
	} {
		status, content, refusal := asks(t, `{"type":"object","properties":`+c.properties+`}`)
		if status != 200 || content != c.want || !strings.Contains(refusal, c.refusal) || (refusal == "") != (c.refusal == "") {
			t.Errorf("%s\ngives %d %s %s", c.properties, status, content, refusal)
		}
	}
	_, content, _ := asks(t, `{"type":"object","properties":{"n":{"type":["number","null"]},"title":{"type":"string"},"more":{"type":["string","null"]}}}`)
	if !strings.HasPrefix(content, `{"n":null,"title":"A `) || !strings.HasSuffix(content, `.","more":null}`) {
		t.Errorf("the first text is no description: %s", content)
	}
	for _, schema := range []string{`{}`, `[]`, `{"properties":5}`, `{"properties":{"a":5}}`} {
		if status, _, said := asks(t, schema); status != 400 || !strings.Contains(said, "schema") {
			t.Errorf("%s: %d %s", schema, status, said)
		}
	}
}
