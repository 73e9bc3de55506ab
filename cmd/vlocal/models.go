package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"

	"vlocal/builtin"
	"vlocal/domain"
	"vlocal/keys"
	"vlocal/vision"
	"vlocal/vision/prices"
)

func modelsCommand() *cli.Command {
	return &cli.Command{
		Name:      "models",
		Usage:     "list the models that the server offers, with prices where they are known",
		ArgsUsage: " ",
		Description: `vlocal models --base-url https://openrouter.ai/api/v1
vlocal models                       OpenAI's if there is a key for it, else the built-in one

Prices are US dollars for a million tokens: the server's own where it tells them,
else those of a table in the program, which says its date.`,
		Flags: []cli.Flag{keyServerFlag, keyFileFlag, jsonFlag},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("models takes nothing but flags")
			}
			ctx, stop := untilInterrupted(c.Context)
			defer stop()
			return listModels(ctx, c)
		},
	}
}

func listModels(ctx context.Context, c *cli.Context) error {
	srv := server{baseURL: cmp.Or(c.String("base-url"), openAI)}
	var err error
	if srv.keys, err = keysFor(c, srv.baseURL); err != nil {
		return err
	}
	if c.String("base-url") == "" && len(srv.keys) == 0 {
		srv.baseURL = builtin.BaseURL
	}
	client, err := connect(c, srv, vision.Options{})
	if err != nil {
		return err
	}
	offers, err := offersOf(ctx, client, srv.keys)
	if err != nil {
		return err
	}
	slices.SortFunc(offers, func(a, b vision.Offer) int { return strings.Compare(a.ID, b.ID) })
	con := consoleOf(c)
	var rows [][]string
	for _, o := range offers {
		price, from := priceOf(client.BaseURL(), o)
		if con.json {
			if err := con.object(offerObject(o, price, from)); err != nil {
				return err
			}
		}
		row := []string{oneLine(o.ID), "unknown", "unknown", "", from}
		if price != nil {
			row[1], row[2] = domain.Dollars(price.In).String(), domain.Dollars(price.Out).String()
		}
		if o.Context > 0 {
			row[3] = number(o.Context)
		}
		rows = append(rows, row)
	}
	if con.json {
		return nil
	}
	if len(rows) == 0 {
		con.remark("%s offers no models", client.BaseURL())
		return nil
	}
	return con.table([]string{"MODEL", "IN", "OUT", "CONTEXT", "PRICE FROM"}, rows)
}

// offersOf gives the list by the first key that the server takes.
func offersOf(ctx context.Context, client *vision.Client, found []keys.Found) ([]vision.Offer, error) {
	if len(found) == 0 {
		return client.Models(ctx, domain.Key{})
	}
	var err error
	for _, f := range found {
		var offers []vision.Offer
		if offers, err = client.Models(ctx, f.Key); err == nil || !(keyCheck{err: err}).refused() {
			return offers, err
		}
	}
	return nil, err
}

// priceOf gives what a model costs and who says so; nil if nobody does.
func priceOf(baseURL string, o vision.Offer) (*domain.Price, string) {
	if o.Price != nil {
		return o.Price, "the server"
	}
	if p, known := prices.Lookup(baseURL, o.ID); known {
		if baseURL == builtin.BaseURL {
			return &p, "built in"
		}
		return &p, "the table of " + prices.Date().Format(time.DateOnly)
	}
	return nil, ""
}

// offerObject has null for what is unknown.
func offerObject(o vision.Offer, price *domain.Price, from string) map[string]any {
	m := map[string]any{
		"model": o.ID, "price_in": nil, "price_out": nil, "price_cached_in": nil, "price_from": nil, "context": nil,
	}
	if price != nil {
		m["price_in"], m["price_out"], m["price_cached_in"], m["price_from"] = price.In, price.Out, price.CachedIn, from
	}
	if o.Context > 0 {
		m["context"] = o.Context
	}
	return m
}

// offered reports whether a model can be asked for by that name. Servers take
// more names than they list:
//
//	gemini-2.5-flash       for models/gemini-2.5-flash (Gemini)
//	llava                  for llava:latest (Ollama)
//	openai/gpt-4o:nitro    for openai/gpt-4o (OpenRouter's variants)
//	claude-3-5-haiku-latest, claude-haiku-4-5
//	                       for claude-3-5-haiku-20241022 and so on
//	any                    where llama.cpp has one model loaded
func offered(offers []vision.Offer, model string) bool {
	if len(offers) == 1 && offers[0].OwnedBy == "llamacpp" {
		return true
	}
	base, _, _ := strings.Cut(model, ":")
	undated := strings.TrimSuffix(model, "-latest")
	return slices.ContainsFunc(offers, func(o vision.Offer) bool {
		id := strings.TrimPrefix(o.ID, "models/")
		if id == model || o.ID == model || id == base || id == model+":latest" {
			return true
		}
		date, dated := strings.CutPrefix(id, undated+"-")
		_, err := strconv.Atoi(strings.ReplaceAll(date, "-", ""))
		return dated && err == nil && len(date) >= 4
	})
}

// nearest gives up to three of the offered names, those most like a name first,
// and how many more there are.
func nearest(offers []vision.Offer, model string) []string {
	var names []string
	for _, o := range offers {
		names = append(names, oneLine(o.ID))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	likeness := func(name string) float64 {
		return smetrics.JaroWinkler(strings.ToLower(name), strings.ToLower(model), 0.7, 4)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(likeness(b), likeness(a)) })
	if more := len(names) - 3; more > 0 {
		return append(names[:3:3], fmt.Sprintf("and %s more", number(more)))
	}
	return names
}
