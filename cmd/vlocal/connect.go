package main

import (
	"cmp"
	"context"
	"fmt"
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

// serverFlags say whom to ask, and how fast. Keys are never flags: those show in
// the list of processes and in the shell's history.
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
		&cli.StringSliceFlag{
			Name:  "fallback-model",
			Usage: "where the model refuses, fails or gives no whole answer, ask the one called `NAME` (can be repeated)",
		},
		&cli.StringSliceFlag{
			Name:  "route",
			Usage: "ask another model about some images: `GLOB=MODEL`, such as 'receipts/**=gpt-4o' (can be repeated)",
		},
		&cli.StringFlag{
			Name: "provider", EnvVars: []string{"VLOCAL_PROVIDER"},
			Usage: "ask the provider that the config file calls `NAME`; see 'vlocal config'",
		},
		&cli.IntFlag{
			Name: "concurrency", Aliases: []string{"c"}, Value: 25,
			Usage: "have up to `N` requests in flight",
		},
		&cli.Float64Flag{
			Name:  "rpm",
			Usage: "send up to `N` requests a minute for each key; default: what the server says it allows, until then 500, or no limit on this machine",
		},
		&cli.Float64Flag{
			Name:  "tpm",
			Usage: "use up to `N` tokens a minute for each key; default: what the server says it allows",
		},
		&cli.IntFlag{
			Name: "retries", Value: 3,
			Usage: "try again up to `N` times what fails for a reason that passes with time",
		},
		&cli.DurationFlag{
			Name: "timeout", Value: 30 * time.Second,
			Usage: "give up on a request after `TIME`",
		},
		&cli.DurationFlag{
			Name: "connect-timeout", Value: 10 * time.Second,
			Usage: "give up on a connection that is not made after `TIME`",
		},
		&cli.DurationFlag{
			Name:  "first-byte-timeout",
			Usage: "give up on an answer that has not begun after `TIME`; default: only --timeout counts",
		},
	}
}

// startRPM is the pace for a remote server until it says what it allows, in
// requests a minute: what the smallest paid accounts have.
const startRPM = 500

// server is whom a run asks.
type server struct {
	baseURL, model string
	keys           []keys.Found
	// leftOut are keys that do not work; they are not shown either.
	leftOut []keys.Found
	// named says that somebody named it; otherwise it is what is left.
	named bool
}

// whom names who is asked.
func (s server) whom() string {
	if s.baseURL == builtin.BaseURL {
		return "the built-in model, offline,"
	}
	return fmt.Sprintf("%s at %s", s.model, s.baseURL)
}

// chooseServer decides whom to ask from the flags, the environment and, where
// they are silent, the task that is gone on with (zero if there is none).
func chooseServer(ctx context.Context, c *cli.Context, s *store.Store, task domain.Task) (server, error) {
	srv := server{named: true, baseURL: c.String("base-url"), model: modelFor(c, task)}
	if err := agree(ctx, c, s, task, srv.model); err != nil {
		return srv, err
	}
	offline := server{baseURL: builtin.BaseURL, model: builtin.Model}
	if srv.model == builtin.Model && srv.baseURL == "" {
		offline.named = c.String("model") != ""
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
	if name := keyEnvOf(c); name != "" && len(srv.keys) == 0 && !isLoopback(srv.baseURL) {
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

// connect makes the client that asks. Of found it takes what is known of the server,
// and whom to tell what is found out and decided.
func connect(c *cli.Context, srv server, found vision.Options) (*vision.Client, error) {
	o := vision.Options{
		BaseURL:          srv.baseURL,
		RPM:              c.Float64("rpm"),
		TPM:              c.Float64("tpm"),
		Decided:          found.Decided,
		Formats:          found.Formats,
		FormatFound:      found.FormatFound,
		Timeout:          c.Duration("timeout"),
		ConnectTimeout:   c.Duration("connect-timeout"),
		FirstByteTimeout: c.Duration("first-byte-timeout"),
		MaxConns:         c.Int("concurrency"),
		UserAgent:        "vlocal/" + version,
	}
	for _, f := range srv.keys {
		o.Keys = append(o.Keys, f.Key)
	}
	for _, f := range srv.leftOut {
		o.LeftOut = append(o.LeftOut, f.Key)
	}
	switch {
	case srv.baseURL == builtin.BaseURL:
		o.Transport, o.Keys = builtin.Transport(), nil
	case !isLoopback(srv.baseURL):
		o.StartRPM = startRPM
	}
	client, err := vision.New(o)
	if err != nil {
		return nil, usageError{err}
	}
	return client, nil
}
