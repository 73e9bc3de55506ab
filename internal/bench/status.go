package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"vlocal/domain"
	"vlocal/store"
)

var statusScenario = scenario{
	name: "status",
	about: "Commands that look at a large database, as processes of their own; the median of five. In ten jobs there is one that " +
		"failed and one that is pending; each job was attempted three times.",
	columns: append([]string{"jobs", "attempts"}, lookNames()...),
	rows: func(s settings) []row {
		return []row{{label: "vlocal", client: client{Look: s.table, Requests: s.table}}}
	},
	cells: func(r row, got result) []string {
		cells := []string{strconv.Itoa(r.client.Look), strconv.Itoa(3 * r.client.Look)}
		for _, l := range looks {
			cells = append(cells, fmt.Sprintf("%.0f ms", got.Client.Took[l.name].Seconds()*1000))
		}
		return cells
	},
}

// looks are the commands that are measured.
var looks = []struct {
	name string
	args []string
}{
	{"`status`", []string{"status"}},
	{"`list`", []string{"list"}},
	{"`list --status failed`", []string{"list", "--status", "failed"}},
	{"`tasks`", []string{"tasks"}},
	{"`list --status done`", []string{"list", "--status", "done"}},
	{"`show ID`", []string{"show", "777"}},
	{"`show NAME`", []string{"show", "0000777.jpg"}},
}

func lookNames() (all []string) {
	for _, l := range looks {
		all = append(all, l.name)
	}
	return all
}

// measureLooks makes a database of many jobs and times the commands on it.
func (c client) measureLooks(ctx context.Context) (got clientResult, err error) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "vlocal-bench-")
	if err != nil {
		return got, err
	}
	defer os.RemoveAll(dir)
	program, db := filepath.Join(dir, "vlocal.exe"), filepath.Join(dir, "vlocal.db")
	if err := build(ctx, program); err != nil {
		return got, err
	}
	if err := c.fill(ctx, db); err != nil {
		return got, fmt.Errorf("make the database: %w", err)
	}
	got.Setup = time.Since(began)
	got.Took = map[string]time.Duration{}
	for _, l := range looks {
		if got.Took[l.name], err = median(ctx, program, append([]string{"--db", db}, l.args...)); err != nil {
			return got, err
		}
	}
	return got, nil
}

// build makes the program as a release is made.
func build(ctx context.Context, program string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", program, "vlocal/cmd/vlocal").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

// median gives the median time of five runs of a command, once it has run before.
func median(ctx context.Context, program string, args []string) (time.Duration, error) {
	var all []time.Duration
	for range 6 {
		var errs bytes.Buffer
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stderr = &errs
		started := time.Now()
		if err := cmd.Run(); err != nil {
			return 0, fmt.Errorf("vlocal %s: %w\n%s", strings.Join(args, " "), err, errs.Bytes())
		}
		all = append(all, time.Since(started))
	}
	all = all[1:]
	slices.Sort(all)
	return all[len(all)/2], nil
}

// fill makes a database as many runs would leave it, by plain SQL.
func (c client) fill(ctx context.Context, path string) (err error) {
	s, err := store.Create(ctx, path)
	if err != nil {
		return err
	}
	run, task, err := c.jobs(ctx, s)
	if err == nil {
		err = run.Close(ctx, nil)
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, statement := range leftByRuns {
		if _, err := db.ExecContext(ctx, statement, sql.Named("task", task.ID), sql.Named("kind", string(domain.Timeout))); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// leftByRuns is run in a database with pending jobs and one run. Every job fails twice;
// of the third time most are answered.
var leftByRuns = []string{
	`PRAGMA synchronous = OFF`,
	`PRAGMA cache_size = -64000`,
	`BEGIN`,
	`UPDATE images SET sha256 = randomblob(32), width = 4032, height = 3024, format = 'jpeg', orientation = 1`,
	`INSERT INTO attempts (job_id, run_id, sha256, model, key, started_at, ended_at, outcome, error)
	 SELECT j.id, 1, i.sha256, 'load', '…0001', 1000 * j.id, 1000 * j.id + 30000, @kind, 'ask: no answer within 30s'
	 FROM (SELECT 1 UNION ALL SELECT 2) CROSS JOIN jobs j JOIN images i ON i.id = j.image_id`,
	`INSERT INTO attempts (job_id, run_id, sha256, model, key, started_at, ended_at, outcome, latency_ms, tokens_in, tokens_out)
	 SELECT j.id, 1, i.sha256, 'load', '…0001', 1000 * j.id, 1000 * j.id + 48,
	        iif(j.id % 10 < 8, 'ok', @kind), 48, 800, 40
	 FROM jobs j JOIN images i ON i.id = j.image_id`,
	`INSERT INTO answers (attempt_id, task_id, sha256, text, model, finish_reason)
	 SELECT id, @task, sha256, 'A cat on a red sofa, looking at the camera.', 'load', 'stop' FROM attempts WHERE outcome = 'ok'`,
	`UPDATE jobs SET status = 'done', answer_id = n.id FROM answers n JOIN attempts a ON a.id = n.attempt_id WHERE a.job_id = jobs.id`,
	`UPDATE jobs SET status = 'failed', error_kind = @kind, error = 'ask: no answer within 30s' WHERE id % 10 = 8`,
	`INSERT INTO attempt_counts
	 SELECT run_id, model, key, count(*), count(*) FILTER (WHERE outcome = 'ok'), 0, count(*) FILTER (WHERE outcome = 'ok'),
	        sum(tokens_in), sum(tokens_out), 0, 0, sum(latency_ms), max(started_at) FROM attempts GROUP BY 1, 2, 3`,
	`UPDATE runs SET ended_at = started_at + 3600000`,
	`COMMIT`,
	`PRAGMA wal_checkpoint(TRUNCATE)`,
}
