package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vlocal/domain"
	"vlocal/store"
)

var exportScenario = scenario{name: "export", run: printExports}

// printExports measures exports and prints their table.
func printExports(ctx context.Context, s settings, w io.Writer) error {
	rows, err := measureExports(ctx, s)
	if err != nil {
		return err
	}
	t := table{head: []string{"way", "rows", "time", "CPU", "peak memory", "file"}, rows: rows}
	_, err = fmt.Fprintf(w, "\n## export\n\n%s\n\n%s\n", "A database of finished jobs, each with an attempt and an answer. "+
		"The sqlite3 shell reads the same columns of the same view, in the same order. "+
		"Every command runs twice, and the second time counts.", t)
	return err
}

// filling makes jobs as a run leaves them behind; ?1 is how many.
var filling = []string{
	`INSERT INTO runs (id, task_id, base_url, host, pid, started_at, ended_at) VALUES (1, 1, 'http://localhost/v1', 'bench', 1, 0, 1)`,
	`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
	 INSERT INTO images (id, path, bytes, mtime_ns, sha256, width, height, format, taken_at, found_at)
	 SELECT i, printf('/home/ann/Photos/2024/IMG_%07d.jpg', i), 2300000 + i, 1, randomblob(32), 4032, 3024, 'jpeg', '2024-05-01T12:33:00', 0 FROM n`,
	`INSERT INTO jobs (id, image_id, task_id, run_id, updated_at) SELECT id, id, 1, 1, 1760000000000 + id FROM images`,
	`INSERT INTO attempts (id, job_id, run_id, sha256, model, key, started_at, ended_at, outcome, latency_ms, tokens_in, tokens_out, cost_nanousd)
	 SELECT j.id, j.id, 1, i.sha256, 'gpt-4o-mini', 'abcd', 1, 2, 'ok', 1200 + j.id % 500, 812, 17, 132000
	 FROM jobs j JOIN images i ON i.id = j.image_id ORDER BY j.id`,
	`INSERT INTO answers (id, attempt_id, task_id, sha256, text, model, finish_reason)
	 SELECT id, id, 1, sha256, 'A cat on a red sofa, looking at the camera. ' || id, 'gpt-4o-mini-2024-07-18', 'stop' FROM attempts`,
	`UPDATE jobs SET status = 'done', answer_id = id`,
}

// measureExports makes the database and runs the programs over it.
func measureExports(ctx context.Context, s settings) (rows [][]string, err error) {
	dir, err := os.MkdirTemp("", "vlocal-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, program := filepath.Join(dir, "vlocal.db"), filepath.Join(dir, "vlocal.exe")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "vlocal/cmd/vlocal").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build vlocal: %w: %s", err, out)
	}
	if err := fill(ctx, db, s.rows); err != nil {
		return nil, fmt.Errorf("fill the database: %w", err)
	}
	vlocal := func(file string) []string {
		return []string{program, "--db", db, "export", "--quiet", filepath.Join(dir, file)}
	}
	columns := strings.Join(domain.ResultColumns[:18], ", ")
	shell := []string{
		"sqlite3", "-cmd", ".mode csv", "-cmd", ".headers on", "-cmd", ".output " + filepath.Join(dir, "shell.csv"), db,
		"SELECT " + columns + " FROM results WHERE task_id = 1 ORDER BY path",
	}
	ways := []struct {
		label, file string
		command     []string
	}{
		{"vlocal export photos.csv", "photos.csv", vlocal("photos.csv")}, {"sqlite3 shell, .mode csv", "shell.csv", shell},
		{"vlocal export photos.jsonl", "photos.jsonl", vlocal("photos.jsonl")}, {"vlocal export photos.xlsx", "photos.xlsx", vlocal("photos.xlsx")},
	}
	for range max(s.repeat, 1) {
		for _, w := range ways {
			fmt.Fprintln(os.Stderr, "export:", w.label)
			cells, err := timed(ctx, w.command, filepath.Join(dir, w.file))
			if errors.Is(err, exec.ErrNotFound) {
				cells, err = []string{"-", "there is no " + w.command[0] + " here", "-", "-"}, nil
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.label, err)
			}
			rows = append(rows, append([]string{w.label, strconv.Itoa(s.rows)}, cells...))
		}
	}
	return rows, nil
}

// fill makes a database with so many finished jobs.
func fill(ctx context.Context, path string, jobs int) (err error) {
	s, err := store.Create(ctx, path)
	if err != nil {
		return err
	}
	_, err = s.Task(ctx, domain.Task{
		Prompt: "What is in this photo?", Model: "gpt-4o-mini",
		Parameters: domain.Parameters{MaxTokens: 1024, MaxWidth: 1920, MaxHeight: 1080, Quality: 85},
	})
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_pragma=synchronous(off)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, statement := range filling {
		var args []any
		if strings.Contains(statement, "?1") {
			args = append(args, jobs)
		}
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// timed runs a command twice and tells what the second time took: seconds, CPU, the
// most memory it held, the size of the file it made.
func timed(ctx context.Context, command []string, file string) ([]string, error) {
	var cells []string
	for range 2 {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Stderr = os.Stderr
		began := time.Now()
		if err := cmd.Run(); err != nil {
			return nil, err
		}
		took := time.Since(began)
		made, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		cells = []string{
			fmt.Sprintf("%.2f s", took.Seconds()), fmt.Sprintf("%.2f s", cpu.Seconds()),
			megabytes(peakOf(cmd.ProcessState)), megabytes(made.Size()),
		}
	}
	return cells, nil
}
