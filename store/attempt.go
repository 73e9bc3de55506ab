package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vlocal/domain"
)

// askedElsewhere is when to look again at a job whose picture is being asked
// about for another job.
const askedElsewhere = time.Second

// due gives up to n pending jobs whose time has come.
func (r *Run) due(t *tx, now int64, n int) (jobs []domain.Job, err error) {
	err = t.rows(`
		SELECT j.id, j.tries, coalesce(j.model, ''), j.like_id IS NOT NULL, i.id, i.path, i.path_raw, i.bytes, i.mtime_ns, n.text, a.error
		FROM jobs j JOIN images i ON i.id = j.image_id
		LEFT JOIN answers n ON n.id = j.rejected_id LEFT JOIN attempts a ON a.id = n.attempt_id
		WHERE j.run_id = ? AND j.status = 'pending' AND j.not_before <= ?
		ORDER BY j.not_before, j.id LIMIT ?`, []any{r.id, now, n},
		func(rows *sql.Rows) error {
			var j domain.Job
			var mtime int64
			var raw []byte
			var rejected, why sql.NullString
			err := rows.Scan(&j.ID, &j.Tries, &j.Model, &j.Released, &j.Image.ID, &j.Image.Path, &raw, &j.Image.Size, &mtime, &rejected, &why)
			if err != nil {
				return err
			}
			if rejected.Valid {
				j.Rejected = &domain.Rejected{Text: rejected.String, Why: why.String}
			}
			if len(raw) > 0 {
				j.Image.Path = string(raw)
			}
			j.Image.ModTime = time.Unix(0, mtime)
			jobs = append(jobs, j)
			return nil
		})
	return jobs, err
}

// take marks the jobs that due has just given.
func (r *Run) take(t *tx, now int64, n int) error {
	return t.exec(`
		UPDATE jobs SET status = 'running', like_id = NULL, updated_at = ?2 WHERE id IN (
			SELECT id FROM jobs
			WHERE run_id = ?1 AND status = 'pending' AND not_before <= ?2
			ORDER BY not_before, id LIMIT ?3)`, r.id, now, n)
}

// Begin puts an attempt at a claimed job on record, with what is now known of its
// image and whom it asks. No attempt is begun where the same bytes were answered
// under the same task (domain.ErrAnswered: the job is done, with that answer) or
// are being asked about (domain.ErrBeingAsked: the job is pending, due in a
// moment), or, in a run that asks one of each, where an image that looks alike was
// or is asked (domain.ErrAlike: the job is skipped).
func (r *Run) Begin(ctx context.Context, j domain.Job, facts domain.Facts, asked domain.Asked) (a domain.Attempt, err error) {
	picture := r.pictureOf(j.Image.Path, facts.SHA256)
	mine := r.asking.add(picture)
	like, leave := r.alike.enter(j, facts.Hash)
	a.SHA256 = facts.SHA256
	var instead error
	// The end of an attempt keeps a slot waiting, the begin of one does not; but
	// without an attempt under way no end is to be waited for.
	write := r.store.writer.write
	if r.open.Load() > 0 {
		write = r.store.writer.writeSoon
	}
	err = write(ctx, func(t *tx) error {
		now := r.store.now()
		if err := learn(t, j.Image.ID, facts); err != nil {
			return err
		}
		if instead, err = r.share(t, j, facts, !mine, now); err != nil || instead != nil {
			return err
		}
		if like.image != 0 {
			instead, err = r.skip(t, j, like, millis(now))
			return err
		}
		a.JobID, a.StartedAt, a.Asked = j.ID, now, asked
		a.ID, err = t.insert(`
			INSERT INTO attempts (job_id, run_id, sha256, model, key, started_at) VALUES (?, ?, ?, ?, ?, ?)`,
			j.ID, r.id, sum256(facts.SHA256), text(asked.Model), text(asked.Key), millis(now))
		return err
	})
	if mine && err == nil && instead == nil {
		r.asking.begun(a.ID, picture)
	} else if mine {
		r.asking.remove(picture)
	}
	switch {
	case err != nil, errors.Is(instead, domain.ErrBeingAsked):
		leave()
	case errors.Is(instead, domain.ErrAnswered):
		r.alike.end(j.ID, false)
	}
	if err == nil && instead == nil {
		r.open.Add(1)
	}
	if diskFull(err) {
		err = fmt.Errorf("%w (%w)", ErrDiskFull, err)
	}
	if err != nil {
		return domain.Attempt{}, fmt.Errorf("begin an attempt at %s: %w", domain.PathText(j.Image.Path), err)
	}
	return a, instead
}

// learn records what is known of an image. What is not known now leaves what
// was known before.
func learn(t *tx, image int64, f domain.Facts) error {
	if f == (domain.Facts{}) {
		return nil
	}
	var latitude, longitude, hash any
	if f.Place.Known {
		latitude, longitude = f.Place.Latitude, f.Place.Longitude
	}
	if f.Hash != 0 {
		hash = int64(f.Hash)
	}
	return t.exec(`
		UPDATE images SET
		       sha256 = coalesce(?, sha256), width = coalesce(?, width), height = coalesce(?, height),
		       format = coalesce(?, format), orientation = coalesce(?, orientation), taken_at = coalesce(?, taken_at),
		       warning = coalesce(?, warning), camera = coalesce(?, camera), lens = coalesce(?, lens),
		       latitude = coalesce(?, latitude), longitude = coalesce(?, longitude), phash = coalesce(?, phash)
		WHERE id = ?`,
		sum256(f.SHA256), positive(f.Width), positive(f.Height),
		text(f.Format), positive(f.Orientation), text(f.TakenAt), text(f.Warning),
		text(f.Camera), text(f.Lens), latitude, longitude, hash, image)
}

