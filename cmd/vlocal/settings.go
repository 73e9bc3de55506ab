package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"vlocal/builtin"
	"vlocal/config"
)

// A setting is a flag of run that may stand in a config file, too. What holds is
// decided here, before the command begins: the command line beats the environment,
// that beats the files, and those beat the defaults. A provider counts where it
// was chosen: by --provider on the command line, by VLOCAL_PROVIDER in the
// environment; what is said about a setting in the same place beats its table.

// level is where a value comes from; a higher one wins.
type level int

const (
	byDefault level = iota
	byFile
	byEnv
	byFlag
)

// String is the level's word in JSON.
func (l level) String() string { return [...]string{"default", "file", "environment", "flag"}[l] }

// origin is where the value of a setting comes from.
type origin struct {
	level level
	// name is a flag with its dashes, a variable or a file; "" for a default.
	name string
	// provider is that whose table has the value; name is its file then, and
	// level is that of its choice.
	provider string
}

// String says where to change the value.
func (o origin) String() string {
	switch {
	case o.provider != "":
		return fmt.Sprintf("provider %s, %s", o.provider, o.name)
	case o.level == byDefault:
		return "default"
	}
	return o.name
}

// settings says where the values of a command's flags come from.
type settings struct {
	origins map[string]origin // by flag
	// provider is the one in use, if its name is not "".
	provider config.Provider
	// looked are the files that may be there, the one that wins first; files are
	// those that are.
	looked []string
	files  config.Files
}

type settingsKey struct{}

// settingsOf gives what settle has found; for a command without settings, nothing.
func settingsOf(c *cli.Context) settings {
	s, _ := c.Context.Value(settingsKey{}).(settings)
	return s
}

// said reports whether the person gave the flag for this call: on the command
// line, in the environment, or through a provider chosen there. A value from a
// file is not said; it is a default that the file changed. (IsSet is true for
// both.)
func said(c *cli.Context, name string) bool { return settingsOf(c).origins[name].level >= byEnv }

// called is how an error speaks of a setting, so that it can be found.
func called(c *cli.Context, name string) string {
	o := settingsOf(c).origins[name]
	if o.provider == "" && o.level != byFile {
		return "--" + name
	}
	return fmt.Sprintf("%s (%s)", keyOf(name), o)
}

// keyEnvOf names the environment variable that holds the key of the provider in
// use; "" if there is none.
func keyEnvOf(c *cli.Context) string { return settingsOf(c).provider.KeyEnv }

// settle is what a command with settings does first: it reads the config files,
// fills in what they say, and puts on record where each value comes from.
func settle(c *cli.Context) error {
	s := settings{origins: originsOf(c), looked: configPaths(c)}
	known := slices.DeleteFunc(runSettings(), func(known config.Setting) bool { return known.Key == config.DefaultProvider })
	var err error
	if s.files, err = config.Load(known, s.looked...); err != nil {
		return err
	}
	named := s.server(c)
	if hasFlag(c.Command, "provider") {
		if err := s.choose(c, named); err != nil {
			return err
		}
	}
	for _, known := range known {
		if known.Refused != "" || !hasFlag(c.Command, flagOf(known.Key)) {
			continue
		}
		has := s.origins[flagOf(known.Key)]
		if known.Key == "base_url" && s.provider.Name == "" {
			has = named // the built-in model is not asked at a file's address
		}
		if err := s.fill(c, known, has); err != nil {
			return err
		}
	}
	c.Context = context.WithValue(c.Context, settingsKey{}, s)
	return nil
}

// configPaths are the files that may be there, the one that wins first: beside
// the database, and in the user's config folder.
func configPaths(c *cli.Context) []string {
	paths := []string{filepath.Join(filepath.Dir(database(c)), config.Name)}
	if user, err := userConfig(); err == nil {
		paths = append(paths, user)
	}
	return slices.Compact(paths)
}

// userConfig is the file in the user's config folder, which the XDG Base Directory
// Specification, or the system, says where to find.
func userConfig() (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find your config folder: %w", err)
	}
	return filepath.Join(folder, "vlocal", config.Name), nil
}

// originsOf finds what the command line and the environment say. The cli package
// tells these two apart for nobody, so the command line is parsed once more.
func originsOf(c *cli.Context) map[string]origin {
	line := flag.NewFlagSet(c.Command.Name, flag.ContinueOnError)
	line.SetOutput(io.Discard)
	for _, f := range c.Command.Flags {
		_ = f.Apply(line) // it worked a moment ago
	}
	_ = line.Parse(c.Lineage()[1].Args().Tail())
	typed := map[string]bool{}
	line.Visit(func(f *flag.Flag) { typed[f.Name] = true })

	origins := map[string]origin{}
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if slices.ContainsFunc(f.Names(), func(n string) bool { return typed[n] }) {
			origins[name] = origin{level: byFlag, name: "--" + name}
			continue
		}
		if d, ok := f.(cli.DocGenerationFlag); ok {
			// A variable that is set but empty is as good as none.
			if i := slices.IndexFunc(d.GetEnvVars(), func(v string) bool { return os.Getenv(v) != "" }); i >= 0 {
				origins[name] = origin{level: byEnv, name: d.GetEnvVars()[i]}
			}
		}
	}
	return origins
}

