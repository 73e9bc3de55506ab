package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"vlocal/store"
)

const mendFlag = "mend"

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "check the database, the photos, the keys and the server, and mend what can be",
		ArgsUsage: " ",
		Description: `vlocal doctor              looks, and says for each finding what to do
vlocal doctor --mend       does what is safe: completes the attempts of a run that
                           died, makes indexes and the view results anew, and puts
                           on record which photos are gone or changed

No photo is written to. As after a scan, a photo that has other bytes now is due to be
asked again, and one that is gone comes back with the next scan that finds it.
Settings that cannot be understood are told before all else, with exit code 2.

Exit code: 0 nothing found, or all of it mended; 1 there are findings.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: mendFlag, Usage: "do what is safe"},
			&cli.StringFlag{Name: "base-url", EnvVars: []string{"VLOCAL_BASE_URL"}, Usage: "check the server at `URL`; default: the one that a run would ask"},
			keyFileFlag,
			&cli.StringFlag{Name: "model", EnvVars: []string{"VLOCAL_MODEL"}, Usage: "check that the server offers the model called `NAME`; default: that of the last run"},
			&cli.StringFlag{Name: "provider", EnvVars: []string{"VLOCAL_PROVIDER"}, Usage: "check the provider that the config file calls `NAME`"},
			quietFlag, jsonFlag,
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("doctor takes nothing but flags; another database is --db FILE")
			}
			ctx, stop := untilInterrupted(c.Context)
			defer stop()
			d := &doctor{c: c, con: consoleOf(c), mend: c.Bool(mendFlag)}
			if err := d.examine(ctx); err != nil {
				return err
			}
			if d.findings > 0 {
				return errTold
			}
			return nil
		},
	}
}

// doctor goes through the checks, one line each.
type doctor struct {
	c    *cli.Context
	con  console
	mend bool
	// findings counts what was found and not mended.
	findings int
}

// verdict is how a check ended.
type verdict struct {
	check string
	// found is what is wrong; "" if nothing is. fine is told then.
	found, fine string
	// do says what to do about it, mended that it was done.
	do     string
	mended bool
	// some are the first of the things that it is about.
	some []string
}

// tell prints a verdict and counts it.
func (d *doctor) tell(v verdict) error {
	state, text := "ok", v.fine
	switch {
	case v.found != "" && v.mended:
		state, text = "mended", v.found
	case v.found != "":
		state, text = "FOUND", v.found
		d.findings++
	default:
		v.do = ""
	}
	if d.con.json {
		return d.con.object(map[string]any{
			"check": v.check, "ok": state != "FOUND", "mended": v.mended, "text": text, "do": v.do, "some": v.some,
		})
	}
	if _, err := fmt.Fprintf(d.con.out, "%-10s %-7s %s\n", v.check, state, oneLine(text)); err != nil {
		return err
	}
	for _, s := range v.some {
		if _, err := fmt.Fprintf(d.con.out, "%-18s %s\n", "", oneLine(s)); err != nil {
			return err
		}
	}
	if state == "FOUND" && v.do != "" {
		_, err := fmt.Fprintf(d.con.out, "%-18s do: %s\n", "", oneLine(v.do))
		return err
	}
	return nil
}

// examine makes all checks. Its error is about a database that cannot be looked at.
func (d *doctor) examine(ctx context.Context) error {
	health, err := store.Examine(ctx, database(d.c))
	if err != nil {
		return err
	}
	if len(health.Damage) > 0 && health.InIndexes && d.mend {
		if health, err = d.reindex(ctx, health); err != nil {
			return err
		}
	}
	if err := d.tell(damageVerdict(d.c, health)); err != nil || len(health.Damage) > 0 {
		return err // what is read from a damaged file says nothing
	}
	s, err := store.Open(ctx, database(d.c))
	if err != nil {
		return err
	}
	if health.Old() { // opening brought it up to date
		if health, err = store.Examine(ctx, database(d.c)); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	for _, check := range []func(context.Context, *store.Store, store.Health) error{
		d.schema, d.references, d.attempts, d.photos, d.server,
	} {
		if err := check(ctx, s, health); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return s.Close()
}

// reindex mends damage that is in indexes only, and looks again.
func (d *doctor) reindex(ctx context.Context, before store.Health) (store.Health, error) {
	if err := store.Reindex(ctx, database(d.c)); err != nil {
		return before, err
	}
	after, err := store.Examine(ctx, database(d.c))
	if err != nil || len(after.Damage) > 0 {
		return after, err
	}
	return after, d.tell(verdict{check: "indexes", found: "did not fit the tables; made anew", mended: true, some: before.Damage})
}

func damageVerdict(c *cli.Context, h store.Health) verdict {
	v := verdict{check: "database", fine: fmt.Sprintf("%s, %s, whole", database(c), humanize.Bytes(uint64(h.Bytes)))}
	if len(h.Damage) == 0 {
		return v
	}
	v.found, v.some = "the file is damaged", h.Damage
	if h.InIndexes {
		v.found = "the indexes do not fit the tables"
		v.do = program(c) + " doctor --mend"
		return v
	}
	v.do = fmt.Sprintf("copy the file away, then put the last backup in its place; without one, "+
		"sqlite3 %[1]s .recover | sqlite3 recovered.db gets out what can be read", database(c))
	return v
}

func (d *doctor) schema(ctx context.Context, s *store.Store, h store.Health) error {
	v := verdict{check: "schema", fine: fmt.Sprintf("version %d", h.Version), do: program(d.c) + " doctor --mend"}
	switch {
	case len(h.Absent) > 0:
		v.found = "somebody took away: " + strings.Join(h.Absent, ", ")
	case !h.View:
		v.found = "the view results is not as it should be"
	}
	if !h.Mendable() {
		v.do = "put the last backup in the place of the database"
		return d.tell(v)
	}
	if v.found != "" && d.mend {
		if err := s.MendSchema(ctx); err != nil {
			return err
		}
		v.mended = true
	}
	return d.tell(v)
}

func (d *doctor) references(_ context.Context, _ *store.Store, h store.Health) error {
	v := verdict{check: "references", fine: "every row has what it refers to"}
	if len(h.Broken) > 0 {
		v.found = "rows that refer to what is not there: " + strings.Join(h.Broken, ", ")
		v.do = "put the last backup in the place of the database; another program has changed this one"
	}
	return d.tell(v)
}

func (d *doctor) attempts(ctx context.Context, s *store.Store, h store.Health) error {
	v := verdict{check: "attempts", fine: "every one has its end", do: program(d.c) + " run, or " + program(d.c) + " doctor --mend"}
	if h.Asking {
		v.fine = "a run is under way"
	}
	if h.Open+h.Running > 0 {
		v.found = fmt.Sprintf("a run died: %s without an end, %s claimed", count(h.Open, "attempt"), count(h.Running, "job"))
	}
	if v.found != "" && d.mend {
		if _, err := s.MendAttempts(ctx); err != nil {
			return err
		}
		v.mended = true
	}
	return d.tell(v)
}

// server asks the server that a run would ask for its models, with each key.
func (d *doctor) server(ctx context.Context, s *store.Store, _ store.Health) error {
	last, _, err := s.LastTask(ctx)
	if err != nil {
		return err
	}
	srv, err := chooseServer(ctx, d.c, s, last)
	if err != nil {
		return d.tell(verdict{check: "server", found: err.Error()})
	}
	return d.tell(d.reach(ctx, srv))
}
