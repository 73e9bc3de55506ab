package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"vlocal/domain"
	"vlocal/keys"
	"vlocal/vision"
)

func keysCommand() *cli.Command {
	return &cli.Command{
		Name:      "keys",
		Usage:     "keep API keys in the system's keychain, and see which of yours work",
		ArgsUsage: "add|list|remove|check",
		Description: `vlocal keys add                     asks for a key for OpenAI, and keeps it in the keychain
vlocal keys check --model gpt-4o-mini

A run takes its keys from the first of these that has any: --key-file (or
VLOCAL_KEY_FILE), VLOCAL_API_KEYS (several, with commas between them),
VLOCAL_API_KEY, OPENAI_API_KEY, the keychain. The keychain's go only to the server
that they were added for; the others go to the server that you name.`,
		Subcommands: []*cli.Command{keysAddCommand(), keysListCommand(), keysRemoveCommand(), keysCheckCommand()},
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name != "" {
				return usagef("keys does not do that; it has add, list, remove and check")
			}
			return cli.ShowSubcommandHelp(c)
		},
	}
}

var keyFileFlag = &cli.StringFlag{
	Name: "key-file", EnvVars: []string{"VLOCAL_KEY_FILE"}, TakesFile: true,
	Usage: "take the API keys from `FILE`, one a line, and from nowhere else",
}

// keyServerFlag says which server a key is for.
var keyServerFlag = &cli.StringFlag{
	Name: "base-url", EnvVars: []string{"VLOCAL_BASE_URL"},
	Usage: "the server at `URL`; default: OpenAI",
}

// keySources are where the person keeps keys.
func keySources(c *cli.Context) keys.Sources {
	s := keys.Sources{File: c.String("key-file"), Getenv: os.Getenv, Keychain: keychain()}
	if name := keyEnvOf(c); name != "" {
		s.Env = []string{name} // a provider with a variable of its own gets no other's
	}
	return s
}

// keychain is the system's, with its lock in the person's own cache folder.
func keychain() keys.Keychain {
	useOnlyARunningBus()
	dir, err := os.UserCacheDir()
	if err != nil {
		// A person without a folder has no keychain either.
		return keys.Keychain{}
	}
	return keys.Keychain{LockFile: filepath.Join(dir, "vlocal", "keychain.lock")}
}

// useOnlyARunningBus keeps the D-Bus library, by which the keychain is reached on
// Linux and the BSDs, from starting a bus of its own (dbus-launch) where the
// person's session has none: it would be left running by every run, and has no
// keychain on it either.
func useOnlyARunningBus() {
	const address = "DBUS_SESSION_BUS_ADDRESS"
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" || os.Getenv(address) != "" {
		return
	}
	session := fmt.Sprintf("/run/user/%d/", os.Getuid())
	if _, err := os.Stat(session + "dbus-session"); err == nil {
		return // an older system's; the library reads it
	}
	_ = os.Setenv(address, "unix:path="+session+"bus") // fails for odd names only
}

// keysFor gives the keys to ask a server with. A system without a keychain has
// none in it: whether the server wants one is for the server to say.
func keysFor(c *cli.Context, baseURL string) ([]keys.Found, error) {
	baseURL, err := serverURL(baseURL)
	if err != nil {
		return nil, err
	}
	found, err := keySources(c).Find(baseURL)
	if _, is := errors.AsType[*keys.KeychainError](err); is {
		return nil, nil
	}
	return found, err
}

// serverURL gives a base URL as the client has it, which is how the keychain
// files its keys.
func serverURL(baseURL string) (string, error) {
	client, err := vision.New(vision.Options{BaseURL: baseURL})
	if err != nil {
		return "", usageError{err}
	}
	return client.BaseURL(), nil
}

func keysAddCommand() *cli.Command {
	return &cli.Command{
		Name:      "add",
		Usage:     "put a key into the system's keychain",
		ArgsUsage: " ",
		Description: `vlocal keys add                                         for OpenAI; it asks for the key
vlocal keys add --base-url https://openrouter.ai/api/v1
vlocal keys add < key.txt`,
		Flags: []cli.Flag{keyServerFlag, quietFlag},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("a key is not given as an argument: those show in the list of processes and stay in the shell's history. If that was one, make a new one. Then run keys add alone: it asks for the key")
			}
			baseURL, err := serverURL(cmp.Or(c.String("base-url"), openAI))
			if err != nil {
				return err
			}
			ctx, stop := untilInterrupted(c.Context)
			defer stop()
			key, err := readKey(ctx, c, baseURL)
			if err != nil {
				return fmt.Errorf("no key was added: %w", err)
			}
			added, err := keychain().Add(ctx, baseURL, key)
			if err != nil {
				return fmt.Errorf("the key was not added: %w", err)
			}
			con := consoleOf(c)
			if !added {
				con.remark("%s was in the keychain already, for %s", key, baseURL)
				return nil
			}
			con.remark("added %s for %s; see whether it works with: vlocal keys check", key, baseURL)
			return nil
		},
	}
}

