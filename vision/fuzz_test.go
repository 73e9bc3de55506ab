package vision_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vlocal/domain"
	"vlocal/vision"
)

// FuzzAnswer gives the client any status, type and body.
//
//	go test -run '^$' -fuzz Answer -fuzztime 1m ./vision
func FuzzAnswer(f *testing.F) {
	for _, seed := range []struct {
		status int
		kind   string
		body   string
	}{
		{200, "application/json", fine},
		{200, "text/event-stream", streamed},
		{200, "text/event-stream", ": x\n\ndata: {\"error\":{\"code\":502,\"message\":\"" + key + "\"}}\r\n\r\ndata: [DONE]"},
		{200, "", `{"choices":[{"index":0,"finish_reason":"length","message":{"content":[{"type":"thinking","thinking":[]},{"text":"<think>a</think>b"}]}}],"usage":{"cost":"1","prompt_tokens":"5"}}`},
		{200, "", `{"model":"m","message":{"content":"x"},"done":true}` + "\n{}"},
		{400, "", noMaxTokens},
		{422, "", noNewMistral},
		{429, "", `[{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"34s","violations":[{"quotaId":"PerDay"}]}]}}]`},
		{429, "", `{"error":{"message":"{\"error\":{\"message\":\"{\\\"error\\\":1}\"}}","metadata":{"raw":"{\"error\":\"` + key + `\"}","reasons":["x"]}}}`},
		{502, "text/html", "<html><title>x | 502: \xff Bad</title>"},
		{503, "", `{"error":"loading","estimated_time":1e300}`},
		{307, "", ""},
		{401, "text/plain", "sk-marked-\x000123456789abcdef"},
		{200, "", "\xef\xbb\xbf \n"},
		{200, "", content("stop", "```json\n"+chair+"\n```")},
		{200, "", content("length", chair[:20])},
		{400, "", `{"error":{"message":"This response_format type is unavailable now","failed_generation":"{}","code":"json_validate_failed"}}`},
	} {
		f.Add(seed.status, seed.kind, []byte(seed.body))
	}
	asked := withFields(f)
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		if status < 100 || status > 999 {
			status = 200
		}
		c, err := vision.New(vision.Options{BaseURL: "http://x.invalid/v1", Keys: []domain.Key{domain.NewKey(key)}, Transport: canned{
			status: status, header: http.Header{"Content-Type": {kind}, "Location": {kind}}, body: body,
		}})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		told := []string{answer.Text, answer.Model, answer.FinishReason}
		if err != nil {
			e, ok := errors.AsType[*domain.Error](err)
			if !ok || !slices.Contains(domain.ErrorKinds, e.Kind) || e.RetryAfter < 0 || e.RetryAfter > time.Hour {
				t.Fatalf("%+v", err)
			}
			if len(e.Error()) > 1000 || strings.ContainsAny(e.Error(), "\n\x1b") {
				t.Errorf("not fit for a person: %q", e)
			}
			told = append(told, e.Error())
		} else if answer.Text == "" {
			t.Error("an empty answer is no error")
		}
		for _, text := range told {
			if !utf8.ValidString(text) || strings.Contains(text, "\x00") || strings.Contains(text, key) {
				t.Errorf("%q", text)
			}
		}
		columns, err := c.Ask(t.Context(), domain.Permit{}, domain.Question{Task: asked})
		if (err == nil) != (columns.Fields != "") || columns.Fields != "" && (columns.Text == "" || !json.Valid([]byte(columns.Fields))) {
			t.Errorf("%+v, %v", columns, err)
		}
		if e, ok := errors.AsType[*domain.Error](err); ok && (len(e.Error()) > 1000 || strings.ContainsAny(e.Error(), "\n\x1b") || e.Misfit && columns.Text == "") {
			t.Errorf("%q, %v", e, e.Misfit)
		}
		if u := answer.Usage; u.TokensIn < 0 || u.TokensOut < 0 || u.TokensCached < 0 || u.TokensCached > u.TokensIn || answer.Cost != nil && *answer.Cost < 0 {
			t.Errorf("%+v, %v", u, answer.Cost)
		}
	})
}

// FuzzRetryAfter gives the client any headers that ask to wait.
//
//	go test -run '^$' -fuzz RetryAfter -fuzztime 1m ./vision
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range [][2]string{
		{"7", ""}, {"", "1500"}, {"Mon, 02 Jan 2006 15:04:05 GMT", "x"}, {"1e300", "-1"}, {"NaN", "Inf"}, {"0x1p-2", "1_0"},
		{"Fri, 31 Dec 9999 23:59:59 GMT", ""}, {" 3 ", "\t"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, after, ms string) {
		c, err := vision.New(vision.Options{BaseURL: "http://x.invalid/v1", Transport: canned{
			status: 429, header: http.Header{"Retry-After": {after}, "Retry-After-Ms": {ms}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{}})
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Kind != domain.RateLimited || e.RetryAfter < 0 || e.RetryAfter > time.Hour {
			t.Errorf("%q, %q: %v", after, ms, err)
		}
	})
}
