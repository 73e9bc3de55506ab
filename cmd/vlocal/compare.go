package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/urfave/cli/v2"

	"vlocal/compare"
	"vlocal/domain"
	"vlocal/export"
	"vlocal/store"
)

func compareCommand() *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "show where the answers of two questions disagree",
		ArgsUsage: "TASK TASK",
		Description: `vlocal compare receipts 1a2b3c4d
vlocal compare receipts 1a2b3c4d --csv differences.csv

Tasks are named as 'vlocal tasks' lists them. White space does not count; of
fields, those that both tasks have are compared: numbers as numbers, texts but for
upper and lower case, lists in whatever order.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "csv", TakesFile: true, Usage: "write all differences as CSV to `FILE`; - is standard output"},
			&cli.BoolFlag{Name: "raw", Usage: "do not make formulas in the CSV harmless"},
			&cli.IntFlag{Name: "limit", Value: 50, Usage: "show at most `N` differences; 0 for all"},
			quietFlag, jsonFlag,
		},
		Action: reading(compareTasks),
	}
}

// comparison is what compareTasks works on.
type comparison struct {
	con  console
	s    *store.Store
	a, b domain.Task
	*compare.Two
}

func compareTasks(ctx context.Context, c *cli.Context, s *store.Store) (err error) {
	if c.Args().Len() != 2 {
		return usagef("compare which two tasks? For example: vlocal compare receipts 1a2b3c4d; 'vlocal tasks' lists them")
	}
	k := comparison{con: consoleOf(c), s: s}
	if k.a, err = taskNamed(ctx, s, c.Args().Get(0)); err != nil {
		return err
	}
	if k.b, err = taskNamed(ctx, s, c.Args().Get(1)); err != nil {
		return err
	}
	if k.a.ID == k.b.ID {
		return usagef("%s and %s are one and the same task", c.Args().Get(0), c.Args().Get(1))
	}
	if k.Two, err = compare.New(k.a, k.b); err != nil {
		return err
	}
	name := c.String("csv")
	switch {
	case name == "-":
		return k.csv(ctx, c.App.Writer, c.Bool("raw"))
	case name != "":
		if err := export.File(name, func(w io.Writer) error { return k.csv(ctx, w, c.Bool("raw")) }); err != nil {
			return err
		}
	case k.con.json:
		if err := k.differences(ctx, k.object); err != nil {
			return err
		}
	default:
		if err := k.table(ctx, c.Int("limit")); err != nil {
			return err
		}
	}
	return k.tell(name)
}

// differences gives every image about which the tasks disagree, in path order.
func (k comparison) differences(ctx context.Context, each func(path string, all []compare.Difference) error) error {
	return k.s.Pairs(ctx, k.a.ID, k.b.ID, func(p store.Pair) error {
		all, err := k.Add(p.A, p.B)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Path, err)
		}
		if len(all) == 0 {
			return nil
		}
		return each(p.Path, all)
	})
}

// labels tell the two tasks apart.
func (k comparison) labels() (string, string) {
	if k.a.Name == k.b.Name {
		return k.a.ShortHash(), k.b.ShortHash()
	}
	return cmp.Or(k.a.Name, k.a.ShortHash()), cmp.Or(k.b.Name, k.b.ShortHash())
}

func (k comparison) csv(ctx context.Context, w io.Writer, raw bool) error {
	lines := export.NewTexts(w, export.CSVOptions{Raw: raw})
	a, b := k.labels()
	if err := lines.Write("path", "field", a, b); err != nil {
		return err
	}
	err := k.differences(ctx, func(path string, all []compare.Difference) error {
		for _, d := range all {
			if err := lines.Write(path, d.Field, d.A, d.B); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return lines.Flush()
}

func (k comparison) object(path string, all []compare.Difference) error {
	fields := map[string]any{}
	for _, d := range all {
		fields[d.Field] = map[string]string{"a": d.A, "b": d.B}
	}
	return k.con.object(map[string]any{"event": "difference", "path": path, "fields": fields})
}

// widest bounds the cell of an answer on a terminal, in columns.
const widest = 40

// table shows up to limit differences (0 for all), and reads on for the summary.
func (k comparison) table(ctx context.Context, limit int) error {
	var rows [][]string
	n := 0
	err := k.differences(ctx, func(path string, all []compare.Difference) error {
		for _, d := range all {
			if n++; limit > 0 && n > limit {
				continue
			}
			rows = append(rows, []string{
				oneLine(path), oneLine(d.Field), runewidth.Truncate(oneLine(d.A), widest, "…"), runewidth.Truncate(oneLine(d.B), widest, "…"),
			})
		}
		return nil
	})
	if err != nil || n == 0 {
		return err
	}
	a, b := k.labels()
	if err := k.con.table([]string{"PATH", "FIELD", a, b}, rows); err != nil {
		return err
	}
	if n > len(rows) {
		k.con.remark("there are %s more; --limit 0 shows all, --csv FILE writes them", number(n-len(rows)))
	}
	_, err = fmt.Fprintln(k.con.out)
	return err
}

// tell sums up.
func (k comparison) tell(file string) error {
	if k.con.json {
		agreement := map[string]any{}
		for _, f := range k.Fields {
			agreement[f.Field] = map[string]int{"same": f.Same, "of": f.All}
		}
		return k.con.object(map[string]any{
			"event": "comparison", "a": k.a.Hash(), "b": k.b.Hash(), "same": k.Same, "different": k.Different,
			"only_a": k.OnlyA, "only_b": k.OnlyB, "fields": agreement, "not_compared": k.NotCompared,
		})
	}
	a, b := k.labels()
	var l lines
	l.add("same", "%s", number(k.Same))
	l.add("different", "%s", number(k.Different))
	for _, f := range k.Fields {
		if !k.InWords && f.All > 0 {
			l.add("", "  %s agrees in %.1f%%", oneLine(f.Field), 100*float64(f.Same)/float64(f.All))
		}
	}
	if k.OnlyA+k.OnlyB > 0 {
		l.add("only in", "%s: %s, %s: %s", a, number(k.OnlyA), b, number(k.OnlyB))
	}
	if len(k.NotCompared) > 0 {
		l.add("left out", "%s: only one of the two tasks has it", oneLine(strings.Join(k.NotCompared, ", ")))
	}
	if file != "" {
		l.add("written", "%s", printable(file))
	}
	_, err := fmt.Fprint(k.con.out, l.String())
	return err
}
