package main

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/store"
)

func listCommand() *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list images with their status and answer or error",
		ArgsUsage: " ",
		Description: `vlocal list --status failed
vlocal list --kind timeout --limit 0
vlocal list --where "latency_ms > 5000 and answer like '%cat%'"
vlocal list --near-duplicates       groups of photos that look alike`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "status", Usage: "only rows with this `STATUS`: pending, running, done, failed or skipped"},
			&cli.StringFlag{Name: "kind", Usage: "only rows with this error `KIND`, such as corrupt or timeout"},
			whereFlag, taskFlag,
			&cli.IntFlag{Name: "limit", Value: 50, Usage: "at most `N` rows, or groups; 0 for all"},
			nearFlag, distanceFlag, jsonFlag,
		},
		Action: reading(list),
	}
}

func list(ctx context.Context, c *cli.Context, s *store.Store) error {
	if c.Bool(nearFlag.Name) {
		return listAlike(ctx, c, s)
	}
	f, err := filterOf(c)
	if err != nil {
		return err
	}
	limit := c.Int("limit")
	if limit > 0 {
		f.Limit = limit + 1 // to know whether there are more
	}
	task, err := taskOf(ctx, c, s)
	if err != nil {
		return err
	}
	if f.Where, err = whereOf(ctx, s, c.String("where"), namesOfColumns(task)); err != nil {
		return err
	}
	con := consoleOf(c)
	if con.json {
		f.Limit = max(limit, 0)
		return listObjects(con, s.List(ctx, task.ID, f))
	}
	return listTable(con, s.List(ctx, task.ID, f), limit)
}

// listObjects prints rows as they come: there may be a million.
func listObjects(con console, results iter.Seq2[domain.Result, error]) error {
	for r, err := range results {
		if err != nil {
			return err
		}
		if err := con.object(resultObject(r)); err != nil {
			return err
		}
	}
	return nil
}

// listTable prints up to limit rows (0 for all), and says whether there are more.
func listTable(con console, results iter.Seq2[domain.Result, error], limit int) error {
	var rows [][]string
	for r, err := range results {
		if err != nil {
			return err
		}
		rows = append(rows, []string{
			strconv.FormatInt(r.ImageID, 10), string(r.Status), string(r.ErrorKind),
			strconv.FormatInt(r.Attempts, 10), oneLine(r.Path), oneLine(outcomeText(r)),
		})
	}
	more := limit > 0 && len(rows) > limit
	if more {
		rows = rows[:limit]
	}
	if len(rows) == 0 {
		con.remark("no such rows")
		return nil
	}
	err := con.table([]string{"ID", "STATUS", "KIND", "ATTEMPTS", "PATH", "ANSWER OR ERROR"}, rows)
	if more {
		con.remark("there are more; --limit 0 lists all")
	}
	return err
}

// filterOf takes from the flags which rows to list.
func filterOf(c *cli.Context) (store.Filter, error) {
	f := store.Filter{Status: domain.Status(c.String("status")), Kind: domain.ErrorKind(c.String("kind"))}
	switch {
	case c.IsSet(distanceFlag.Name):
		return f, usagef("--distance is for --%s", nearFlag.Name)
	case f.Status != "" && !slices.Contains(domain.Statuses, f.Status):
		return f, usagef("there is no status %q; there are %s", f.Status, words(domain.Statuses))
	case f.Kind != "" && !slices.Contains(domain.ErrorKinds, f.Kind):
		return f, usagef("there is no error kind %q; there are %s", f.Kind, words(domain.ErrorKinds))
	}
	return f, nil
}

// outcomeText gives the answer, or why there is none.
func outcomeText(r domain.Result) string {
	if r.Status == domain.Skipped && r.AskedInstead != "" {
		return "looks alike; asked instead: " + r.AskedInstead
	}
	return cmp.Or(r.Error, fieldsText(r.Fields), r.Answer)
}

// words lists the members of a closed list.
func words[T ~string](all []T) (s string) {
	for i, w := range all {
		switch {
		case i == 0:
		case i == len(all)-1:
			s += " and "
		default:
			s += ", "
		}
		s += string(w)
	}
	return s
}

func resultObject(r domain.Result) map[string]any {
	// The fields are JSON already; null if there are none.
	answered := json.RawMessage(cmp.Or(r.Fields, "null"))
	return map[string]any{
		"fields": answered, "id": r.ImageID, "path": r.Path, "status": r.Status, "answer": r.Answer,
		"error_kind": r.ErrorKind, "error": r.Error, "attempts": r.Attempts, "model": r.Model,
		"tokens_in": r.TokensIn, "tokens_out": r.TokensOut, "latency_ms": r.LatencyMS,
		"width": r.Width, "height": r.Height, "bytes": r.Bytes,
		"taken_at": r.TakenAt, "finished_at": r.FinishedAt, "cost_usd": r.CostUSD, "warning": r.Warning,
		"asked_instead": r.AskedInstead, "task": r.Task,
	}
}
