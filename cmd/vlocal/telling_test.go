package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"net/http"
	"strings"
)

// told answers with what the model was told: "system: Be brief. / user: [31x24] /
// assistant: a lake / user: What is it? [32x24]".
func told(w http.ResponseWriter, body []byte) {
	var question struct {
		Model    string `json:"model"`
		Messages []struct {
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
	}
	if err := json.Unmarshal(body, &question); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var all []string
	for _, m := range question.Messages {
		var text string
		if json.Unmarshal(m.Content, &text) != nil {
			text = partsText(m.Content)
		}
		all = append(all, m.Role+": "+text)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"model": question.Model, "choices": []any{map[string]any{
		"finish_reason": "stop", "message": map[string]any{"content": strings.Join(all, " / ")},
	}}})
}

// partsText gives the texts of a message, and the sizes of its pictures.
func partsText(content []byte) string {
	var parts []struct {
		Text  string `json:"text"`
		Image struct {
			URL string `json:"url"`
		} `json:"image_url"`
	}
	if err := json.Unmarshal(content, &parts); err != nil {
		return err.Error()
	}
	var texts []string
	for _, p := range parts {
		text := p.Text
		if p.Image.URL != "" {
			_, data, _ := strings.Cut(p.Image.URL, ",")
			raw, _ := base64.StdEncoding.DecodeString(data)
			config, err := jpeg.DecodeConfig(bytes.NewReader(raw))
			text = fmt.Sprintf("[%dx%d]", config.Width, config.Height)
			if err != nil {
				text = err.Error()
			}
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " ")
}
