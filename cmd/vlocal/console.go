package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// console is where a command prints: results to standard output, progress and
// remarks to standard error.
type console struct {
	out, err io.Writer
	// quiet leaves out progress and remarks; json prints results as JSON.
	quiet, json bool
}

var (
	jsonFlag  = &cli.BoolFlag{Name: "json", Usage: "print JSON, one object a line, for other programs"}
	quietFlag = &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no progress, only results and errors"}
)

func consoleOf(c *cli.Context) console {
	return console{out: c.App.Writer, err: c.App.ErrWriter, quiet: c.Bool("quiet"), json: c.Bool("json")}
}

// printing is held by who prints: a run remarks on what it decides from many
// goroutines.
var printing sync.Mutex

// remark tells something beside the results. Control characters in it are spelled
// out, wherever they come from.
func (c console) remark(format string, args ...any) {
	printing.Lock()
	defer printing.Unlock()
	if !c.quiet && !c.json {
		fmt.Fprintln(c.err, printable(fmt.Sprintf(format, args...)))
	}
}

// object prints one JSON object on a line of its own. Control characters are
// escaped, those too that JSON allows as they are: the line may go to a terminal.
func (c console) object(v any) error {
	printing.Lock()
	defer printing.Unlock()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	var line strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		// They stand in texts only; all that moves a terminal is below U+10000.
		if misleads(r) {
			fmt.Fprintf(&line, `\u%04x`, r)
		} else {
			line.WriteRune(r)
		}
	}
	_, err := fmt.Fprintln(c.out, line.String())
	return err
}

// live reports whether progress goes to a terminal.
func (c console) live() bool { return isTerminal(c.err) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is that of the terminal results go to; 0 when it is none.
func (c console) width() int {
	if f, ok := c.out.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			return w
		}
	}
	return 0
}

// printable makes text safe to print: a file name, an answer or a server's
// message must not move the cursor, change colours or hide what it says. Control
// characters and those that reverse the direction of text are spelled out.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case misleads(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}

// misleads reports whether a terminal obeys a character, or turns the direction of
// what follows.
func misleads(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// oneLine is printable text without line breaks.
func oneLine(s string) string {
	return strings.Join(strings.Fields(printable(s)), " ")
}
