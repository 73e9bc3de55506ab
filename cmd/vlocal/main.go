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
)

func main() {
	os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr))
}

// run is the whole program; it gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	app := newApp(stdout, stderr)
	err := app.RunContext(ctx, reorder(app, args))
	return report(stderr, err)
}
