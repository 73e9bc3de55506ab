package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vlocal/domain"
	"vlocal/keys"
	"vlocal/vision"
)

// listing is a server whose list depends on the key: by its last word a key is
// dead (401), poor (402), odd (403), blind (404), slow (500), small (one model)
// or sees all. Whatever it says repeats the key.
func listing(t *testing.T, models ...string) *vision.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth := r.Header.Get("Authorization")
		for word, status := range map[string]int{"dead": 401, "poor": 402, "odd": 403, "blind": 404, "slow": 500} {
			if strings.HasSuffix(auth, word) {
				w.WriteHeader(status)
				_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": "no: " + auth}})
				return
			}
		}
		list := models
		if strings.HasSuffix(auth, "small") {
			list = models[:1]
		}
		data := []any{}
		for _, id := range list {
			data = append(data, map[string]any{"id": id, "object": "model"})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": data})
	}))
	t.Cleanup(server.Close)
	client, err := vision.New(vision.Options{BaseURL: server.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestCheckKeysBeforeARun(t *testing.T) {
	for name, c := range map[string]struct {
		models []string
		keys   string // by their last words
		model  string
		usable string
		left   int // keys that are left out, each with a remark
		kind   domain.ErrorKind
		says   string
	}{
		"all work":                        {[]string{"a", "b"}, "one two", "b", "one two", 0, "", ""},
		"a dead one is left out":          {[]string{"a", "b"}, "one dead two", "b", "one two", 1, "", ""},
		"none works":                      {[]string{"a"}, "x-dead y-dead", "a", "", 2, domain.Auth, "no key works"},
		"one without the model":           {[]string{"a", "b"}, "small one", "b", "one", 1, "", ""},
		"no such model":                   {[]string{"gpt-4o", "gpt-4o-mini", "o1", "tts", "whisper"}, "one dead", "gpt-4o-mni", "", 1, domain.Model, "there is: gpt-4o-mini, gpt-4o,"},
		"no such model for the only key":  {[]string{"a", "b"}, "small", "b", "", 0, domain.Model, "there is: a; see vlocal models"},
		"servers that cannot tell now":    {[]string{"a"}, "poor odd blind slow", "b", "poor odd blind slow", 0, "", ""},
		"what one tells counts":           {[]string{"a"}, "slow one", "b", "", 0, domain.Model, "does not offer"},
		"an empty list tells nothing":     {nil, "one", "b", "one", 0, "", ""},
		"a server that wants no key":      {[]string{"a"}, "", "a", "", 0, "", ""},
		"no key and no such model either": {[]string{"a"}, "", "b", "", 0, domain.Model, "does not offer"},
	} {
		var found []keys.Found
		for _, word := range strings.Fields(c.keys) {
			found = append(found, keys.Found{Key: domain.NewKey("sk-marked-0123456789-" + word), From: "test"})
		}
		usable, remarks, err := checkKeys(t.Context(), listing(t, c.models...), found, []string{c.model})
		var words []string
		for _, f := range usable {
			words = append(words, strings.TrimPrefix(f.Key.Secret(), "sk-marked-0123456789-"))
		}
		if got := strings.Join(words, " "); got != c.usable || len(remarks) != c.left || domain.KindOf(err) != c.kind {
			t.Errorf("%s: usable %q, remarks %q, %v", name, got, remarks, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if all := fmt.Sprintf("%v %+v %q %v %+v", usable, usable, remarks, err, err); strings.Contains(all, "marked") {
			t.Errorf("%s: a key shows: %s", name, all)
		}
	}
}

func TestCheckKeysWithoutAKeyWhereOneIsWanted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }))
	defer server.Close()
	client, err := vision.New(vision.Options{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = checkKeys(t.Context(), client, nil, []string{"a"})
	if domain.KindOf(err) != domain.Auth || !strings.Contains(err.Error(), "the server wants a key") {
		t.Error(err)
	}
	server.Close() // and one that is not there is for the run to find out
	if _, _, err := checkKeys(t.Context(), client, nil, []string{"a"}); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := checkKeys(ended, client, nil, []string{"a"}); domain.KindOf(err) != domain.Interrupted {
		t.Error(err)
	}
}

// Servers take more names than they list, and refusing one of those would stop a
// run that could go on.
func TestOfferedTakesTheNamesThatServersTake(t *testing.T) {
	for _, c := range []struct {
		list, model string
		want        bool
	}{
		{"gpt-4o gpt-4o-mini", "gpt-4o-mini", true},
		{"gpt-4o gpt-4o-mini", "gpt-4", false},
		{"gpt-4o gpt-4o-mini", "GPT-4o", false},
		{"models/gemini-2.5-flash", "gemini-2.5-flash", true},
		{"models/gemini-2.5-flash", "models/gemini-2.5-flash", true},
		{"llava:latest", "llava", true},
		{"llava:7b", "llava", false},
		{"openai/gpt-4o", "openai/gpt-4o:nitro", true},
		{"claude-3-5-haiku-20241022", "claude-3-5-haiku-latest", true},
		{"claude-haiku-4-5-20251001", "claude-haiku-4-5", true},
		{"gpt-4o-mini-2024-07-18", "gpt-4o-mini", true},
		{"gpt-4o-mini-2024-07-18", "gpt-4o", false},
		{"gpt-4o-mini", "gpt-4o-mini-2024-07-18", false},
		{"qwen-2-7b", "qwen-2", false},
	} {
		var offers []vision.Offer
		for id := range strings.FieldsSeq(c.list) {
			offers = append(offers, vision.Offer{ID: id})
		}
		if got := offered(offers, c.model); got != c.want {
			t.Errorf("%s of %s: %v", c.model, c.list, got)
		}
	}
	if !offered([]vision.Offer{{ID: "/models/llava.gguf", OwnedBy: "llamacpp"}}, "llava") {
		t.Error("llama.cpp answers to any name")
	}
}
