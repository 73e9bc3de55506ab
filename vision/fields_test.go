package vision_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/vision"
)

// An answer with fields ends as one of the kinds, and whoever can better it is told
// so.
func TestAnswersWithFieldsOfEveryShape(t *testing.T) {
	refusal := `{"model":"m","choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I'm sorry, I cannot assist with that."}}]}`
	groq := func(generated string) string {
		quoted, _ := json.Marshal(generated)
		return `{"error":{"message":"Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.","type":"invalid_request_error","code":"json_validate_failed","failed_generation":` + string(quoted) + `}}`
	}
	for name, c := range map[string]struct {
		status int
		body   string
		want   domain.Answer
		kind   domain.ErrorKind
		misfit bool
		says   string
	}{
		"as it should be": {200, content("stop", chair), domain.Answer{Text: chair, Fields: chair}, "", false, ""},
		"in a fence": {200, content("stop", "```json\n"+chair+"\n```"),
			domain.Answer{Text: "```json\n" + chair + "\n```", Fields: chair, Mended: "taken out of a code fence"}, "", false, ""},
		"behind thoughts": {200, content("stop", "<think>{\"title\":\"no\"}</think>\n"+chair), domain.Answer{Text: chair, Fields: chair}, "", false, ""},
		"prose":           {200, content("stop", "A chair."), domain.Answer{Text: "A chair."}, domain.InvalidAnswer, true, "the answer is not JSON"},
		"another type": {200, content("stop", `{"title":"A","price":"cheap"}`), domain.Answer{Text: `{"title":"A","price":"cheap"}`}, domain.InvalidAnswer, true,
			`the answer does not fit its fields: "price" takes number or null, not string`},
		"nothing":         {200, content("stop", ""), domain.Answer{}, domain.InvalidAnswer, false, "empty"},
		"cut in a field":  {200, content("length", `{"title":"A cha`), domain.Answer{Text: `{"title":"A cha`, FinishReason: "length"}, domain.Truncated, false, "cut at 77"},
		"cut in a number": {200, content("length", `{"title":"A","price":12`), domain.Answer{Text: `{"title":"A","price":12`, FinishReason: "length"}, domain.Truncated, false, "cut at 77"},
		"cut behind its end": {200, content("length", chair+"\n\nThis is a"), domain.Answer{
			Text: chair + "\n\nThis is a", FinishReason: "length", Fields: chair, Mended: "taken out of the text around it"}, "", false, ""},
		// https://platform.openai.com/docs/guides/structured-outputs#refusals
		"a refusal":       {200, refusal, domain.Answer{}, domain.Refused, false, "cannot assist"},
		"filtered":        {200, content("content_filter", `{"title":"A`), domain.Answer{Text: `{"title":"A`, FinishReason: "content_filter"}, domain.Filtered, false, "filter"},
		"filtered before": {400, `{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","param":"prompt","code":"content_filter"}}`, domain.Answer{}, domain.Filtered, false, "policy"},
		// https://github.com/build-with-groq/g1/pull/23
		"kept back (Groq)":             {400, groq("```json\n" + chair + "\n```"), domain.Answer{Text: "```json\n" + chair + "\n```", Fields: chair, Mended: "taken out of a code fence"}, "", false, ""},
		"kept back, and no use (Groq)": {400, groq(`{"title": 'x'`), domain.Answer{Text: `{"title": 'x'`}, domain.InvalidAnswer, true, "not JSON"},
		"kept back, nothing (Groq)":    {400, groq(""), domain.Answer{}, domain.InvalidAnswer, false, "Failed to generate JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := asking(t, vision.Options{}, says(c.status, c.body)).Ask(t.Context(), domain.Permit{}, domain.Question{Task: withFields(t)})
			c.want.Model = got.Model
			if c.want.FinishReason == "" {
				c.want.FinishReason = got.FinishReason
			}
			if diff := cmp.Diff(c.want, got); diff != "" || domain.KindOf(err) != c.kind {
				t.Errorf("%v %s", err, diff)
			}
			if e, ok := errors.AsType[*domain.Error](err); ok && (e.Misfit != c.misfit || !strings.Contains(e.Error(), c.says)) {
				t.Errorf("%v, %v; want %q, %v", e.Misfit, e, c.says, c.misfit)
			}
		})
	}
}

// Whoever betters an answer sees the picture, what was said of it, and what is wrong
// with that.
func TestRejectedAnswerIsShownAgain(t *testing.T) {
	task := withFields(t)
	rejected := &domain.Rejected{Text: `data:image/jpeg;base64, "image_url":{"url":"data:image/jpeg;base64,`, Why: "the answer is not JSON"}
	client := asking(t, vision.Options{}, func(w http.ResponseWriter, r *http.Request) {
		var got sent
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		if len(got.Messages) != 3 {
			t.Errorf("%+v", got)
			return
		}
		question := got.Messages[0].Content.([]any)
		if picture := question[1].(map[string]any)["image_url"].(map[string]any)["url"]; picture != "data:image/jpeg;base64,eA==" {
			t.Errorf("the picture is %v", picture)
		}
		if got.Messages[1].Role != "assistant" || got.Messages[1].Content != rejected.Text {
			t.Errorf("%+v", got.Messages[1])
		}
		again, _ := got.Messages[2].Content.(string)
		if got.Messages[2].Role != "user" || !strings.Contains(again, rejected.Why) || !strings.Contains(again, task.Schema) {
			t.Errorf("%+v", got.Messages[2])
		}
		says(200, content("stop", chair))(w, r)
	})
	answer, err := client.Ask(t.Context(), domain.Permit{}, domain.Question{Task: task, Picture: domain.Picture{JPEG: []byte("x")}, Rejected: rejected})
	if err != nil || answer.Fields != chair {
		t.Errorf("%+v, %v", answer, err)
	}
}
