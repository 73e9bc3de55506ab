package main

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"time"

	"github.com/urfave/cli/v2"

	"vlocal/builtin"
	"vlocal/domain"
	"vlocal/keys"
	"vlocal/store"
	"vlocal/vision"
)

// openAI is where a key goes when no server is named.
const openAI = "https://api.openai.com/v1"

// serverFlags say whom to ask. Keys are never flags: those show in the list of
// processes and in the shell's history.
func serverFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "base-url", EnvVars: []string{"VLOCAL_BASE_URL"},
			Usage: "ask the OpenAI-compatible server at `URL`; default: OpenAI if there is a key, else the built-in model",
		},
		keyFileFlag,
		&cli.StringFlag{
			Name: "model", EnvVars: []string{"VLOCAL_MODEL"},
			Usage: "ask the model called `NAME`; 'builtin/pixels' is the offline one",
		},
		&cli.DurationFlag{
			Name: "timeout", Value: 30 * time.Second,
			Usage: "give up on a request after `TIME`",
		},
		&cli.IntFlag{
			Name: "concurrency", Aliases: []string{"c"}, Value: 25,
			Usage: "have up to `N` requests in flight",
		},
	}
}

// server is whom a run asks.
type server struct {
	baseURL, model string
	keys           []keys.Found
}

// chooseServer decides whom to ask from the flags, the environment and, where
// they are silent, the task that is gone on with (zero if there is none).
func chooseServer(ctx context.Context, c *cli.Context, s *store.Store, task domain.Task) (server, error) {
	srv := server{baseURL: c.String("base-url"), model: cmp.Or(c.String("model"), task.Model)}
	offline := server{baseURL: builtin.BaseURL, model: builtin.Model}
	if srv.model == builtin.Model && srv.baseURL == "" {
		return offline, nil
	}
	if srv.baseURL == "" && task.ID != 0 {
		// A remembered address may get the picture again, but never the key: the
		// database may come from somebody else.
		last, err := s.LastBaseURL(ctx, task.ID)
		if err != nil {
			return srv, err
		}
		switch {
		case last == "" || last == openAI || last == builtin.BaseURL:
		case isLoopback(last):
			srv.baseURL = last
		default:
			return srv, usagef("the last run asked %s. Say so again with --base-url %s, or set VLOCAL_BASE_URL", last, last)
		}
	}
	var err error
	if srv.keys, err = keysFor(c, cmp.Or(srv.baseURL, openAI)); err != nil {
		return srv, err
	}
	if srv.baseURL == "" {
		if len(srv.keys) == 0 && srv.model == "" {
			return offline, nil
		}
		if len(srv.keys) == 0 {
			return srv, usagef("the model %q needs a server: set VLOCAL_API_KEY for OpenAI, or name another server with --base-url URL. Without a server there is --model builtin/pixels", srv.model)
		}
		srv.baseURL = openAI
	}
	if srv.model == "" {
		return srv, usagef("which model? Name one that %s offers with --model NAME, or ask offline with --model builtin/pixels", srv.baseURL)
	}
	return srv, nil
}

// isLoopback reports whether a server is on this machine.
func isLoopback(baseURL string) bool {
	u, err := url.Parse(baseURL)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// connect makes the client that asks.
func connect(c *cli.Context, srv server) (*vision.Client, error) {
	o := vision.Options{
		BaseURL:   srv.baseURL,
		Timeout:   c.Duration("timeout"),
		MaxConns:  c.Int("concurrency"),
		UserAgent: "vlocal/" + version,
	}
	switch {
	case srv.baseURL == builtin.BaseURL:
		o.Transport = builtin.Transport()
	case len(srv.keys) > 0:
		o.Key = srv.keys[0].Key.Secret()
	}
	client, err := vision.New(o)
	if err != nil {
		return nil, usageError{err}
	}
	return client, nil
}