// choose finds the provider. One that was chosen less loudly than another server
// was named (say in the file, with --base-url on the command line) is not in use
// at all: its key and its prices are not that server's.
func (s *settings) choose(c *cli.Context, named origin) error {
	name, from := c.String("provider"), s.origins["provider"]
	if name == "" {
		texts, path, ok := s.files.Value(config.DefaultProvider)
		if !ok || texts[0] == "" {
			return nil
		}
		name, from = texts[0], origin{level: byFile, name: path}
	}
	if named.level > from.level {
		s.origins["provider"] = named
		return c.Set("provider", "")
	}
	p, ok := s.files.Provider(name)
	if !ok {
		return usagef("%s: there is no provider %q; %s", from, name, s.providers())
	}
	s.provider, s.origins["provider"] = p, from
	return c.Set("provider", name)
}

// server says where a server was named by itself: by its address, or by the name
// of the built-in model, which is asked without one.
func (s *settings) server(c *cli.Context) origin {
	address, model := s.origins["base-url"], s.origins["model"]
	if c.String("model") == builtin.Model && model.level > address.level {
		return model
	}
	return address
}

// providers tells which ones there are.
func (s *settings) providers() string {
	if names := s.files.ProviderNames(); len(names) > 0 {
		return "there are: " + strings.Join(names, ", ")
	}
	return "no config file names any. Looked for: " + strings.Join(s.looked, ", ") + ". 'vlocal config init' writes one"
}

// fill gives a flag the value that the provider in use or a file has for it, if
// that beats what the flag has.
func (s *settings) fill(c *cli.Context, known config.Setting, has origin) error {
	name := flagOf(known.Key)
	chosen := s.origins["provider"]
	texts, ok := s.provider.Values[known.Key]
	from := origin{level: chosen.level, name: s.provider.Path, provider: s.provider.Name}
	if !ok || has.level >= chosen.level {
		if has.level > byDefault {
			return nil
		}
		from = origin{level: byFile}
		if texts, from.name, ok = s.files.Value(known.Key); !ok {
			return nil
		}
	}
	text := strings.Join(texts, ",")
	if known.Kind == config.List {
		text = cli.NewStringSlice(texts...).Serialize() // a comma in a glob divides nothing
	}
	if err := c.Set(name, text); err != nil {
		return fmt.Errorf("%s: %s: %w", from, known.Key, err)
	}
	s.origins[name] = from
	return nil
}

func hasFlag(command *cli.Command, name string) bool {
	return slices.ContainsFunc(command.Flags, func(f cli.Flag) bool { return f.Names()[0] == name })
}

// keyOf gives the key of a flag, flagOf the flag of a key.
func keyOf(flag string) string { return strings.ReplaceAll(flag, "-", "_") }
func flagOf(key string) string { return strings.ReplaceAll(key, "_", "-") }

// ofOneCall are the flags of run that say what one call does rather than how all
// are done, with what to do instead of writing them down. Nobody who can write a
// config file beside a database shall say yes to spending for another.
var ofOneCall = map[string]string{
	"prompt":      "the question is asked with --prompt, and remembered",
	"prompt-file": "the question is asked with --prompt-file, and remembered",
	"system":      "it is part of the question, as --system, and remembered",
	"example":     "it is part of the question, as --example, and remembered",
	"fields":      "they are part of the question, said with --fields, and remembered",
	"schema":      "it is part of the question, said with --schema, and remembered",
	"task":        "it is for the moment, as --task",
	"json":        "it is for the program that calls, as --json",
	"yes":         "it is for the moment, as --yes",
	"dry-run":     "it is for the moment, as --dry-run",
	"sample":      "it is for the moment, as --sample",
	"urls":        "it is for the moment, as --urls",
}

// runSettings are the flags of run as keys of a config file. A new flag is one by
// itself.
func runSettings() []config.Setting {
	var all []config.Setting
	for _, f := range runCommand().Flags {
		name := f.Names()[0]
		s := config.Setting{Key: keyOf(name), Refused: ofOneCall[name]}
		if name == "provider" {
			s.Key = config.DefaultProvider
		}
		if d, ok := f.(cli.DocGenerationFlag); ok {
			s.About = strings.ReplaceAll(d.GetUsage(), "`", "")
		}
		s.Kind, s.Default = kindOf(f)
		all = append(all, s)
	}
	return all
}

// kindOf gives what a flag takes, and its default as a config file has it.
func kindOf(f cli.Flag) (config.Kind, string) {
	switch f := f.(type) {
	case *cli.IntFlag:
		return config.Whole, fmt.Sprint(f.Value)
	case *cli.Int64Flag:
		return config.Whole, fmt.Sprint(f.Value)
	case *cli.Float64Flag:
		if f.Value == 0 { // stands for none, and is refused where it is said
			return config.Fraction, ""
		}
		return config.Fraction, fmt.Sprint(f.Value)
	case *cli.BoolFlag:
		return config.Switch, fmt.Sprint(f.Value)
	case *cli.DurationFlag:
		if f.Value == 0 {
			return config.Span, ""
		}
		return config.Span, fmt.Sprintf("%q", f.Value)
	case *cli.StringSliceFlag:
		return config.List, ""
	case *cli.StringFlag:
		if f.Value != "" {
			return config.Text, fmt.Sprintf("%q", f.Value)
		}
	}
	return config.Text, ""
}
