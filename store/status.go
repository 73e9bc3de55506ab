package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"vlocal/domain"
)

// Images counts the images on record, and how many of them are missing.
func (s *Store) Images(ctx context.Context) (all, missing int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*), count(missing_at) FROM images`).Scan(&all, &missing)
	if err != nil {
		return 0, 0, fmt.Errorf("count the images: %w", err)
	}
	return all, missing, nil
}

// Totals says how far a task is and what it took.
func (s *Store) Totals(ctx context.Context, task int64) (domain.Totals, error) {
	t := domain.Totals{Jobs: map[domain.Status]int{}, Failures: map[domain.ErrorKind]int{}}
	err := s.countJobs(ctx, task, &t)
	if err == nil {
		err = s.countAttempts(ctx, task, &t)
	}
	if err == nil {
		err = s.countKeys(ctx, task, &t)
	}
	if err != nil {
		return t, fmt.Errorf("read the totals: %w", err)
	}
	return t, nil
}

func (s *Store) countJobs(ctx context.Context, task int64, t *domain.Totals) error {
	rows, err := s.read.QueryContext(ctx, `
		SELECT status, coalesce(error_kind, ''), count(*), count(like_id) FROM jobs
		WHERE task_id = ? GROUP BY status, error_kind`, task)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var status domain.Status
		var kind domain.ErrorKind
		var n, alike int
		if err := rows.Scan(&status, &kind, &n, &alike); err != nil {
			return err
		}
		if status == domain.Skipped {
			t.Alike += alike
		}
		t.Jobs[status] += n
		if kind != "" {
			t.Failures[kind] += n
		}
	}
	return rows.Err()
}

func (s *Store) countAttempts(ctx context.Context, task int64, t *domain.Totals) error {
	var mean sql.NullFloat64
	var asking int64
	// A run that was killed has no end on record: its last attempt tells.
	err := s.read.QueryRowContext(ctx, `
		WITH asked AS (
			SELECT a.* FROM attempts a JOIN runs r ON r.id = a.run_id WHERE r.task_id = ?1)
		SELECT count(*),
		       count(*) FILTER (WHERE outcome = 'interrupted'),
		       coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0), coalesce(sum(tokens_cached), 0),
		       avg(latency_ms) FILTER (WHERE outcome = 'ok'),
		       (SELECT count(*) FROM jobs j JOIN answers n ON n.id = j.answer_id
		          JOIN attempts o ON o.id = n.attempt_id
		        WHERE j.task_id = ?1 AND j.status = 'done' AND o.job_id <> j.id),
		       (SELECT coalesce(sum(coalesce(r.ended_at,
		               (SELECT max(a.started_at) FROM attempts a WHERE a.run_id = r.id),
		               r.started_at) - r.started_at), 0)
		        FROM runs r WHERE r.task_id = ?1)
		FROM asked`, task).
		Scan(&t.Attempts, &t.Interrupted, &t.TokensIn, &t.TokensOut, &t.TokensCached, &mean, &t.Shared, &asking)
	t.MeanLatency = time.Duration(mean.Float64 * float64(time.Millisecond))
	t.Asking = time.Duration(asking) * time.Millisecond
	return err
}

// countKeys sums up by API key, and over all of them.
func (s *Store) countKeys(ctx context.Context, task int64, t *domain.Totals) error {
	rows, err := s.read.QueryContext(ctx, `
		SELECT coalesce(a.key, ''), count(*), count(*) FILTER (WHERE a.outcome IS NOT 'ok'),
		       coalesce(sum(a.tokens_in), 0), coalesce(sum(a.tokens_out), 0), coalesce(sum(a.tokens_cached), 0),
		       coalesce(sum(a.cost_nanousd), 0), count(*) FILTER (WHERE a.outcome = 'ok' AND a.cost_nanousd IS NULL)
		FROM attempts a JOIN runs r ON r.id = a.run_id
		WHERE r.task_id = ? AND a.model IS NOT NULL GROUP BY a.key ORDER BY count(*) DESC`, task)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k domain.KeyTotals
		err := rows.Scan(&k.Key, &k.Attempts, &k.Failed, &k.TokensIn, &k.TokensOut, &k.TokensCached, &k.Spent, &k.Unpriced)
		if err != nil {
			return err
		}
		t.Keys = append(t.Keys, k)
		t.Spent += k.Spent
		t.Unpriced += k.Unpriced
	}
	return rows.Err()
}

// Spending gives what every task that was asked cost, the latest first.
func (s *Store) Spending(ctx context.Context) (all []domain.TaskSpending, err error) {
	tasks, runs, err := s.tasksAsked(ctx)
	if err == nil {
		err = s.sumRuns(ctx, runs)
	}
	if err != nil {
		return nil, fmt.Errorf("read the spending: %w", err)
	}
	for _, t := range tasks {
		if !t.AskedAt.IsZero() {
			all = append(all, t.TaskSpending)
		}
	}
	return all, nil
}

// Decisions gives what the last run under a task decided by itself, in order; at
// most the latest n.
func (s *Store) Decisions(ctx context.Context, task int64, n int) (all []domain.Decision, err error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT at, what, text FROM (
			SELECT * FROM decisions
			WHERE run_id = (SELECT max(id) FROM runs WHERE task_id = ?) ORDER BY id DESC LIMIT ?)
		ORDER BY id`, task, n)
	if err != nil {
		return nil, fmt.Errorf("read the decisions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var d domain.Decision
		var at int64
		if err := rows.Scan(&at, &d.What, &d.Text); err != nil {
			return nil, fmt.Errorf("read the decisions: %w", err)
		}
		d.At = time.UnixMilli(at)
		all = append(all, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the decisions: %w", err)
	}
	return all, nil
}

// FailedIn counts the failed jobs of a task about the images in a scope, however
// they failed.
func (s *Store) FailedIn(ctx context.Context, task int64, scope Scope) (n int, err error) {
	all := Scope{Failed: true, Match: scope.Match}
	for _, sp := range scope.spans() {
		if scope.Match != nil {
			jobs, _, err := all.pick(s.querier(ctx), task, sp)
			if err != nil {
				return 0, fmt.Errorf("count the failed: %w", err)
			}
			n += len(jobs)
			continue
		}
		var here int64
		here, err = s.count(ctx, `
			SELECT count(*) FROM jobs j JOIN images i ON i.id = j.image_id
			WHERE j.task_id = ? AND j.status = 'failed' AND (i.path = ? OR (i.path >= ? AND i.path < ?))`,
			task, sp[0], sp[1], sp[2])
		if err != nil {
			return 0, err
		}
		n += int(here)
	}
	return n, nil
}
