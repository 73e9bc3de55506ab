package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"iter"

	"vlocal/domain"
)

// Results gives the rows of a task in path order, as the view `results` has
// them, one at a time.
func (s *Store) Results(ctx context.Context, task int64) iter.Seq2[domain.Result, error] {
	return s.List(ctx, task, Filter{})
}

// Filter narrows a list. A zero field does not narrow.
type Filter struct {
	Status domain.Status
	Kind   domain.ErrorKind
	// Limit bounds the number of rows; 0 means no bound.
	Limit int
}

// List gives the rows of a task that pass a filter, in path order.
func (s *Store) List(ctx context.Context, task int64, f Filter) iter.Seq2[domain.Result, error] {
	limit := f.Limit
	if limit <= 0 {
		limit = -1
	}
	if f.Status == "" && f.Kind == "" {
		// CROSS JOIN walks the images in path order, so that a million rows need
		// no sorting and the first one comes at once.
		return s.results(ctx, `
			SELECT r.path, status, answer, error_kind, error, attempts, model, tokens_in, tokens_out,
			       latency_ms, r.width, r.height, r.bytes, r.taken_at, finished_at, cost_usd, r.warning, asked_instead, fields, task, image_id
			FROM images o CROSS JOIN results r ON r.image_id = o.id
			WHERE r.task_id = ? ORDER BY o.path, o.path_raw LIMIT ?`, task, limit)
	}
	if s.many(ctx, task, f) {
		return s.results(ctx, `
			SELECT r.path, status, answer, error_kind, error, attempts, model, tokens_in, tokens_out,
			       latency_ms, r.width, r.height, r.bytes, r.taken_at, finished_at, cost_usd, r.warning, asked_instead, fields, task, image_id
			FROM images o CROSS JOIN results r ON r.image_id = o.id
			WHERE r.task_id = ?1 AND (?2 = '' OR status = ?2) AND (?3 = '' OR error_kind = ?3)
			ORDER BY o.path, o.path_raw LIMIT ?4`, task, string(f.Status), string(f.Kind), limit)
	}
	// The few that pass the filter are found by index, then sorted: by path alone, and
	// only those within the limit are looked up whole.
	return s.results(ctx, `
		SELECT path, status, answer, error_kind, error, attempts, model, tokens_in, tokens_out,
		       latency_ms, width, height, bytes, taken_at, finished_at, cost_usd, warning, asked_instead, fields, task, image_id
		FROM results WHERE job_id IN (
		     SELECT j.id FROM jobs j CROSS JOIN images i ON i.id = j.image_id
		     WHERE j.task_id = ?1 AND j.status IN (?2, ?3) AND (?4 = '' OR j.error_kind = ?4)
		     ORDER BY i.path LIMIT ?5)
		ORDER BY path`, task, string(cmp.Or(f.Status, domain.Failed)), string(cmp.Or(f.Status, domain.Skipped)), string(f.Kind), limit)
}

// manyRows is when it is quicker to come by rows that pass a filter in path order
// than to find and sort them all.
const manyRows = 20_000

// many reports whether many rows of a task pass a filter. It is a guess: how the list
// is read depends on it, and nothing else.
func (s *Store) many(ctx context.Context, task int64, f Filter) bool {
	n, err := s.count(ctx, `
		SELECT coalesce(sum(jobs), 0) FROM job_counts
		WHERE task_id = ?1 AND (?2 = '' OR status = ?2) AND (?3 = '' OR error_kind = ?3)`,
		task, string(f.Status), string(f.Kind))
	return err == nil && n > manyRows
}

// RunResults gives the rows that a run was the last to ask about, in path order.
func (s *Store) RunResults(ctx context.Context, run int64) iter.Seq2[domain.Result, error] {
	return s.results(ctx, `
		SELECT path, status, answer, error_kind, error, attempts, model, tokens_in, tokens_out,
		       latency_ms, width, height, bytes, taken_at, finished_at, cost_usd, warning, asked_instead, fields, task, image_id
		FROM results WHERE job_id IN (SELECT id FROM jobs WHERE run_id = ?)
		ORDER BY path`, run)
}

func (s *Store) results(ctx context.Context, query string, args ...any) iter.Seq2[domain.Result, error] {
	return func(yield func(domain.Result, error) bool) {
		rows, err := s.read.QueryContext(ctx, query, args...)
		if err != nil {
			yield(domain.Result{}, fmt.Errorf("read the results: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanResult(rows)
			if err != nil {
				yield(domain.Result{}, fmt.Errorf("read the results: %w", err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(domain.Result{}, fmt.Errorf("read the results: %w", err))
		}
	}
}

func scanResult(rows *sql.Rows) (r domain.Result, err error) {
	var answer, kind, message, taken, finished, warning, instead, fields, task sql.NullString
	err = rows.Scan(&r.Path, &r.Status, &answer, &kind, &message, &r.Attempts, &r.Model,
		&r.TokensIn, &r.TokensOut, &r.LatencyMS, &r.Width, &r.Height, &r.Bytes,
		&taken, &finished, &r.CostUSD, &warning, &instead, &fields, &task, &r.ImageID)
	r.Answer, r.ErrorKind, r.Error = answer.String, domain.ErrorKind(kind.String), message.String
	r.TakenAt, r.FinishedAt, r.Warning = taken.String, finished.String, warning.String
	r.AskedInstead, r.Fields, r.Task = instead.String, fields.String, task.String
	return r, err
}
