package vision_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"vlocal/domain"
	"vlocal/vision"
)

// FuzzModels gives the client any list of models, with any status.
func FuzzModels(f *testing.F) {
	for _, body := range []string{
		`{"object":"list","data":[{"id":"m","owned_by":"x","context_length":8192,"pricing":{"prompt":"0.00001","completion":"-1"}}]}`,
		`[{"id":"a"},{"id":"` + key + `","max_model_len":1e300}]`,
		`{"data":null}`, `{"data":[{"id":1}]}`, `{"error":"\u001b[2J"}`, "<html>", "",
	} {
		f.Add(200, []byte(body))
		f.Add(404, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 100 || status > 999 {
			status = 200
		}
		secret := domain.NewKey(key)
		c, err := vision.New(vision.Options{BaseURL: "http://x.invalid/v1", Keys: []domain.Key{secret}, Transport: canned{
			status: status, header: http.Header{"Location": {"http://y.invalid/"}}, body: body,
		}})
		if err != nil {
			t.Fatal(err)
		}
		offers, err := c.Models(t.Context(), secret)
		if err != nil {
			e, ok := errors.AsType[*domain.Error](err)
			if !ok || !slices.Contains(domain.ErrorKinds, e.Kind) || len(e.Error()) > 1000 ||
				strings.ContainsAny(e.Error(), "\n\x1b\x00") || strings.Contains(e.Error(), key) {
				t.Errorf("%q", err)
			}
		}
		for _, o := range offers {
			if o.ID == "" || strings.Contains(o.ID, key) || !utf8.ValidString(o.ID) || o.Context < 0 {
				t.Errorf("%+v", o)
			}
			if o.Price != nil && (o.Price.In < 0 || o.Price.Out < 0) {
				t.Errorf("%+v costs %+v", o.ID, *o.Price)
			}
		}
	})
}
