package main

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"vlocal/builtin"
	"vlocal/domain"
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
		&cli.StringFlag{
			Name: "model", EnvVars: []string{"VLOCAL_MODEL"},
			Usage: "ask the model called `NAME`; 'builtin/pixels' is the offline one",
		},
		&cli.StringFlag{
			Name: "provider", EnvVars: []string{"VLOCAL_PROVIDER"},
			Usage: "ask the provider that the config file calls `NAME`; see 'vlocal config'",
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
	baseURL, model, key string
}

// keyFromEnv gives the API key; "" if there is none. A provider with a variable of
// its own gets no other key.
func keyFromEnv(c *cli.Context) string {
	if name := keyEnvOf(c); name != "" {
		return os.Getenv(name)
	}
	return cmp.Or(os.Getenv("VLOCAL_API_KEY"), os.Getenv("OPENAI_API_KEY"))
}

// chooseServer decides whom to ask from the flags, the environment and, where
// they are silent, the task that is gone on with (zero if there is none).
func chooseServer(ctx context.Context, c *cli.Context, s *store.Store, task domain.Task) (server, error) {
	srv := server{baseURL: c.String("base-url"), model: modelFor(c, task), key: keyFromEnv(c)}
	if err := agree(ctx, c, s, task, srv.model); err != nil {
		return srv, err
	}
	if srv.model == builtin.Model && c.String("base-url") == "" || srv == (server{}) {
		return server{baseURL: builtin.BaseURL, model: builtin.Model}, nil
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
	if srv.baseURL == "" {
		if srv.key == "" {
			return srv, usagef("the model %q needs a server: set VLOCAL_API_KEY for OpenAI, or name another server with --base-url URL. Without a server there is --model builtin/pixels", srv.model)
		}
		srv.baseURL = openAI
	}
	if name := keyEnvOf(c); name != "" && srv.key == "" && !isLoopback(srv.baseURL) {
		return srv, usagef("provider %q takes its key from the environment variable %s, which is not set", c.String("provider"), name)
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
		Key:       srv.key,
		Timeout:   c.Duration("timeout"),
		MaxConns:  c.Int("concurrency"),
		UserAgent: "vlocal/" + version,
	}
	if srv.baseURL == builtin.BaseURL {
		o.Transport, o.Key = builtin.Transport(), ""
	}
	client, err := vision.New(o)
	if err != nil {
		return nil, usageError{err}
	}
	return client, nil
}
