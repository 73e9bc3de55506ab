package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"vlocal/domain"
	"vlocal/keys"
	"vlocal/vision"
)

func keysCheckCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "ask the server with each key for its list of models, which costs nothing",
		ArgsUsage: " ",
		Description: `vlocal keys check --model gpt-4o-mini
vlocal keys check --base-url https://openrouter.ai/api/v1

Without --base-url: the keys of the file or the environment with OpenAI, and if
there are none, those of the keychain, each with its own server.

Exit code: 0 a key works, or may (the server does not say); 1 none does, or none
has the model.`,
		Flags: []cli.Flag{
			keyServerFlag, keyFileFlag, jsonFlag,
			&cli.StringFlag{Name: "model", EnvVars: []string{"VLOCAL_MODEL"}, Usage: "tell whether the model called `NAME` is offered"},
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("keys check takes nothing but flags; a key is never one")
			}
			ctx, stop := untilInterrupted(c.Context)
			defer stop()
			servers, err := serversToCheck(c)
			if err != nil {
				return err
			}
			if len(servers) == 0 {
				return errors.New("there is no key to check: set VLOCAL_API_KEY, name a file with --key-file, or put one into the keychain with: vlocal keys add")
			}
			return checkServers(ctx, c, servers)
		},
	}
}

// serversToCheck gives the servers with the keys for each.
func serversToCheck(c *cli.Context) ([]server, error) {
	if named := c.String("base-url"); named != "" {
		found, err := keysFor(c, named)
		if err != nil {
			return nil, err
		}
		return []server{{baseURL: named, keys: found}}, nil
	}
	found, err := keySources(c).Find("")
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return []server{{baseURL: openAI, keys: found}}, nil
	}
	all, err := keychain().List()
	if err != nil {
		return nil, err
	}
	var servers []server
	for _, s := range all {
		srv := server{baseURL: s.Server}
		for _, key := range s.Keys {
			srv.keys = append(srv.keys, keys.Found{Key: key, From: "keychain"})
		}
		servers = append(servers, srv)
	}
	return servers, nil
}

// checkServers asks all servers and prints a line for each key. Without a key the
// server is asked without one.
func checkServers(ctx context.Context, c *cli.Context, servers []server) error {
	con, model := consoleOf(c), c.String("model")
	var rows [][]string
	good := false
	for _, srv := range servers {
		client, err := connect(c, srv, vision.Options{})
		if err != nil {
			return err
		}
		found := srv.keys
		if len(found) == 0 {
			found = []keys.Found{{From: "no key"}}
		}
		checks := askForModels(ctx, client, found)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("the check was interrupted: %w", err)
		}
		open := len(srv.keys) > 0 && listsToAnybody(ctx, client, checks)
		for _, k := range checks {
			r := k.result(model, open)
			good = good || r.works != "no" && r.offered != "no"
			if con.json {
				if err := con.object(r.object(k, client.BaseURL(), model)); err != nil {
					return err
				}
			}
			rows = append(rows, []string{cmp.Or(k.Key.Fingerprint(), "-"), oneLine(k.From), client.BaseURL(), r.works, r.offered, oneLine(r.why)})
		}
	}
	if !con.json {
		if err := con.table([]string{"KEY", "FROM", "SERVER", "WORKS", "MODEL", "WHY"}, rows); err != nil {
			return err
		}
	}
	if !good {
		return errTold
	}
	return nil
}

// keyCheck is what a server said to a key.
type keyCheck struct {
	keys.Found
	offers []vision.Offer
	err    error
}

// atOnce bounds the lists that are asked for at the same time.
const atOnce = 8

// askForModels asks a server for its models with each key. All errors are in the
// checks.
func askForModels(ctx context.Context, client *vision.Client, found []keys.Found) []keyCheck {
	checks := make([]keyCheck, len(found))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, f := range found {
		group.Go(func() error {
			offers, err := client.Models(ctx, f.Key)
			checks[i] = keyCheck{f, offers, err}
			return nil
		})
	}
	_ = group.Wait() // there are none
	return checks
}

// refused reports whether the server does not know the key. A 403 is none: keys
// can be allowed to ask questions, but not for the list.
func (k keyCheck) refused() bool {
	e, ok := errors.AsType[*domain.Error](k.err)
	return ok && e.HTTPStatus == 401 && !errors.Is(e, vision.ErrNoModelList)
}

