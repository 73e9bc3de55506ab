package store

import "vlocal/domain"

// tally is what a transaction has to add to job_counts and attempt_counts. Of what
// happens for every job it is gathered here and written once, before the commit; the
// triggers of the schema do the rest.
type tally struct {
	done  map[int64]int // by task
	ended map[endedBy]endedAttempts
}

// endedBy says to which row of attempt_counts an attempt belongs.
type endedBy struct {
	run   int64
	asked domain.Asked
}

// endedAttempts has the columns of attempt_counts.
type endedAttempts struct {
	attempts, ok, interrupted, unpriced int
	domain.Usage
	cost          domain.Money
	latency, last int64 // in milliseconds
}

// counted is what not_before becomes of a job that countDone counts, so that the
// trigger does not.
const counted = -1

// countDone notes that a job that was running is done, by an attempt of its own.
func (t *tx) countDone(task int64) {
	if t.tally.done == nil {
		t.tally.done = map[int64]int{}
	}
	t.tally.done[task]++
}

// countEnded notes that an attempt of a run ended.
func (t *tx) countEnded(run int64, a domain.Attempt, e domain.Ending) {
	if t.tally.ended == nil {
		t.tally.ended = map[endedBy]endedAttempts{}
	}
	by := endedBy{run, a.Asked}
	c := t.tally.ended[by]
	c.attempts++
	if e.Err == nil {
		c.ok++
		c.latency += max(0, e.Latency.Milliseconds())
		if e.Answer.Cost == nil {
			c.unpriced++
		}
	}
	if e.Err != nil && e.Err.Kind == domain.Interrupted {
		c.interrupted++
	}
	if e.Answer.Cost != nil {
		c.cost += *e.Answer.Cost
	}
	c.Usage.Add(e.Answer.Usage)
	c.last = max(c.last, millis(a.StartedAt))
	t.tally.ended[by] = c
}

// writeTally adds what the transaction noted.
func (t *tx) writeTally() error {
	for task, n := range t.tally.done {
		err := t.exec(`
			INSERT INTO job_counts (task_id, status, error_kind, shared, jobs) VALUES (?1, 'done', '', 0, ?2)
			ON CONFLICT DO UPDATE SET jobs = jobs + ?2`, task, n)
		if err != nil {
			return err
		}
		err = t.exec(`UPDATE job_counts SET jobs = jobs - ? WHERE task_id = ? AND status = 'pending'`, n, task)
		if err != nil {
			return err
		}
	}
	for by, c := range t.tally.ended {
		err := t.exec(`
			INSERT INTO attempt_counts (run_id, model, key, attempts, ok, interrupted, unpriced,
			       tokens_in, tokens_out, tokens_cached, cost_nanousd, latency_ms, last_started_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts, ok = ok + excluded.ok,
			       interrupted = interrupted + excluded.interrupted, unpriced = unpriced + excluded.unpriced, tokens_in = tokens_in + excluded.tokens_in,
			       tokens_out = tokens_out + excluded.tokens_out, tokens_cached = tokens_cached + excluded.tokens_cached,
			       cost_nanousd = cost_nanousd + excluded.cost_nanousd, latency_ms = latency_ms + excluded.latency_ms,
			       last_started_at = max(last_started_at, excluded.last_started_at)`,
			by.run, by.asked.Model, by.asked.Key, c.attempts, c.ok, c.interrupted, c.unpriced,
			max(0, c.TokensIn), max(0, c.TokensOut), max(0, c.TokensCached), int64(c.cost), c.latency, c.last)
		if err != nil {
			return err
		}
	}
	return nil
}

// countInterrupted counts the attempts that a dead run left open, before they are
// completed as interrupted.
func countInterrupted(t *tx) error {
	return t.exec(`
		INSERT INTO attempt_counts (run_id, model, key, attempts, ok, interrupted, unpriced,
		       tokens_in, tokens_out, tokens_cached, cost_nanousd, latency_ms, last_started_at)
		SELECT run_id, model, key, count(*), 0, count(*), 0, 0, 0, 0, 0, 0, max(started_at)
		FROM attempts_open WHERE true GROUP BY run_id, model, key
		ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts, interrupted = interrupted + excluded.interrupted,
		       last_started_at = max(last_started_at, excluded.last_started_at)`)
}
