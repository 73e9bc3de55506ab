package main

import (
	"cmp"
	"errors"

	"github.com/urfave/cli/v2"

	"vlocal/builtin"
	"vlocal/domain"
	"vlocal/store"
)

func runCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{
			Name: "prompt", Aliases: []string{"p"},
			Usage: "ask this `QUESTION` about every image; default: that of the last run",
		},
		&cli.IntFlag{Name: "max-tokens", Value: 1024, Usage: "let an answer have up to `N` tokens"},
		&cli.IntFlag{Name: "max-width", Value: 1920, Usage: "make pictures at most `N` pixels wide"},
		&cli.IntFlag{Name: "max-height", Value: 1080, Usage: "make pictures at most `N` pixels high"},
		&cli.IntFlag{Name: "quality", Value: 85, Usage: "JPEG quality of what is sent: `N` from 1 to 100"},
		&cli.StringFlag{
			Name:  maxBytesFlag,
			Usage: "send pictures of at most `SIZE` bytes, such as 4MB, by less quality, then by less size; counts the JPEG, which takes a third more in a request",
		},
	}
	flags = append(flags, taskFlag, memoryFlag)
	flags = append(flags, questionFlags()...)
	flags = append(flags, fieldFlags()...)
	flags = append(flags, serverFlags()...)
	flags = append(flags, moneyFlags()...)
	flags = append(flags, dryRunFlag, oneOfAlikeFlag)
	flags = append(flags, sampleFlags()...)
	flags = append(flags, scanFlags()...)
	flags = append(flags, urlsFlag)
	flags = append(flags, urlFlags()...)
	return &cli.Command{
		Name:      "run",
		Usage:     "scan folders and ask about every image that has no answer yet",
		ArgsUsage: "[PATH...]",
		Description: `vlocal run ~/Photos --prompt "What is in this photo?"
vlocal run                          go on with what is pending of the last question
vlocal run --urls list.txt          ask about images on the web
vlocal run ~/Receipts --prompt "Read this receipt" --fields 'shop, total:number, day:date'
vlocal run ~/Photos --task chairs --prompt "..."   give the question a name
vlocal run --task chairs            go on with the question of that name

With a server:
VLOCAL_API_KEY=... vlocal run ~/Photos --model gpt-4o-mini --prompt "..."
vlocal run ~/Photos --base-url http://localhost:11434/v1 --model llava --prompt "..."

Exit code: 0 all done, 1 could not run or stopped early, 2 wrong usage, 3 some rows failed.`,
		Flags:  append(flags, quietFlag, jsonFlag),
		Action: runAction,
	}
}

func runAction(c *cli.Context) error {
	if err := readPrompt(c); err != nil {
		return err
	}
	roots, err := rootsOf(c)
	if err != nil {
		return err
	}
	urls, err := haveURLs(c)
	if err != nil {
		return err
	}
	if err := checkNumbers(c); err != nil {
		return err
	}
	if err := checkURLMode(c); err != nil {
		return err
	}
	s, err := openForRun(c, len(roots) > 0 || urls)
	if err != nil {
		return err
	}
	err = func() error {
		task, srv, err := taskToRun(c, s)
		if err != nil {
			return err
		}
		return ask(c, s, task, srv, store.Scope{Roots: roots, URLs: urls, OneOfAlike: c.Bool(oneOfAlikeFlag.Name)})
	}()
	return errors.Join(err, s.Close())
}

// openForRun makes the database on the first run; without a folder or a list to
// scan there would be nothing in it.
func openForRun(c *cli.Context, scans bool) (*store.Store, error) {
	if !scans {
		return store.Open(c.Context, database(c))
	}
	if !c.IsSet("prompt") {
		// Do not leave an empty database behind for a call that asks nothing.
		s, err := store.Open(c.Context, database(c))
		if errors.Is(err, store.ErrNoDatabase) {
			return nil, noQuestion()
		}
		return s, err
	}
	return store.Create(c.Context, database(c))
}

func noQuestion() error {
	return usagef(`ask what? For example: vlocal run ~/Photos --prompt "What is in this photo?"`)
}

// checkNumbers looks at the flags that take one.
func checkNumbers(c *cli.Context) error {
	for _, name := range []string{"max-tokens", "max-width", "max-height", "quality", "concurrency", "sample"} {
		if n := c.Int(name); n < 1 && c.IsSet(name) {
			return usagef("%s %d: it takes a number from 1", called(c, name), n)
		}
	}
	if n := c.Int("retries"); n < 0 {
		return usagef("%s %d: it takes a number from 0", called(c, "retries"), n)
	}
	for name, most := range map[string]int{"quality": 100, "concurrency": 1000} {
		if n := c.Int(name); n > most {
			return usagef("%s %d: it takes a number from 1 to %d", called(c, name), n, most)
		}
	}
	if _, err := maxBytes(c); err != nil {
		return err
	}
	for _, name := range []string{"rpm", "tpm", "budget"} {
		if n := c.Float64(name); !(n > 0 && n < 1e12) && c.IsSet(name) {
			return usagef("%s %v: it takes a number above 0", called(c, name), n)
		}
	}
	for _, name := range []string{"price-in", "price-out", "price-cached-in"} {
		if n := c.Float64(name); !(n >= 0 && n < 1e9) {
			return usagef("%s %v: it takes US dollars for a million tokens", called(c, name), n)
		}
	}
	for _, name := range []string{"timeout", "connect-timeout", "first-byte-timeout"} {
		if d := c.Duration(name); d <= 0 && (c.IsSet(name) || name == "timeout") {
			return usagef("%s %s: it takes a time such as 30s or 2m", called(c, name), d)
		}
	}
	return nil
}

// taskToRun gives the question that the flags ask, where they are silent that of
// the last run, and whom to ask.
func taskToRun(c *cli.Context, s *store.Store) (domain.Task, server, error) {
	last, named, err := taskBefore(c, s)
	if err != nil {
		return last, server{}, err
	}
	before := last
	task := domain.Task{Prompt: cmp.Or(c.String("prompt"), last.Prompt), Parameters: last.Parameters}
	if task.Prompt == "" {
		return task, server{}, noQuestion()
	}
	for _, p := range []struct {
		name string
		v    *int
	}{
		{"max-tokens", &task.MaxTokens}, {"max-width", &task.MaxWidth},
		{"max-height", &task.MaxHeight}, {"quality", &task.Quality},
	} {
		// A new question starts from the defaults (which a config file may have
		// changed), not from what the last one had.
		if said(c, p.name) || *p.v == 0 || c.IsSet("prompt") && !named {
			*p.v = c.Int(p.name)
		}
	}
	if said(c, maxBytesFlag) || c.IsSet("prompt") && !named { // 0 is a value as well
		if task.MaxBytes, err = maxBytes(c); err != nil {
			return task, server{}, err
		}
	}
	if err := say(c, &task, before, named); err != nil {
		return task, server{}, err
	}
	if last.Model == builtin.Model && task.Prompt != last.Prompt && !named {
		// A new question is put to the offline model again only if nothing better
		// is at hand.
		last = domain.Task{}
	}
	srv, err := chooseServer(c.Context, c, s, last)
	if err != nil {
		return task, srv, err
	}
	task.Model = srv.model
	return task, srv, tellTask(c, s, before, task)
}
