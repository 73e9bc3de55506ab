package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// reorder puts flags before the other arguments, because cli stops looking for
// flags at the first argument that is none, and people write
//
//	vlocal run ~/Photos --prompt "What is it?"
//
// Flags that hold for all commands go before the command, others behind the
// innermost one (keys add). What follows "--" stays as it is.
func reorder(app *cli.App, args []string) []string {
	if len(args) == 0 || slices.Contains(args, "--generate-bash-completion") {
		return args
	}
	var command *cli.Command
	var global, names, flags, rest []string
	for i := 1; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			if len(rest) == 0 {
				if found := commandNamed(app, command, arg); found != nil {
					command, names = found, append(names, found.Name)
					continue
				}
			}
			rest = append(rest, arg)
			continue
		}
		group := &flags
		flag := (cli.Flag)(nil)
		if command != nil {
			flag = flagNamed(command.Flags, arg)
		}
		if flag == nil {
			if flag = flagNamed(app.Flags, arg); flag != nil || command == nil {
				group = &global
			}
		}
		*group = append(*group, arg)
		if takesValue(flag) && !strings.Contains(arg, "=") && i+1 < len(args) {
			i++
			*group = append(*group, args[i])
		}
	}
	return slices.Concat(args[:1], global, names, flags, rest)
}

// commandNamed finds a command, or one of a command's own; nil if there is none.
func commandNamed(app *cli.App, within *cli.Command, name string) *cli.Command {
	if within == nil {
		return app.Command(name)
	}
	return within.Command(name)
}

// flagNamed finds the flag that an argument such as --db=x names.
func flagNamed(flags []cli.Flag, arg string) cli.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}
