package store

import (
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
	// The few that pass the filter are found by index, then sorted.
	return s.results(ctx, `
		SELECT path, status, answer, error_kind, error, attempts, model, tokens_in, tokens_out,
		       latency_ms, width, height, bytes, taken_at, finished_at, cost_usd, warning, asked_instead, fields, task, image_id
		FROM results WHERE job_id IN (
		     SELECT id FROM jobs WHERE task_id = ?1
		     AND (?2 = '' OR status = ?2) AND (?3 = '' OR error_kind = ?3))
		ORDER BY path LIMIT ?4`, task, string(f.Status), string(f.Kind), limit)
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
