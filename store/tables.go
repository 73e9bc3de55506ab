package store

import (
	"context"
	"fmt"
	"iter"

	"vlocal/domain"
)

// Attempts gives every attempt under a task, in the order in which they began: a
// value for each of domain.AttemptColumns, which is nil, an int64, a float64 or a
// string. A slice holds until the next one comes.
func (s *Store) Attempts(ctx context.Context, task int64) iter.Seq2[[]any, error] {
	return s.values(ctx, len(domain.AttemptColumns), `
		SELECT i.path, a.id, a.job_id, a.run_id,
		       strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1000.0, 'unixepoch'),
		       strftime('%Y-%m-%dT%H:%M:%fZ', a.ended_at / 1000.0, 'unixepoch'),
		       a.outcome, a.error, a.http_status, a.model, a.key, a.latency_ms,
		       a.tokens_in, a.tokens_out, a.tokens_cached, a.cost_nanousd / 1e9, n.text, n.finish_reason
		FROM attempts a JOIN jobs j ON j.id = a.job_id JOIN images i ON i.id = j.image_id
		LEFT JOIN answers n ON n.attempt_id = a.id
		WHERE j.task_id = ? ORDER BY a.id`, task)
}

// AllImages gives every image on record, in path order: a value for each of
// domain.ImageColumns, as Attempts does.
func (s *Store) AllImages(ctx context.Context) iter.Seq2[[]any, error] {
	return s.values(ctx, len(domain.ImageColumns), `
		SELECT path, id, bytes, strftime('%Y-%m-%dT%H:%M:%fZ', nullif(mtime_ns, 0) / 1e9, 'unixepoch'),
		       lower(hex(sha256)), width, height, format, orientation, taken_at, camera, lens, latitude, longitude,
		       warning, strftime('%Y-%m-%dT%H:%M:%fZ', missing_at / 1000.0, 'unixepoch')
		FROM images ORDER BY path, path_raw`)
}

// values gives the rows of a statement of n columns.
func (s *Store) values(ctx context.Context, n int, query string, args ...any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		rows, err := s.read.QueryContext(ctx, query, args...)
		if err != nil {
			yield(nil, fmt.Errorf("read the rows: %w", err))
			return
		}
		defer rows.Close()
		values, places := make([]any, n), make([]any, n)
		for i := range values {
			places[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(places...); err != nil {
				yield(nil, fmt.Errorf("read the rows: %w", err))
				return
			}
			if !yield(values, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, fmt.Errorf("read the rows: %w", err))
		}
	}
}
