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
	Where  Condition
	// Limit bounds the number of rows; 0 means no bound.
	Limit int
	// SortBy is a column of the view `results` to sort by, Descending says how; ""
	// for path order. Rows without a value come last either way.
	SortBy     string
	Descending bool
}

// List gives the rows of a task that pass a filter, in path order or as it says.
func (s *Store) List(ctx context.Context, task int64, f Filter) iter.Seq2[domain.Result, error] {
	if f.Status == "" && f.Kind == "" && f.SortBy == "" && f.Where == (Condition{}) {
		// CROSS JOIN walks the images in path order, so that a million rows need
		// no sorting and the first one comes at once.
		return s.stream(ctx, f.Limit, streamed+`images i CROSS JOIN jobs j ON j.image_id = i.id AND j.task_id = ?`+joined+`
			ORDER BY i.path, i.path_raw`, task)
	}
	if f.SortBy == "" && f.Where == (Condition{}) {
		return s.listed(ctx, task, f)
	}
	// The few that pass the filter are found by index, then sorted. A condition and
	// the name of a column cannot be parameters: the one was checked, the other is
	// quoted.
	order := ""
	if f.SortBy != "" {
		column := "results." + quoteName(f.SortBy)
		order = column + " IS NULL, " + column + " COLLATE NOCASE"
		if f.Descending {
			order += " DESC"
		}
		order += ", "
	}
	return s.stream(ctx, f.Limit, `
		WITH chosen AS MATERIALIZED (
			SELECT job_id, row_number() OVER (ORDER BY `+order+`path, image_id) AS place
			FROM results WHERE job_id IN (
			     SELECT id FROM jobs WHERE task_id = ?1
			     AND (?2 = '' OR status = ?2) AND (?3 = '' OR error_kind = ?3))
			AND `+f.Where.sql()+`)`+streamed+`chosen c CROSS JOIN jobs j ON j.id = c.job_id JOIN images i ON i.id = j.image_id`+joined+`
		ORDER BY c.place`, task, string(f.Status), string(f.Kind))
}

// manyRows is when it is quicker to come by rows that pass a filter in path order
// than to find and sort them all.
const manyRows = 20_000

// listed gives the rows with a status or a kind of error, in path order.
func (s *Store) listed(ctx context.Context, task int64, f Filter) iter.Seq2[domain.Result, error] {
	// A guess: only how the rows are found depends on it.
	n, err := s.count(ctx, `
		SELECT coalesce(sum(jobs), 0) FROM job_counts
		WHERE task_id = ?1 AND (?2 = '' OR status = ?2) AND (?3 = '' OR error_kind = ?3)`,
		task, string(f.Status), string(f.Kind))
	if err == nil && n > manyRows {
		return s.stream(ctx, f.Limit, streamed+`images i CROSS JOIN jobs j ON j.image_id = i.id AND j.task_id = ?1`+joined+`
			WHERE (?2 = '' OR j.status = ?2) AND (?3 = '' OR j.error_kind = ?3)
			ORDER BY i.path, i.path_raw`, task, string(f.Status), string(f.Kind))
	}
	limit := int64(f.Limit)
	if limit <= 0 {
		limit = -1
	}
	// The few are found by index and sorted by path alone; only those within the limit
	// are looked up whole. Only the failed and the skipped have a kind.
	return s.stream(ctx, f.Limit, streamed+`(
			SELECT j.id AS chosen FROM jobs j CROSS JOIN images i ON i.id = j.image_id
			WHERE j.task_id = ?1 AND j.status IN (?2, ?3) AND (?4 = '' OR j.error_kind = ?4)
			ORDER BY i.path, i.path_raw LIMIT ?5)
		CROSS JOIN jobs j ON j.id = chosen JOIN images i ON i.id = j.image_id`+joined+`
		ORDER BY i.path, i.path_raw, a.id`, task, string(cmp.Or(f.Status, domain.Failed)),
		string(cmp.Or(f.Status, domain.Skipped)), string(f.Kind), limit)
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
