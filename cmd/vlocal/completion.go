package main

import (
	_ "embed"
	"fmt"

	"github.com/urfave/cli/v2"
)

//go:embed completion/vlocal.bash
var bashCompletion string

//go:embed completion/vlocal.zsh
var zshCompletion string

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print what makes the shell complete commands and flags",
		ArgsUsage: "bash|zsh",
		Description: `source <(vlocal completion bash)     for this bash; put the line into ~/.bashrc to keep it
source <(vlocal completion zsh)      for this zsh; put the line into ~/.zshrc, after compinit`,
		BashComplete: func(c *cli.Context) { fmt.Fprintln(c.App.Writer, "bash\nzsh") },
		Action: func(c *cli.Context) error {
			script := map[string]string{"bash": bashCompletion, "zsh": zshCompletion}[c.Args().First()]
			if script == "" || c.Args().Len() != 1 {
				return usagef("completion for which shell? vlocal completion bash, or vlocal completion zsh")
			}
			_, err := fmt.Fprint(c.App.Writer, script)
			return err
		},
	}
}
