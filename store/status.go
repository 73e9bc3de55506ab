package store

import (
	"context"
	"fmt"
	"time"

	"vlocal/domain"
)

// Images counts the images on record, and how many of them are missing.
func (s *Store) Images(ctx context.Context) (all, missing int, err error) {
	// Each of the two is counted by an index; one pass over the table would take a
	// million rows a second.
	err = s.read.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM images),
		       (SELECT count(*) FROM images WHERE missing_at IS NOT NULL)`).Scan(&all, &missing)
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
		err = s.countAsking(ctx, task, &t)
	}
	if err != nil {
		return t, fmt.Errorf("read the totals: %w", err)
	}
	return t, nil
}

func (s *Store) countJobs(ctx context.Context, task int64, t *domain.Totals) error {
	running, err := s.count(ctx, `SELECT count(*) FROM jobs WHERE task_id = ? AND status = 'running'`, task)
	if err != nil {
		return err
	}
	rows, err := s.read.QueryContext(ctx, `
		SELECT status, error_kind, shared, jobs FROM job_counts WHERE task_id = ? AND jobs > 0`, task)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var status domain.Status
		var kind domain.ErrorKind
		var shared bool
		var n int
		if err := rows.Scan(&status, &kind, &shared, &n); err != nil {
			return err
		}
		if status == domain.Skipped && kind == "" {
			t.Alike += n
		}
		t.Jobs[status] += n
		if kind != "" {
			t.Failures[kind] += n
		}
		if shared {
			t.Shared += n
		}
	}
	if running > 0 {
		t.Jobs[domain.Running] = int(running)
		if t.Jobs[domain.Pending] -= int(running); t.Jobs[domain.Pending] <= 0 {
			delete(t.Jobs, domain.Pending)
		}
	}
	return rows.Err()
}

// countAttempts sums up over all attempts, and by API key.
func (s *Store) countAttempts(ctx context.Context, task int64, t *domain.Totals) error {
	rows, err := s.read.QueryContext(ctx, `
		SELECT asked, key, sum(attempts), sum(ok), sum(interrupted), sum(unpriced),
		       sum(tokens_in), sum(tokens_out), sum(tokens_cached), sum(cost_nanousd), sum(latency_ms)
		FROM (SELECT model <> '' AS asked, c.* FROM runs r JOIN attempt_counts c ON c.run_id = r.id WHERE r.task_id = ?1
		      UNION ALL
		      SELECT model <> '', run_id, model, key, 1, 0, 0, 0, 0, 0, 0, 0, 0, started_at
		      FROM attempts_open WHERE task_id = ?1)
		GROUP BY asked, key ORDER BY sum(attempts) DESC, key`, task)
	if err != nil {
		return err
	}
	defer rows.Close()
	answered, latency := 0, 0
	for rows.Next() {
		var k domain.KeyTotals
		var asked bool
		var ok, interrupted, unpriced, took int
		err := rows.Scan(&asked, &k.Key, &k.Attempts, &ok, &interrupted, &unpriced,
			&k.TokensIn, &k.TokensOut, &k.TokensCached, &k.Spent, &took)
		if err != nil {
			return err
		}
		t.Attempts += k.Attempts
		t.Interrupted += interrupted
		t.Usage.Add(k.Usage)
		answered, latency = answered+ok, latency+took
		if asked {
			k.Failed, k.Unpriced = k.Attempts-ok, unpriced
			t.Keys = append(t.Keys, k)
			t.Spent += k.Spent
			t.Unpriced += k.Unpriced
		}
	}
	if answered > 0 {
		t.MeanLatency = time.Duration(latency) * time.Millisecond / time.Duration(answered)
	}
	return rows.Err()
}

// countAsking sums up how long the runs took. One that was killed has no end on
// record: its last attempt tells.
func (s *Store) countAsking(ctx context.Context, task int64, t *domain.Totals) error {
	asking, err := s.count(ctx, `
		SELECT coalesce(sum(coalesce(r.ended_at,
		       (SELECT max(at) FROM (SELECT last_started_at AS at FROM attempt_counts WHERE run_id = r.id
		        UNION ALL SELECT started_at FROM attempts_open WHERE run_id = r.id)),
		       r.started_at) - r.started_at), 0)
		FROM runs r WHERE r.task_id = ?`, task)
	t.Asking = time.Duration(asking) * time.Millisecond
	return err
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
