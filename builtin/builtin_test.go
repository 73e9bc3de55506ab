package builtin_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"vlocal/builtin"
	"vlocal/internal/testimage"
)

// post sends a body to the model and gives the status and the answer.
func post(t testing.TB, ctx context.Context, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "POST", builtin.BaseURL+"/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := builtin.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got map[string]any
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, got
}

// asking is a request about a picture.
func asking(jpeg []byte, extra string) string {
	return fmt.Sprintf(`{"model":"builtin/pixels",%s"messages":[{"role":"user","content":[{"type":"text","text":"What?"},
		{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,%s"}}]}]}`, extra, base64.StdEncoding.EncodeToString(jpeg))
}

func text(t testing.TB, img image.Image) string {
	t.Helper()
	status, got := post(t, t.Context(), asking(testimage.JPEG(img, 90), ""))
	if status != 200 {
		t.Fatalf("%d %v", status, got)
	}
	return got["choices"].([]any)[0].(map[string]any)["message"].(map[string]any)["content"].(string)
}

func plain(w, h int, c color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	return img
}

func TestWordsFitThePicture(t *testing.T) {
	spot := plain(300, 300, color.Gray{40}).(*image.RGBA)
	draw.Draw(spot, image.Rect(200, 0, 300, 100), image.White, image.Point{}, draw.Src)
	for name, c := range map[string]struct {
		img  image.Image
		want []string
	}{
		"red":       {plain(300, 200, color.RGBA{220, 20, 20, 255}), []string{"red", "plain surface", "landscape-format", "300x200", "Low contrast", "hardly any detail"}},
		"blue":      {plain(200, 300, color.RGBA{30, 60, 220, 255}), []string{"blue", "portrait-format", "200x300"}},
		"green":     {plain(200, 200, color.RGBA{30, 150, 40, 255}), []string{"green", "square"}},
		"yellow":    {plain(200, 200, color.RGBA{250, 230, 40, 255}), []string{"yellow"}},
		"orange":    {plain(200, 200, color.RGBA{250, 140, 20, 255}), []string{"orange"}},
		"brown":     {plain(200, 200, color.RGBA{120, 75, 40, 255}), []string{"brown"}},
		"turquoise": {plain(200, 200, color.RGBA{40, 200, 190, 255}), []string{"turquoise"}},
		"purple":    {plain(200, 200, color.RGBA{130, 50, 180, 255}), []string{"purple"}},
		"black":     {plain(200, 200, color.Black), []string{"black", "very dark"}},
		"white":     {plain(200, 200, color.White), []string{"white", "very bright"}},
		"panorama":  {plain(900, 200, color.Gray{128}), []string{"panoramic", "grey"}},
		"a spot":    {spot, []string{"black-and-white", "at the top right", "High contrast"}},
		"a receipt": {testimage.Chart(600, 400), []string{"document, drawing or screenshot", "white"}},
	} {
		got := text(t, c.img)
		for _, word := range c.want {
			if !strings.Contains(got, word) {
				t.Errorf("%s: %q is not in %q", name, word, got)
			}
		}
	}
}

func TestTinyPictures(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {1, 400}, {400, 1}, {2, 2}} {
		if got := text(t, plain(size[0], size[1], color.Gray{200})); !strings.Contains(got, fmt.Sprintf("%dx%d", size[0], size[1])) {
			t.Errorf("%v: %q", size, got)
		}
	}
}

func TestAnswerIsCutAtMaxTokens(t *testing.T) {
	jpeg := testimage.JPEG(testimage.Landscape(64, 48), 80)
	for _, name := range []string{"max_tokens", "max_completion_tokens"} {
		_, got := post(t, t.Context(), asking(jpeg, `"`+name+`":3,`))
		choice := got["choices"].([]any)[0].(map[string]any)
		out := got["usage"].(map[string]any)["completion_tokens"].(float64)
		if choice["finish_reason"] != "length" || out != 3 {
			t.Errorf("%s: %v, %v tokens", name, choice, out)
		}
	}
}

func TestBadRequestsAreAnsweredAsTheAPIDoes(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"not JSON":        {"{", 400, "invalid_json"},
		"unknown model":   {`{"model":"gpt-4o"}`, 404, "model_not_found"},
		"no picture":      {`{"model":"builtin/pixels","messages":[{"role":"user","content":"hi"}]}`, 400, "invalid_image"},
		"a number":        {`{"model":"builtin/pixels","messages":[{"role":"user","content":5}]}`, 400, "invalid_image"},
		"not a picture":   {asking([]byte("hello"), ""), 400, "invalid_image"},
		"cut short":       {asking(testimage.JPEG(testimage.Landscape(64, 48), 80)[:300], ""), 400, "invalid_image"},
		"too many pixels": {asking(testimage.Bomb(60000, 60000), ""), 400, "invalid_image"},
		"a remote URL": {`{"model":"builtin/pixels","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x/y.jpg"}}]}]}`,
			400, "invalid_image_url"},
	} {
		status, got := post(t, t.Context(), c.body)
		e, _ := got["error"].(map[string]any)
		if status != c.status || e["code"] != c.code || e["message"] == "" {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
}

func TestTransportPassesNoNetwork(t *testing.T) {
	for _, url := range []string{"http://example.com/v1/models", "http://builtin.invalid.example.com/v1/models"} {
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := builtin.Transport().RoundTrip(req); err == nil {
			t.Errorf("%s was answered: %v", url, res.Status)
		}
	}
	req, err := http.NewRequest("GET", builtin.BaseURL+"/models", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := builtin.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	if !bytes.Contains(body, []byte(`"id":"builtin/pixels"`)) {
		t.Errorf("models: %s", body)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := builtin.Transport().RoundTrip(req.WithContext(ctx)); err == nil {
		t.Error("answered after the caller gave up")
	}
}

func TestManyAtOnceGetTheSameAnswer(t *testing.T) {
	scene := rgba(testimage.StillLife(500, 400))
	put(scene, qr(t, "the same for all", 150), 0, 120, 120)
	put(scene, ean(t, "4006381333931", 220, 100), 0, 350, 300)
	body := asking(testimage.JPEG(scene, 80), "")
	_, want := post(t, t.Context(), body)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, got := post(t, t.Context(), body); fmt.Sprint(got["choices"]) != fmt.Sprint(want["choices"]) {
				t.Errorf("%v", got)
			}
		})
	}
	wg.Wait()
}

// BenchmarkAnswer is one picture of the size that vlocal sends.
func BenchmarkAnswer(b *testing.B) {
	body := asking(testimage.JPEG(testimage.Landscape(1920, 1080), 85), "")
	for b.Loop() {
		post(b, b.Context(), body)
	}
}
