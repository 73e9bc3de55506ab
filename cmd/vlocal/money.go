package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/vision/prices"
	"vlocal/worker"
)

// moneyFlags say what a model costs and how much may be spent.
func moneyFlags() []cli.Flag {
	return []cli.Flag{
		&cli.Float64Flag{Name: "budget", Usage: "stop before this run costs more than `USD`"},
		&cli.Float64Flag{Name: "price-in", Usage: "a million input tokens of the model cost `USD`"},
		&cli.Float64Flag{Name: "price-out", Usage: "a million output tokens of the model cost `USD`"},
		&cli.Float64Flag{Name: "price-cached-in", Usage: "a million input tokens from the server's cache cost `USD`; default: as --price-in"},
	}
}

// pricesOf gives what models cost: the flags' word about the chosen one, and the
// table's about the others.
func pricesOf(c *cli.Context, srv server) func(model string) (domain.Price, bool) {
	said := domain.Price{In: c.Float64("price-in"), Out: c.Float64("price-out"), CachedIn: c.Float64("price-cached-in")}
	if !c.IsSet("price-cached-in") {
		said.CachedIn = said.In
	}
	isSaid := c.IsSet("price-in") || c.IsSet("price-out")
	return func(model string) (domain.Price, bool) {
		if isSaid && model == srv.model {
			return said, true
		}
		return prices.Lookup(srv.baseURL, model)
	}
}

// checkBudget makes sure that a bound on money can be kept.
func checkBudget(o worker.Options, models []string) error {
	if o.Budget == 0 {
		return nil
	}
	for i, model := range models {
		_, known := o.Price(model)
		if !known && i > 0 {
			return usagef("--budget needs prices, and that of %q is not known: --price-in is about the first model only, so take one for --fallback-model and --route whose price vlocal models tells", model)
		}
		if !known {
			return usagef("--budget needs prices, and that of %q is not known: say it with --price-in USD --price-out USD (for a million tokens)", model)
		}
	}
	return nil
}

// moneyNumber is what was spent in US dollars, for JSON: null, not 0, where no
// price is known.
func moneyNumber(spent domain.Money, unpriced int) any {
	if spent == 0 && unpriced > 0 {
		return nil
	}
	return spent.Dollars()
}

// moneyText tells what was spent, and what could not be priced.
func moneyText(spent domain.Money, unpriced int) string {
	switch {
	case unpriced == 0:
		return spent.String()
	case spent == 0:
		return "unknown"
	}
	return fmt.Sprintf("%s, and %s at an unknown price", spent, count(unpriced, "answer"))
}
