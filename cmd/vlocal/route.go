package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"vlocal/scan"
)

// route gives some images to another model.
type route struct{ glob, model string }

type routes []route

// routesOf reads --route 'GLOB=MODEL'.
func routesOf(c *cli.Context) (all routes, err error) {
	for _, text := range c.StringSlice("route") {
		// The model's name comes last, and has no =.
		i := strings.LastIndex(text, "=")
		if i <= 0 || i == len(text)-1 {
			return nil, usagef("--route %q: it takes GLOB=MODEL, such as 'receipts/**=gpt-4o'", text)
		}
		r := route{glob: text[:i], model: text[i+1:]}
		if err := (scan.Options{Include: []string{r.glob}}).Validate(); err != nil {
			return nil, usageError{err}
		}
		all = append(all, r)
	}
	return all, nil
}

// model gives the model of the first route that fits an image; "" if none does.
func (r routes) model(path string) string {
	for _, each := range r {
		if scan.MatchesPath(each.glob, path) {
			return each.model
		}
	}
	return ""
}

// models gives the names of all models.
func (r routes) models() (all []string) {
	for _, each := range r {
		all = append(all, each.model)
	}
	return all
}
