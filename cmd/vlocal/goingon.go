package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"vlocal/builtin"
	"vlocal/domain"
	"vlocal/store"
)

// goesOn reports whether the last question is gone on with: there is one, and no
// other was asked for.
func goesOn(c *cli.Context, last domain.Task) bool {
	asked := c.IsSet("prompt") || c.IsSet(fieldsFlag) || c.IsSet(schemaFlag)
	return last.ID != 0 && (!asked || begunWith(c, last))
}

// modelFor gives the model to ask. A question that is gone on with keeps its own,
// whatever a config file says: asking another one is another question, and costs
// as much again.
func modelFor(c *cli.Context, last domain.Task) string {
	if goesOn(c, last) && !said(c, "model") {
		return last.Model
	}
	return cmp.Or(c.String("model"), last.Model)
}

// agree sees to it that the model of a question that is gone on with is not asked
// at an address that a config file has for another model, and tells when the file
// has another model at the same address.
func agree(ctx context.Context, c *cli.Context, s *store.Store, last domain.Task, model string) error {
	address, other := c.String("base-url"), c.String("model")
	if !goesOn(c, last) || said(c, "model") || other == model || other == "" && model != builtin.Model {
		return nil
	}
	if address != "" && !said(c, "base-url") {
		before, err := s.LastBaseURL(ctx, last.ID)
		if err != nil {
			return err
		}
		if before != "" && !sameAddress(before, address) {
			return usagef("the last question was asked of %s, and now there is %s (%s). To go on with it: %s. To ask it anew: --model %s",
				strings.TrimSuffix(server{baseURL: before, model: model}.whom(), ","), strings.TrimSpace(other+" at "+address),
				settingsOf(c).origins["base-url"], goOnWith(c, before, model), cmp.Or(other, "NAME"))
		}
	}
	if other != "" {
		consoleOf(c).remark("going on with the last question, asked of %s; to ask it of %s: --model %s", model, other, other)
	}
	return nil
}

// goOnWith gives the flags that name a server again.
func goOnWith(c *cli.Context, address, model string) string {
	if address == builtin.BaseURL {
		return "--model " + builtin.Model
	}
	files := settingsOf(c).files
	for _, name := range files.ProviderNames() {
		if p, _ := files.Provider(name); sameAddress(p.Values["base_url"][0], address) {
			return "--provider " + name + " --model " + model
		}
	}
	return "--base-url " + address + " --model " + model
}

func sameAddress(a, b string) bool {
	return strings.TrimRight(strings.TrimSpace(a), "/") == strings.TrimRight(strings.TrimSpace(b), "/")
}