// listsToAnybody reports whether a server gives its list without a key too, as
// OpenRouter and llama.cpp do, so that getting it proves nothing.
func listsToAnybody(ctx context.Context, client *vision.Client, checks []keyCheck) bool {
	if !slices.ContainsFunc(checks, func(k keyCheck) bool { return k.err == nil }) {
		return false
	}
	_, err := client.Models(ctx, domain.Key{})
	return err == nil
}

// keyResult is a line of the table.
type keyResult struct {
	works   string // yes, no, or unknown
	offered string // yes, no, unknown, or - without a model
	why     string
}

// result judges. open says that the server gives its list to anybody.
func (k keyCheck) result(model string, open bool) keyResult {
	r := keyResult{works: "yes", offered: "-"}
	switch {
	case k.refused():
		r.works = "no"
	case k.err != nil, open:
		r.works = "unknown"
	}
	switch {
	case model == "":
	case k.err != nil || len(k.offers) == 0:
		r.offered = "unknown"
	case offered(k.offers, model):
		r.offered = "yes"
	default:
		r.offered = "no"
	}
	switch e, ok := errors.AsType[*domain.Error](k.err); {
	case ok:
		r.why = e.Err.Error()
	case open:
		r.why = "the server gives its list to anybody; a question would tell"
	case r.offered == "no":
		r.why = "there is: " + strings.Join(nearest(k.offers, model), ", ")
	}
	return r
}

func (r keyResult) object(k keyCheck, baseURL, model string) map[string]any {
	o := map[string]any{
		"key": k.Key, "from": k.From, "server": baseURL, "works": r.works, "why": r.why,
		"error_kind": domain.KindOf(k.err), "models": len(k.offers),
	}
	if model != "" {
		o["model"], o["offered"] = model, r.offered
	}
	return o
}

// checkKeys asks a server for its models with each key, before a run spends
// anything. It gives the keys to ask with, in their order, and for each that is
// left out a sentence that says why.
//
// A key is left out if the server refuses it (401), or offers the model to others
// of the keys but not to it. The error is a *domain.Error: of kind auth if no key
// is left, or if the server wants one and there is none; of kind model if the
// server lists models and one of those asked for, of which the first counts for
// the single keys, is not among them. A server that has
// no list, or does not give it now, passes: the first question will tell.
func checkKeys(ctx context.Context, client *vision.Client, found []keys.Found, models []string) (usable []keys.Found, remarks []string, _ error) {
	asked := found
	if len(found) == 0 {
		asked = []keys.Found{{From: "no key"}}
	}
	checks := askForModels(ctx, client, asked)
	if err := ctx.Err(); err != nil {
		return nil, nil, &domain.Error{Kind: domain.Interrupted, Op: "check the keys for", Object: client.BaseURL(), Err: context.Cause(ctx)}
	}
	var known []vision.Offer
	for _, k := range checks {
		known = append(known, k.offers...)
	}
	missing := slices.IndexFunc(models, func(m string) bool { return !offered(known, m) })
	var last error
	for _, k := range checks {
		switch {
		case k.refused():
			last = k.err
			remarks = append(remarks, fmt.Sprintf("the key %s (%s) is left out: %v", k.Key, k.From, cause(k.err)))
		case missing < 0 && len(k.offers) > 0 && !offered(k.offers, models[0]):
			remarks = append(remarks, fmt.Sprintf("the key %s (%s) is left out: the server does not offer it %s", k.Key, k.From, models[0]))
		default:
			usable = append(usable, k.Found)
		}
	}
	switch {
	case len(usable) == 0 && len(found) == 0:
		return nil, nil, &domain.Error{Kind: domain.Auth, Op: "check", Object: client.BaseURL(), HTTPStatus: 401,
			Err: errors.New("the server wants a key"), Hint: "set VLOCAL_API_KEY, or see vlocal keys --help"}
	case len(usable) == 0:
		return nil, remarks, &domain.Error{Kind: domain.Auth, Op: "check", Object: client.BaseURL(), HTTPStatus: 401,
			Err: fmt.Errorf("no key works: %w", cause(last)), Hint: "see which with: vlocal keys check --base-url " + client.BaseURL()}
	case len(known) > 0 && missing >= 0:
		return nil, remarks, &domain.Error{Kind: domain.Model, Op: "check", Object: client.BaseURL(),
			Err:  fmt.Errorf("the server does not offer the model %q", models[missing]),
			Hint: "there is: " + strings.Join(nearest(known, models[missing]), ", ") + "; see vlocal models"}
	case len(found) == 0:
		usable = nil
	}
	return usable, remarks, nil
}

// cause is what an error says without where it happened, which is told beside it.
func cause(err error) error {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Err
	}
	return err
}
