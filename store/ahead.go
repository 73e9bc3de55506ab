package store

import (
	"context"
	"fmt"
)

// Ahead is what a run would ask.
type Ahead struct {
	// Jobs counts the images, Bytes sums up the sizes of their files.
	Jobs  int
	Bytes int64
	// Spread are the paths of a few of them, from all over.
	Spread []string
}

// Ahead tells what a run of a scope would ask, without queueing it, with up to
// spread paths.
func (s *Store) Ahead(ctx context.Context, task int64, scope Scope, spread int) (a Ahead, err error) {
	for _, sp := range scope.spans() {
		ahead := s.ahead
		if scope.picks() {
			ahead = s.aheadAgain
		}
		if err := ahead(ctx, task, scope, sp, spread, &a); err != nil {
			return a, fmt.Errorf("look ahead: %w", err)
		}
	}
	return a, nil
}

func (s *Store) ahead(ctx context.Context, task int64, scope Scope, span [3]string, spread int, a *Ahead) error {
	// The places of every image are told by the windows, so that the whole is
	// counted and a few are given in one pass.
	rows, err := s.read.QueryContext(ctx, `
		WITH due AS (
			SELECT i.path, i.path_raw, i.bytes,
			       row_number() OVER (ORDER BY i.path, i.path_raw) - 1 AS place,
			       count(*) OVER () AS every, sum(i.bytes) OVER () AS total
			FROM images i LEFT JOIN jobs j ON j.image_id = i.id AND j.task_id = ?1
			WHERE i.missing_at IS NULL AND (i.path = ?2 OR (i.path >= ?3 AND i.path < ?4))
			  AND (j.id IS NULL OR j.status IN ('pending', 'running') AND j.earlier_id IS NULL
			       OR (j.status = 'skipped' AND j.like_id IS NOT NULL AND NOT ?6)))
		SELECT path, path_raw, every, total FROM due
		WHERE place = 0 OR place * ?5 / every <> (place - 1) * ?5 / every
		ORDER BY place`, task, span[0], span[1], span[2], spread, scope.OneOfAlike)
	if err != nil {
		return err
	}
	defer rows.Close()
	jobs, bytes := 0, int64(0)
	for rows.Next() {
		var path string
		var raw []byte
		if err := rows.Scan(&path, &raw, &jobs, &bytes); err != nil {
			return err
		}
		if len(raw) > 0 {
			path = string(raw)
		}
		if len(a.Spread) < spread {
			a.Spread = append(a.Spread, path)
		}
	}
	a.Jobs += jobs
	a.Bytes += bytes
	return rows.Err()
}
