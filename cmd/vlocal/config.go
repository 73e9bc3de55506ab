package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"vlocal/config"
)

func configCommand() *cli.Command {
	return &cli.Command{
		Name:      "config",
		Usage:     "settings in a file: show what holds and why, or write a file to begin with",
		ArgsUsage: " ",
		Description: `vlocal config init                  write vlocal.toml beside the database
vlocal config show                  each setting and where it comes from`,
		Subcommands: []*cli.Command{configShowCommand(), configInitCommand()},
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return cli.ShowSubcommandHelp(c)
			}
			return usagef("config does what? vlocal config show, or vlocal config init")
		},
	}
}

func configShowCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "print each setting of run and where it comes from",
		ArgsUsage: " ",
		Description: `vlocal config show
vlocal config show --provider ollama     what run would do with these flags`,
		// Those of run, so that what is shown is what run does with them.
		Flags: slices.DeleteFunc(runCommand().Flags, func(f cli.Flag) bool {
			return slices.Contains([]string{"prompt", fieldsFlag, schemaFlag}, f.Names()[0])
		}),
		Action: showConfig,
	}
}

// shown is a setting as it is shown.
type shown struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	// From is default, file, provider, environment or flag; Where is the name of
	// that file, variable or flag, and "" for a default.
	From     string `json:"from"`
	Where    string `json:"where"`
	Provider string `json:"provider,omitempty"`
}

// lookedFor is a config file that may be there.
type lookedFor struct {
	Path string `json:"path"`
	Read bool   `json:"read"`
}

func showConfig(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("config show takes no %q", c.Args().First())
	}
	s, con := settingsOf(c), consoleOf(c)
	var all []shown
	var rows [][]string
	add := func(name string, value any, o origin) {
		from := o.level.String()
		if o.provider != "" {
			from = "provider"
		}
		all = append(all, shown{Name: name, Value: value, From: from, Where: o.name, Provider: o.provider})
		text := oneLine(valueText(value))
		if o.level == byDefault && (text == "0" || text == "0s") {
			text = "" // stands for none
		}
		rows = append(rows, []string{name, cmp.Or(text, "-"), oneLine(o.String())})
	}
	for _, known := range runSettings() {
		if known.Refused != "" {
			continue
		}
		name := flagOf(known.Key)
		if known.Key == config.DefaultProvider {
			name = "provider"
		}
		add(keyOf(name), settingValue(c, name, known.Kind), s.origins[name])
	}
	if env := s.provider.KeyEnv; env != "" {
		add("key_env", env, origin{level: s.origins["provider"].level, name: s.provider.Path, provider: s.provider.Name})
	}
	var files []lookedFor
	for _, path := range s.looked {
		read := slices.ContainsFunc(s.files, func(f config.File) bool { return f.Path == path })
		files = append(files, lookedFor{Path: path, Read: read})
	}
	if con.json {
		return con.object(map[string]any{"settings": all, "files": files})
	}
	if err := con.table([]string{"NAME", "VALUE", "FROM"}, rows); err != nil {
		return err
	}
	return con.tellFiles(files)
}

func (c console) tellFiles(files []lookedFor) error {
	var b strings.Builder
	b.WriteByte('\n')
	for _, f := range files {
		state := "not there"
		if f.Read {
			state = "read"
		}
		fmt.Fprintf(&b, "%-10s %s\n", state, printable(f.Path))
	}
	_, err := fmt.Fprint(c.out, b.String())
	return err
}

// settingValue gives what a setting holds, as JSON has it.
func settingValue(c *cli.Context, flag string, kind config.Kind) any {
	switch kind {
	case config.List:
		return append([]string{}, c.StringSlice(flag)...)
	case config.Span:
		return c.Duration(flag).String()
	}
	if flag == "base-url" {
		return withoutSecrets(c.String(flag))
	}
	return c.Value(flag)
}

func valueText(value any) string {
	if list, ok := value.([]string); ok {
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(value)
}

// withoutSecrets leaves out of an address what may hold one. A run refuses such
// an address; it may still stand in the environment.
func withoutSecrets(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "not a URL"
	}
	if u.User != nil {
		u.User = url.User("…")
	}
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.String()
}

func configInitCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "write a config file to begin with, every setting explained",
		ArgsUsage: " ",
		Description: `vlocal config init                  vlocal.toml beside the database, for this database
vlocal config init --user           in your config folder, for all databases`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "user", Usage: "write the file for all databases, in your config folder"},
			quietFlag,
		},
		Action: initConfig,
	}
}

func initConfig(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("config init takes no %q; --db FILE says beside which database", c.Args().First())
	}
	path := filepath.Join(filepath.Dir(database(c)), config.Name)
	if c.Bool("user") {
		var err error
		if path, err = userConfig(); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("make the config folder: %w", err)
		}
	}
	if err := writeNew(path, config.Sample(runSettings())); err != nil {
		return err
	}
	consoleOf(c).remark("wrote %s. Nothing changes until you edit it; then 'vlocal config show' tells what holds, "+
		"and --provider NAME chooses one of its providers.", printable(path))
	return nil
}

// writeNew writes a file that is not there yet, for its owner alone.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and was left as it is. Edit it, or move it away first", path)
	}
	if err != nil {
		return fmt.Errorf("write a config file: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		// Half a file would be read as a whole one.
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(path))
	}
	return nil
}
