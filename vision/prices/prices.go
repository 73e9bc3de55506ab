// Package prices knows what well-known vision models cost: an embedded table
// with its date, for servers that do not tell their prices themselves. It knows
// nothing of what a person has set (--price-in) or what a server offers.
//
// A price is that of one server: the same model behind another address may cost
// anything, and costs nobody knows what. What is not in the table is unknown,
// never 0.
package prices

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"vlocal/domain"
)

// Source of the figures: the price page that each entry names, as collected in
// github.com/pydantic/genai-prices (MIT), version 0.1.8, published on the
// table's date. Where a provider takes more for very long prompts (from 128,000
// tokens on), the figure is that for shorter ones, which photos stay under.
//
//go:embed prices.json
var embedded []byte

// entry is a model at a server.
type entry struct {
	// Server is one of hosts; Model is its name there.
	Server string `json:"server"`
	Model  string `json:"model"`
	// In, Out and CachedIn are US dollars for a million tokens. CachedIn is In
	// where the provider gives no discount that is on record.
	In       float64 `json:"in"`
	Out      float64 `json:"out"`
	CachedIn float64 `json:"cached_in"`
	// Source is the page that states the price.
	Source string `json:"source"`
	// OpenRouter is the model's name at OpenRouter; empty where it is not offered
	// there for the same price.
	OpenRouter string `json:"openrouter"`
}

// hosts has the servers of the table by the host in their base URL. Only these
// take these prices: a relay in front of them has its own.
var hosts = map[string]string{
	"api.openai.com":                    "openai",
	"api.anthropic.com":                 "anthropic",
	"generativelanguage.googleapis.com": "google",
	"api.mistral.ai":                    "mistral",
	"api.x.ai":                          "xai",
	"api.moonshot.ai":                   "moonshot",
	"api.groq.com":                      "groq",
	"openrouter.ai":                     openRouter,
}

const openRouter = "openrouter"

// builtinHost is the address of the model that is built in, which costs nothing.
const builtinHost = "builtin.invalid"

// name is a model at a server.
type name struct{ server, model string }

// load reads the table, once, when it is first asked. The tests have read it: that
// it cannot be read is a fault in the program itself.
var load = sync.OnceValues(func() (map[name]domain.Price, time.Time) {
	var t struct {
		Date   string  `json:"date"`
		Prices []entry `json:"prices"`
	}
	if err := json.Unmarshal(embedded, &t); err != nil {
		panic(fmt.Sprintf("the embedded prices: %v", err))
	}
	day, err := time.Parse(time.DateOnly, t.Date)
	if err != nil {
		panic(fmt.Sprintf("the embedded prices: %v", err))
	}
	prices := make(map[name]domain.Price, 2*len(t.Prices))
	for _, e := range t.Prices {
		p := domain.Price{In: e.In, Out: e.Out, CachedIn: e.CachedIn}
		prices[name{e.Server, e.Model}] = p
		if e.OpenRouter != "" {
			prices[name{openRouter, e.OpenRouter}] = p
		}
	}
	return prices, day
})

// Date is the day the table was right, for people to judge it by.
func Date() time.Time {
	_, day := load()
	return day
}

// snapshot is the date at the end of a model's name: gpt-4o-mini-2024-07-18,
// claude-sonnet-4-5-20250929.
var snapshot = regexp.MustCompile(`-20\d\d-?[01]\d-?[0-3]\d$`)

// Lookup gives the price of a model at the server with that base URL; false if
// it is unknown. A dated snapshot without an entry of its own costs what the
// model does.
func Lookup(baseURL, model string) (domain.Price, bool) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return domain.Price{}, false
	}
	host := strings.ToLower(u.Hostname())
	if host == builtinHost {
		return domain.Price{}, true
	}
	server, known := hosts[host]
	if !known {
		return domain.Price{}, false
	}
	if server == "google" {
		// Gemini lists its models with this before them, and takes both.
		model = strings.TrimPrefix(model, "models/")
	}
	table, _ := load()
	if p, found := table[name{server, model}]; found {
		return p, true
	}
	p, found := table[name{server, snapshot.ReplaceAllString(model, "")}]
	return p, found
}
