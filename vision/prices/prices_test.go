package prices

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"vlocal/builtin"
	"vlocal/domain"
)

const (
	openAI     = "https://api.openai.com/v1"
	anthropic  = "https://api.anthropic.com/v1"
	gemini     = "https://generativelanguage.googleapis.com/v1beta/openai"
	routerBase = "https://openrouter.ai/api/v1"
)

func TestLookup(t *testing.T) {
	mini := domain.Price{In: 0.15, Out: 0.6, CachedIn: 0.075}
	for _, c := range []struct {
		what, baseURL, model string
		want                 domain.Price
		known                bool
	}{
		{"its name", openAI, "gpt-4o-mini", mini, true},
		{"the host in capitals, a port", "https://API.OpenAI.com:443/v1", "gpt-4o-mini", mini, true},
		{"a dated snapshot costs what the model does", openAI, "gpt-4o-mini-2024-07-18", mini, true},
		{"a dated snapshot with its own price", openAI, "gpt-4o-2024-05-13", domain.Price{In: 5, Out: 15, CachedIn: 5}, true},
		{"another snapshot of that", openAI, "gpt-4o-2024-11-20", domain.Price{In: 2.5, Out: 10, CachedIn: 1.25}, true},
		{"a date without dashes", anthropic, "claude-sonnet-4-5-20250929", domain.Price{In: 3, Out: 15, CachedIn: 0.3}, true},
		{"Gemini's longer name", gemini, "models/gemini-2.5-flash-lite", domain.Price{In: 0.1, Out: 0.4, CachedIn: 0.01}, true},
		{"OpenRouter, same price", routerBase, "openai/gpt-4o-mini", mini, true},
		{"OpenRouter, its own price for what was cached", routerBase, "openai/gpt-4o", domain.Price{In: 2.5, Out: 10, CachedIn: 2.5}, true},
		{"the model that is built in", builtin.BaseURL, builtin.Model, domain.Price{}, true},

		{"a free variant is another model", routerBase, "openai/gpt-4o-mini:free", domain.Price{}, false},
		{"no prefix at OpenRouter", routerBase, "gpt-4o-mini", domain.Price{}, false},
		{"a prefix at OpenAI", openAI, "openai/gpt-4o-mini", domain.Price{}, false},
		{"a longer name", openAI, "gpt-4o-mini-tts", domain.Price{}, false},
		{"a fine-tuned model", openAI, "ft:gpt-4o-mini-2024-07-18:me::1", domain.Price{}, false},
		{"no date", openAI, "gpt-4o-mini-2024-99-99", domain.Price{}, false},
		{"a relay", "https://api.holysheep.ai/v1", "gpt-4o-mini", domain.Price{}, false},
		{"a host that only looks like it", "https://api.openai.com.example.org/v1", "gpt-4o-mini", domain.Price{}, false},
		{"a server on this machine", "http://localhost:11434/v1", "llava", domain.Price{}, false},
		{"the built-in name at a server on this machine", "http://127.0.0.1:1/v1", builtin.Model, domain.Price{}, false},
		{"no model", openAI, "", domain.Price{}, false},
		{"no URL", "::", "gpt-4o-mini", domain.Price{}, false},
	} {
		if got, known := Lookup(c.baseURL, c.model); got != c.want || known != c.known {
			t.Errorf("%s (%s at %s): %+v, %v", c.what, c.model, c.baseURL, got, known)
		}
	}
}

// What is in the table can be believed: bounds that a slip of a digit or of the
// unit (per token, per thousand) would break, and a page to look it up.
func TestEveryEntryIsSaneAndHasASource(t *testing.T) {
	var file struct {
		Collection string
		Prices     []entry
	}
	if err := json.Unmarshal(embedded, &file); err != nil {
		t.Fatal(err)
	}
	if file.Collection == "" || len(file.Prices) < 50 {
		t.Errorf("%d prices from %q", len(file.Prices), file.Collection)
	}
	servers := map[string]bool{}
	for _, s := range hosts {
		servers[s] = true
	}
	seen := map[name]bool{}
	for _, e := range file.Prices {
		if e.In < 0.01 || e.In > 200 || e.Out < e.In || e.Out > 1000 || e.Out > 13*e.In || e.CachedIn <= 0 || e.CachedIn > e.In {
			t.Errorf("odd figures: %+v", e)
		}
		if u, err := url.Parse(e.Source); err != nil || u.Scheme != "https" || u.Host == "" {
			t.Errorf("no source: %+v", e)
		}
		if !servers[e.Server] || e.Model == "" {
			t.Errorf("at no server: %+v", e)
		}
		names := []name{{e.Server, e.Model}}
		if e.OpenRouter != "" {
			names = append(names, name{openRouter, e.OpenRouter})
		}
		for _, n := range names {
			if seen[n] {
				t.Errorf("twice: %+v", n)
			}
			seen[n] = true
		}
	}
	for host, server := range hosts {
		any := false
		for n := range seen {
			any = any || n.server == server
		}
		if !any {
			t.Errorf("no model of %s (%s)", server, host)
		}
	}
	if d := Date(); d.Before(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("a table of %s", d)
	}
}