// share settles a job without asking, if its picture was asked about, or is being
// asked about now.
func (r *Run) share(t *tx, j domain.Job, f domain.Facts, now bool, at time.Time) (instead, err error) {
	if f.SHA256 == [32]byte{} {
		return nil, nil
	}
	answer, found, err := r.answerTo(t, j.Image.Path, f.SHA256)
	if err != nil {
		return nil, err
	}
	if found {
		return domain.ErrAnswered, t.exec(`
			UPDATE jobs SET status = 'done', answer_id = ?, rejected_id = NULL, updated_at = ? WHERE id = ?`,
			answer, millis(at), j.ID)
	}
	if !now {
		return nil, nil
	}
	return domain.ErrBeingAsked, t.exec(`
		UPDATE jobs SET status = 'pending', not_before = ?, updated_at = ? WHERE id = ?`,
		millis(r.clock.read().Add(askedElsewhere)), millis(at), j.ID)
}

// End completes an attempt, keeps what the model said, and moves the job on, all
// on disk when it returns. It is called once for each attempt, which is as Begin
// gave it.
func (r *Run) End(ctx context.Context, a domain.Attempt, e domain.Ending) error {
	r.open.Add(-1)
	e.NotBefore = r.clock.due(e.NotBefore)
	r.alike.end(a.JobID, e.Status == domain.Failed)
	defer r.asking.ended(a.ID)
	err := r.withRoom(func() error { return r.end(ctx, a, e) })
	if err != nil {
		return fmt.Errorf("record the end of attempt %d: %w", a.ID, err)
	}
	return nil
}

func (r *Run) end(ctx context.Context, a domain.Attempt, e domain.Ending) error {
	return r.store.writer.write(ctx, func(t *tx) error {
		now := millis(r.store.now())
		if err := complete(t, a, e, now); err != nil {
			return err
		}
		answer, err := keep(t, a, e, r.task)
		if err != nil {
			return err
		}
		t.countEnded(r.id, a, e)
		if e.Status == domain.Done {
			t.countDone(r.task.ID)
		}
		if err := move(t, a.JobID, e, answer, now); err != nil {
			return err
		}
		if e.Status == domain.Failed && !r.redo { // a redo keeps its earlier answer
			if err := releaseOfJob(t, a.JobID, now); err != nil {
				return err
			}
		}
		return keepEarlier(t, a.JobID, e.Status)
	})
}

// complete fills in the attempt's row, once.
func complete(t *tx, a domain.Attempt, e domain.Ending, now int64) error {
	outcome, message, status := "ok", "", 0
	if e.Err != nil {
		outcome, message, status = string(e.Err.Kind), e.Err.Reason(), e.Err.HTTPStatus
	} else {
		status = 200
	}
	var latency any
	if e.Latency > 0 {
		latency = e.Latency.Milliseconds()
	}
	var cost any
	if e.Answer.Cost != nil {
		cost = int64(*e.Answer.Cost)
	}
	n, err := t.change(`
		UPDATE attempts SET ended_at = ?, outcome = ?, error = ?, http_status = ?,
		       latency_ms = ?, tokens_in = ?, tokens_out = ?, tokens_cached = ?, cost_nanousd = ?
		WHERE id = ? AND outcome IS NULL`,
		now, outcome, text(message), positive(status), latency,
		positive(e.Answer.TokensIn), positive(e.Answer.TokensOut), positive(e.Answer.TokensCached), cost, a.ID)
	if err == nil && n != 1 {
		err = fmt.Errorf("attempt %d is not open", a.ID)
	}
	return err
}

// keep stores what the model said, if it said anything. An answer about a URL
// whose bytes nobody here saw has a hash of zeros, which no picture shares.
func keep(t *tx, a domain.Attempt, e domain.Ending, task domain.Task) (id any, err error) {
	if e.Answer.Text == "" {
		return nil, nil
	}
	model := cmp.Or(e.Answer.Model, a.Asked.Model, task.Model)
	return t.insert(`
		INSERT INTO answers (attempt_id, task_id, sha256, text, model, finish_reason, fields, mended)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ID, task.ID, a.SHA256[:], e.Answer.Text, model, text(e.Answer.FinishReason), text(e.Answer.Fields), text(e.Answer.Mended))
}

// move gives the job its next status. The answer to better stays with the model
// that gave it, until that has given another.
func move(t *tx, job int64, e domain.Ending, answer any, now int64) error {
	var kind, message any
	if e.Status == domain.Failed && e.Err != nil {
		kind, message = string(e.Err.Kind), e.Err.Reason()
	}
	notBefore := millis(e.NotBefore)
	if e.Status == domain.Done {
		notBefore = counted
	}
	tries := 0
	if e.CountTry {
		tries = 1
	}
	return t.exec(`
		UPDATE jobs SET status = ?, not_before = ?, model = ?, error_kind = ?, error = ?, answer_id = ?, updated_at = ?,
		       tries = CASE WHEN model IS ?3 THEN tries + ? ELSE 0 END,
		       run_id = CASE WHEN ? THEN NULL ELSE run_id END,
		       rejected_id = CASE WHEN ? THEN ?6 WHEN ?1 = 'pending' AND model IS ?3 THEN rejected_id END
		WHERE id = ?`,
		string(e.Status), notBefore, text(e.Model), kind, message, answer, now, tries, e.Release, e.Reject, job)
}
