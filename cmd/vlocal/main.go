// Command vlocal asks a vision model one question about every photo in a folder
// and hands back a spreadsheet.
//
// This room knows the flags, the environment, the terminal and the exit codes,
// and wires the others together. One file a command.
package main

import (
	"context"
	"io"
	"os"

	"github.com/urfave/cli/v2"
)

func main() {
	os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr))
}

// run is the whole program; it gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return report(stderr, runApp(ctx, newApp(stdout, stderr), args))
}

// runApp runs the command that the arguments name.
func runApp(ctx context.Context, app *cli.App, args []string) error {
	if err := refuseMisplacedKeys(args); err != nil {
		return err
	}
	return app.RunContext(ctx, reorder(app, args))
}
