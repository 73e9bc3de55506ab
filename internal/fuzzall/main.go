// Fuzzall runs every fuzz target of the module, one after the other, each for a
// while, and prints what each did. It ends with code 1 if one found something; what
// it found is in the package's testdata/fuzz then, and every go test runs it again.
//
//	go run ./internal/fuzzall                # two seconds each
//	go run ./internal/fuzzall -time 200x     # 200 inputs each, as .ci/run does
//	go run ./internal/fuzzall -time 10m      # the long form
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	each := flag.String("time", "2s", "how long each target runs, or how many inputs it tries, such as 200x")
	parallel := flag.Int("parallel", 1, "how many processes try inputs at once")
	only := flag.String("run", "", "only targets whose package and name this `regexp` matches, such as vision.*Answer")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := all(ctx, os.Stdout, *each, *parallel, *only); err != nil {
		fmt.Fprintln(os.Stderr, "fuzzall:", err)
		os.Exit(1)
	}
}

// target is a fuzz target: a function of a package.
type target struct{ pkg, name string }

// all runs the targets and prints a table.
func all(ctx context.Context, out io.Writer, each string, parallel int, only string) error {
	chosen, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	listed, err := exec.CommandContext(ctx, "go", "test", "-list", "^Fuzz", "./...").CombinedOutput()
	if err != nil {
		return fmt.Errorf("list the targets: %w\n%s", err, listed)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PACKAGE\tTARGET\tINPUTS\tNEW\tRESULT")
	var bad []error
	for _, t := range targetsIn(string(listed)) {
		if !chosen.MatchString(t.pkg + "." + t.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s %s\n", t.pkg, t.name)
		text, err := t.fuzz(ctx, each, parallel)
		if ctx.Err() != nil {
			bad = append(bad, context.Cause(ctx))
			break
		}
		result := "ok"
		if err != nil {
			result = "FAILED"
			bad = append(bad, fmt.Errorf("%s %s: %w\n%s", t.pkg, t.name, err, text))
		}
		inputs, fresh := figures(text)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", t.pkg, t.name, inputs, fresh, result)
	}
	return errors.Join(append(bad, table.Flush())...)
}

// targetsIn reads what go test -list prints: the names of a package's targets, then
// "ok", the package and the time it took.
func targetsIn(listed string) (all []target) {
	var names []string
	for line := range strings.Lines(listed) {
		words := strings.Fields(line)
		switch {
		case len(words) == 1 && strings.HasPrefix(words[0], "Fuzz"):
			names = append(names, words[0])
		case len(words) > 1 && words[0] == "ok":
			for _, name := range names {
				all = append(all, target{words[1], name})
			}
			names = nil
		}
	}
	return all
}

// fuzz runs one target, and gives what go test says. Making a found input smaller
// is bounded, because it can take longer than all else.
func (t target) fuzz(ctx context.Context, each string, parallel int) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", each,
		"-fuzzminimizetime", "10x", "-parallel", fmt.Sprint(parallel), t.pkg)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	err := cmd.Run()
	return text.String(), err
}

var progress = regexp.MustCompile(`execs: (\d+) .*new interesting: (\d+)`)

// figures gives how many inputs were tried, and how many of them did something new,
// of the last line that says so.
func figures(text string) (inputs, fresh string) {
	inputs, fresh = "-", "-"
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if m := progress.FindStringSubmatch(lines.Text()); m != nil {
			inputs, fresh = m[1], m[2]
		}
	}
	return inputs, fresh
}
