package store

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
)

// varied fills a database with all that a row of the results can be: answers shared
// between copies, several attempts or none, alike pictures that were skipped, fields,
// unknown costs, every status, and another task beside.
func varied(t *testing.T, s *Store) (task int64) {
	t.Helper()
	fill := `
		INSERT INTO tasks (id, name, prompt, schema, model, max_tokens, max_width, max_height, quality, created_at) VALUES
			(1, 'chairs', '?', '{"properties": {"price": {"type": "number"}}}', 'm', 1, 1, 1, 1, 0),
			(2, NULL, 'other', '', 'm', 1, 1, 1, 1, 0);
		INSERT INTO runs (id, task_id, base_url, host, pid, started_at) VALUES (1, 1, 'u', 'h', 1, 0);
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
		INSERT INTO images (id, path, path_raw, bytes, mtime_ns, width, height, taken_at, warning, found_at)
		SELECT i, printf('/p/%05d, "写真"; %s', i * 7919 % 10007, char(10)), CASE WHEN i % 50 = 0 THEN x'ff' ELSE x'' END, i, 0,
			nullif(i % 3, 0), nullif(i % 3, 0), CASE WHEN i % 4 > 0 THEN '2024-05-01T12:33:00' END,
			CASE WHEN i % 5 = 0 THEN 'damaged' END, 0 FROM n;
		INSERT INTO jobs (id, image_id, task_id, run_id, status, error_kind, error, model, like_id, updated_at)
		SELECT 3000 - id, id, 1, 1, 
			CASE id % 10 WHEN 7 THEN 'failed' WHEN 8 THEN 'skipped' WHEN 9 THEN 'skipped' WHEN 0 THEN 'running' ELSE 'pending' END,
			CASE id % 10 WHEN 7 THEN 'timeout' WHEN 8 THEN 'unreadable' END, CASE id % 10 WHEN 7 THEN 'too slow' END,
			CASE WHEN id % 4 = 0 THEN 'fallback' END, CASE id % 10 WHEN 9 THEN id - 1 END, 1700000000000 + id * 1234567 FROM images;
		INSERT INTO jobs (id, image_id, task_id, updated_at) SELECT 3000 + id, id, 2, 0 FROM images WHERE id % 2;
		INSERT INTO attempts (id, job_id, run_id, started_at, ended_at, outcome, latency_ms, tokens_in, tokens_out, cost_nanousd)
		SELECT 10000 - 3 * j.id + k.value, j.id, 1, 0, CASE WHEN k.value = 0 OR j.id % 3 THEN 1 END, CASE WHEN k.value = 0 OR j.id % 3 THEN 'ok' END,
			CASE WHEN j.id % 7 THEN j.id + k.value END, CASE WHEN j.id % 6 THEN j.id END, CASE WHEN j.id % 6 THEN k.value END, CASE WHEN (j.id + k.value) % 5 THEN j.id * 12345 END
		FROM jobs j, json_each('[0,1,2]') k WHERE task_id = 1 AND k.value < j.id % 4;
		INSERT INTO answers (attempt_id, task_id, sha256, text, model, fields, mended)
		SELECT id, 1, zeroblob(32), 'answer ' || id, 'm-1', CASE WHEN id % 2 THEN json_object('price', id / 2.0) END,
			CASE WHEN id % 3 = 0 THEN 'a comma' END FROM attempts WHERE outcome = 'ok';
		UPDATE jobs SET answer_id = (SELECT min(n.id) FROM attempts a CROSS JOIN answers n ON n.attempt_id = a.id WHERE a.job_id = jobs.id);
		UPDATE jobs SET answer_id = (SELECT n.id FROM answers n WHERE n.id > jobs.id % 90 ORDER BY n.id LIMIT 1)
			WHERE task_id = 1 AND answer_id IS NULL AND id % 8;
		UPDATE jobs SET status = 'done' WHERE status = 'pending' AND answer_id IS NOT NULL;`
	if err := s.writer.write(t.Context(), func(tx *tx) error {
		if err := tx.exec(fill); err != nil {
			return err
		}
		return makeView(tx)
	}); err != nil {
		t.Fatal(err)
	}
	return 1
}

func TestStreamGivesWhatTheViewGives(t *testing.T) {
	s := create(t)
	task := varied(t, s)
	var want, got []domain.Result
	for r, err := range s.results(t.Context(), `
		SELECT path, status, answer, error_kind, error, attempts, model, tokens_in, tokens_out,
		       latency_ms, width, height, bytes, taken_at, finished_at, cost_usd, warning, asked_instead, fields, task, image_id
		FROM results r WHERE task_id = ? ORDER BY path, (SELECT path_raw FROM images i WHERE i.id = r.image_id)`, task) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
	}
	shared, skipped := 0, 0
	for r, err := range s.Results(t.Context(), task) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
		if r.AskedInstead != "" && r.Status == domain.Skipped {
			skipped++
		} else if r.AskedInstead != "" {
			shared++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(got) != 1000 || shared == 0 || skipped == 0 {
		t.Errorf("%d rows, %d shared, %d alike", len(got), shared, skipped)
	}
	// The other way into it gives the same.
	var chosen []domain.Result
	for r, err := range s.List(t.Context(), task, Filter{SortBy: "path"}) {
		if err != nil {
			t.Fatal(err)
		}
		chosen = append(chosen, r)
	}
	if diff := cmp.Diff(want, chosen); diff != "" {
		t.Error(diff)
	}
}

func TestStreamEndsWhereItsReaderEndsIt(t *testing.T) {
	s := create(t)
	task := varied(t, s)
	n := 0
	for _, err := range s.Results(t.Context(), task) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			break
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	enough := errors.New("enough")
	n = 0
	var ended error
	for _, err := range s.Results(ctx, task) {
		n++
		ended = err
		cancel(enough)
	}
	if !errors.Is(ended, enough) && !errors.Is(ended, context.Canceled) || n == 1000 {
		t.Errorf("%d rows, then %v", n, ended)
	}
	// Neither left a connection or a transaction behind.
	for range 2 * readers {
		for _, err := range s.List(t.Context(), task, Filter{Limit: 1}) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// An export is of one moment, whatever a run writes meanwhile.
func TestStreamShowsOneMoment(t *testing.T) {
	s := create(t)
	task := varied(t, s)
	n := 0
	for r, err := range s.Results(t.Context(), task) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			err := s.writer.write(t.Context(), func(tx *tx) error { return tx.exec(`UPDATE images SET taken_at = 'later'`) })
			if err != nil {
				t.Fatal(err)
			}
		}
		if r.TakenAt == "later" {
			t.Fatalf("row %d is of another moment", n)
		}
	}
	if got := query[int](t, s, `SELECT count(*) FROM results WHERE taken_at = 'later' AND task_id = ?`, task); n != 1000 || got != n {
		t.Errorf("%d rows, %d changed", n, got)
	}
}
