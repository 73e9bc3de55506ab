package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// version and commit are set when a release is built:
//
//	go build -ldflags "-X main.version=1.2.3 -X main.commit=$(git rev-parse HEAD)" ./cmd/vlocal
//
// Without that, the commit is what Go itself wrote into the program.
var (
	version = "0.1.0-dev"
	commit  = ""
)

const (
	// dbFlag is understood before and after every command.
	dbFlag    = "db"
	defaultDB = "vlocal.db"
)

// database names the file. A variable that is set but empty is as good as none.
func database(c *cli.Context) string { return cmp.Or(c.String(dbFlag), defaultDB) }

// program is how to call vlocal again for the same database.
func program(c *cli.Context) string {
	db := database(c)
	if db == defaultDB || db == os.Getenv("VLOCAL_DB") {
		return "vlocal"
	}
	if strings.ContainsAny(db, " \t'\"$&;()*") {
		db = strconv.Quote(db)
	}
	return "vlocal --db " + db
}

// helpOfFlag is cli's own line about a flag.
var helpOfFlag = cli.FlagStringer

// noDefault is what cli tells of a flag that has none.
var noDefault = regexp.MustCompile(` \(default: (0|0s|false)\)`)

func newApp(stdout, stderr io.Writer) *cli.App {
	cli.FlagStringer = func(f cli.Flag) string { return noDefault.ReplaceAllString(helpOfFlag(f), "") }
	app := &cli.App{
		Name:  "vlocal",
		Usage: "ask a vision model one question about every photo in a folder, and get a spreadsheet",
		Description: `vlocal run ~/Photos --prompt "What is in this photo?"
vlocal export photos.csv

Without a key and a server it answers with a small model of its own, offline.`,
		Version:   versionText(),
		Writer:    stdout,
		ErrWriter: stderr,
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: dbFlag, Value: defaultDB, EnvVars: []string{"VLOCAL_DB"}, TakesFile: true,
				Usage: "the database `FILE` that holds everything vlocal knows",
			},
		},
		Commands: []*cli.Command{
			runCommand(), statusCommand(), retryCommand(), redoCommand(), exportCommand(),
			scanCommand(), listCommand(), showCommand(), tasksCommand(), compareCommand(), modelsCommand(), keysCommand(),
			doctorCommand(), backupCommand(), configCommand(), completionCommand(),
		},
		Suggest:              true,
		EnableBashCompletion: true,
		OnUsageError:         onUsageError,
		ExitErrHandler:       func(*cli.Context, error) {}, // report does it, once
		Action:               noCommand,
	}
	for _, c := range app.Commands {
		equip(c)
	}
	return app
}

// equip gives a command, and those within it, what all have in common.
func equip(c *cli.Command) {
	c.OnUsageError = onUsageError
	c.HideHelpCommand = true // or a folder called "help" could not be scanned
	if len(c.Subcommands) == 0 {
		c.CustomHelpTemplate = commandHelp
	}
	if hasFlag(c, "base-url") || hasFlag(c, "include") {
		c.Before = settle // it asks or scans
	}
	for _, sub := range c.Subcommands {
		equip(sub)
	}
}

// commandHelp is cli's own template with the flag that holds for all commands,
// which cli leaves out there.
var commandHelp = strings.TrimRight(cli.CommandHelpTemplate, "\n") + `

GLOBAL OPTIONS:
   --db FILE  the database FILE that holds everything vlocal knows (default: "vlocal.db") [$VLOCAL_DB]
`

// noCommand is what happens without a command, or with a word that is none.
func noCommand(c *cli.Context) error {
	if !c.Args().Present() {
		return cli.ShowAppHelp(c)
	}
	name := c.Args().First()
	return usagef("there is no command %q. %s", name, cli.SuggestCommand(c.App.Commands, name))
}

func onUsageError(c *cli.Context, err error, _ bool) error {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: ")
	if !unknown {
		return usageError{err}
	}
	flags := append([]cli.Flag{}, c.App.Flags...)
	if c.Command != nil {
		flags = append(flags, c.Command.Flags...)
	}
	name = strings.TrimLeft(name, "-")
	return usagef("there is no flag --%s. Did you mean %q?", name, cli.SuggestFlag(flags, name, false))
}

// versionText tells version, commit, Go and platform.
func versionText() string {
	id, changed := commit, ""
	if info, ok := debug.ReadBuildInfo(); ok && id == "" {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				id = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = " with changes"
			}
		}
	}
	if id == "" {
		id = "unknown"
	}
	return fmt.Sprintf("%s (commit %.12s%s, %s, %s/%s)",
		version, id, changed, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