// maxTyped bounds what is read for a key, in bytes.
const maxTyped = 64 << 10

// readKey asks for a key at the terminal, without showing it, or takes the text
// that comes by standard input.
func readKey(ctx context.Context, c *cli.Context, baseURL string) (domain.Key, error) {
	if f, ok := c.App.Reader.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return typedKey(ctx, c.App.ErrWriter, int(f.Fd()), baseURL)
	}
	text, err := io.ReadAll(io.LimitReader(c.App.Reader, maxTyped))
	if err != nil {
		return domain.Key{}, fmt.Errorf("read standard input: %w", err)
	}
	return keys.Parse(string(text))
}

// typedKey reads a line from a terminal that does not show what is typed.
func typedKey(ctx context.Context, stderr io.Writer, fd int, baseURL string) (domain.Key, error) {
	before, err := term.GetState(fd)
	if err != nil {
		return domain.Key{}, fmt.Errorf("read from the terminal: %w", err)
	}
	fmt.Fprintf(stderr, "the key for %s (it does not show): ", baseURL)
	type line struct {
		text []byte
		err  error
	}
	typed := make(chan line, 1)
	// Nothing can interrupt that read: after a Ctrl-C it ends with the process.
	go func() {
		text, err := term.ReadPassword(fd)
		typed <- line{text, err}
	}()
	select {
	case l := <-typed:
		fmt.Fprintln(stderr)
		if l.err != nil {
			return domain.Key{}, fmt.Errorf("read from the terminal: %w", l.err)
		}
		return keys.Parse(string(l.text))
	case <-ctx.Done():
		fmt.Fprintln(stderr)
		// Or the shell would go on without showing what is typed.
		return domain.Key{}, errors.Join(context.Cause(ctx), term.Restore(fd, before))
	}
}

func keysListCommand() *cli.Command {
	return &cli.Command{
		Name:        "list",
		Usage:       "list the keys in the system's keychain by their last 4 characters",
		ArgsUsage:   " ",
		Description: "vlocal keys list",
		Flags:       []cli.Flag{jsonFlag},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("keys list takes nothing but flags")
			}
			all, err := keychain().List()
			if err != nil {
				return err
			}
			con := consoleOf(c)
			var rows [][]string
			for _, s := range all {
				for _, key := range s.Keys {
					if con.json {
						if err := con.object(map[string]any{"server": s.Server, "key": key}); err != nil {
							return err
						}
					}
					rows = append(rows, []string{key.Fingerprint(), oneLine(s.Server)})
				}
			}
			switch {
			case con.json:
				return nil
			case len(rows) == 0:
				con.remark("the keychain has no keys; put one there with: vlocal keys add")
				return nil
			}
			return con.table([]string{"KEY", "SERVER"}, rows)
		},
	}
}

func keysRemoveCommand() *cli.Command {
	return &cli.Command{
		Name:      "remove",
		Usage:     "take a key out of the system's keychain",
		ArgsUsage: "LAST4",
		Description: `vlocal keys remove 4f9a                                 the key that ends so, as keys list shows it
vlocal keys remove --all --base-url https://openrouter.ai/api/v1`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "base-url", Usage: "only of the server at `URL`"},
			&cli.BoolFlag{Name: "all", Usage: "all keys of that server"},
			quietFlag,
		},
		Action: removeKeys,
	}
}

func removeKeys(c *cli.Context) error {
	baseURL, fingerprint, con := c.String("base-url"), c.Args().First(), consoleOf(c)
	var err error
	if baseURL != "" {
		if baseURL, err = serverURL(baseURL); err != nil {
			return err
		}
	}
	switch {
	case c.Bool("all") && (baseURL == "" || c.Args().Present()):
		return usagef("all keys of which server? vlocal keys remove --all --base-url URL")
	case c.Bool("all"):
		n, err := keychain().RemoveAll(c.Context, baseURL)
		if err != nil {
			return removeHint(err)
		}
		con.remark("removed %s of %s", count(n, "key"), baseURL)
		return nil
	case c.Args().Len() != 1 || strings.Trim(fingerprint, "… ") == "" && fingerprint != "…":
		return usagef("remove which key? Give its last 4 characters, as keys list shows them")
	case utf8.RuneCountInString(strings.TrimPrefix(fingerprint, "…")) > 4:
		// Not repeated: it may be a whole key.
		return usagef("only the last 4 characters of a key are given here: more would show in the list of processes and stay in the shell's history")
	}
	server, err := keychain().Remove(c.Context, baseURL, fingerprint)
	if err != nil {
		return removeHint(err)
	}
	con.remark("removed …%s of %s", strings.TrimPrefix(fingerprint, "…"), server)
	return nil
}

func removeHint(err error) error {
	switch {
	case errors.Is(err, keys.ErrNoKey):
		return fmt.Errorf("nothing was removed: %w; see vlocal keys list", err)
	case errors.Is(err, keys.ErrSeveral):
		return fmt.Errorf("nothing was removed: %w; name the server with --base-url URL, or take out all of its keys with --all", err)
	}
	return fmt.Errorf("nothing was removed: %w", err)
}
