package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"vlocal/domain"
)

// Redo asks again about what is done.
type Redo struct {
	// Model is whom to ask; rows whose answer is from it already are left out. ""
	// leaves out none.
	Model string
	// After is the last answer of before: a row that was answered later is not asked
	// once more, and answers that are not later are not shared. See LastAnswer.
	After int64
}

// picks reports whether a run asks again about rows that are through, rather than
// what is pending and what is new.
func (s Scope) picks() bool { return s.Failed || s.Redo != nil }

// passes reports whether the filter by path lets an image through.
func (s Scope) passes(path string) bool { return s.Match == nil || s.Match(path) }

// querier reads: a transaction that writes, or a connection for reading.
type querier func(query string, args []any, scan func(*sql.Rows) error) error

// pick gives the jobs of the task in a span that a run of the scope asks again, and
// the bytes of their files. In Go, because a filter by path is.
func (s Scope) pick(read querier, task int64, span [3]string) (jobs []int64, bytes int64, err error) {
	query, args := pickFailed, []any{task, string(s.Kind), millis(s.Since), span[0], span[1], span[2]}
	if s.Redo != nil {
		query, args = pickDone, []any{task, s.Redo.After, millis(s.Since), span[0], span[1], span[2], s.Redo.Model}
	}
	err = read(query, args, func(rows *sql.Rows) error {
		var id, size int64
		var path string
		var raw []byte
		if err := rows.Scan(&id, &path, &raw, &size); err != nil {
			return err
		}
		if len(raw) > 0 {
			path = string(raw)
		}
		if s.passes(path) {
			jobs, bytes = append(jobs, id), bytes+size
		}
		return nil
	})
	return jobs, bytes, err
}

const (
	pickFailed = `
		SELECT j.id, i.path, i.path_raw, i.bytes FROM jobs j CROSS JOIN images i ON i.id = j.image_id
		WHERE j.task_id = ?1 AND j.status = 'failed' AND (?2 = '' OR j.error_kind = ?2) AND j.updated_at >= ?3
		  AND i.missing_at IS NULL AND (i.path = ?4 OR (i.path >= ?5 AND i.path < ?6))`
	pickDone = `
		SELECT j.id, i.path, i.path_raw, i.bytes FROM jobs j CROSS JOIN images i ON i.id = j.image_id
		WHERE j.task_id = ?1 AND j.status = 'done' AND j.answer_id <= ?2 AND j.updated_at >= ?3
		  AND i.missing_at IS NULL AND (i.path = ?4 OR (i.path >= ?5 AND i.path < ?6))
		  AND (?7 = '' OR ?7 IS NOT (SELECT a.model FROM answers n JOIN attempts a ON a.id = n.attempt_id WHERE n.id = j.answer_id))`
)

// idBatch is how many jobs one statement changes.
const idBatch = 1000

// queueAgain gives the picked jobs in a span a fresh start. Their attempts and
// answers stay on record; of one that is done the answer stays where it is, until
// there is another.
func (r *Run) queueAgain(t *tx, now int64, scope Scope, span [3]string) error {
	jobs, _, err := scope.pick(t.rows, r.task.ID, span)
	if err != nil {
		return err
	}
	for len(jobs) > 0 {
		n := min(idBatch, len(jobs))
		ids, err := json.Marshal(jobs[:n])
		if err != nil {
			return err
		}
		jobs = jobs[n:]
		err = t.exec(`
			UPDATE jobs SET status = 'pending', run_id = ?2, not_before = 0, tries = 0, model = NULL,
			       error_kind = NULL, error = NULL, rejected_id = NULL,
			       updated_at = CASE WHEN status = 'done' THEN updated_at ELSE ?3 END,
			       earlier_id = CASE WHEN status = 'done' THEN answer_id END,
			       answer_id = CASE WHEN status = 'done' THEN answer_id END
			WHERE id IN (SELECT value FROM json_each(?1))`, string(ids), r.id, now)
		if err != nil {
			return err
		}
	}
	return nil
}

// A job that a person asked to answer again is pending or running, and has the
// answer of before both as its answer and as its earlier one. When it comes to
// nothing, it is done as it was, and since when it was.

// earlierEnded is when the attempt ended that the earlier answer came from.
const earlierEnded = `(SELECT a.ended_at FROM answers n JOIN attempts a ON a.id = n.attempt_id WHERE n.id = earlier_id)`

// beforeEarlier is the answer that the job itself had, about the same bytes, before
// the one that is its earlier one: what that was earlier to before this redo.
const beforeEarlier = `(SELECT max(n.id) FROM attempts a JOIN answers n ON n.attempt_id = a.id JOIN answers e ON e.id = jobs.earlier_id
	WHERE a.job_id = jobs.id AND a.outcome = 'ok' AND n.id < e.id AND n.sha256 = e.sha256)`

// keepEarlier puts a job back that was asked again, if it has come to an end
// without an answer.
func keepEarlier(t *tx, job int64, s domain.Status) error {
	if s == domain.Done {
		return nil
	}
	return t.exec(`
		UPDATE jobs SET answer_id = earlier_id, error_kind = NULL, error = NULL,
		       updated_at = `+earlierEnded+`,
		       earlier_id = CASE WHEN status = 'pending' THEN earlier_id ELSE `+beforeEarlier+` END,
		       rejected_id = CASE WHEN status = 'pending' THEN rejected_id END,
		       status = CASE WHEN status = 'pending' THEN status ELSE 'done' END
		WHERE id = ? AND earlier_id IS NOT NULL`, job)
}

// putBack puts the jobs back that a run was to ask again and did not.
func (r *Run) putBack(t *tx) error {
	if !r.redo {
		return nil // or all that is pending would be looked at
	}
	return t.exec(`
		UPDATE jobs SET status = 'done', answer_id = earlier_id, earlier_id = `+beforeEarlier+`, rejected_id = NULL,
		       updated_at = `+earlierEnded+`
		WHERE task_id = ? AND status IN ('pending', 'running') AND earlier_id IS NOT NULL`, r.task.ID)
}

// putBackDead does so for runs that died.
func putBackDead(t *tx) error {
	return t.exec(`
		UPDATE jobs SET status = 'done', answer_id = earlier_id, earlier_id = ` + beforeEarlier + `, rejected_id = NULL,
		       updated_at = ` + earlierEnded + `
		WHERE run_id IN (SELECT id FROM runs WHERE ended_at IS NULL) AND status = 'pending' AND earlier_id IS NOT NULL`)
}

// LastAnswer gives the number of the latest answer; 0 if there is none.
func (s *Store) LastAnswer(ctx context.Context) (int64, error) {
	return s.count(ctx, `SELECT coalesce(max(id), 0) FROM answers`)
}

// aheadAgain looks ahead to a run that asks again.
func (s *Store) aheadAgain(ctx context.Context, task int64, scope Scope, span [3]string, spread int, a *Ahead) error {
	read := s.querier(ctx)
	jobs, bytes, err := scope.pick(read, task, span)
	if err != nil {
		return err
	}
	a.Jobs += len(jobs)
	a.Bytes += bytes
	for n := range min(spread-len(a.Spread), len(jobs)) {
		i := n * len(jobs) / min(spread, len(jobs))
		err := read(`SELECT i.path, i.path_raw FROM jobs j JOIN images i ON i.id = j.image_id WHERE j.id = ?`, []any{jobs[i]},
			func(rows *sql.Rows) error {
				var path string
				var raw []byte
				if err := rows.Scan(&path, &raw); err != nil {
					return err
				}
				if len(raw) > 0 {
					path = string(raw)
				}
				a.Spread = append(a.Spread, path)
				return nil
			})
		if err != nil {
			return fmt.Errorf("look at job %d: %w", jobs[i], err)
		}
	}
	return nil
}

// querier reads with a connection for reading.
func (s *Store) querier(ctx context.Context) querier { return readWith(ctx, s.read) }

// readWith reads with a database or a transaction.
func readWith(ctx context.Context, db interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}) querier {
	return func(query string, args []any, scan func(*sql.Rows) error) error {
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}
