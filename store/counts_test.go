package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
)

// checkCounts compares what is kept in job_counts and attempt_counts with what is
// in the tables that they count.
func checkCounts(t *testing.T, s *Store) {
	t.Helper()
	const jobs = `SELECT coalesce(group_concat(task || ' ' || status || ' ' || kind || ' ' || shared || ' ' || n, '; '), '') FROM (`
	kept := query[string](t, s, jobs+`
		SELECT task_id AS task, status, error_kind AS kind, shared, jobs AS n FROM job_counts WHERE jobs <> 0 ORDER BY 1, 2, 3, 4)`)
	counted := query[string](t, s, jobs+`
		SELECT j.task_id AS task, iif(j.status = 'running', 'pending', j.status) AS status, coalesce(j.error_kind, '') AS kind,
		       j.status = 'done' AND a.job_id <> j.id AS shared, count(*) AS n
		FROM jobs j LEFT JOIN answers n ON n.id = j.answer_id LEFT JOIN attempts a ON a.id = n.attempt_id
		GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4)`)
	if diff := cmp.Diff(counted, kept); diff != "" {
		t.Errorf("the jobs (-), and what is kept of them (+):\n%s", diff)
	}
	const attempts = `SELECT coalesce(group_concat(run || ' ' || model || ' ' || key || ' ' || n || ' ' || ok || ' ' || cut || ' ' ||
		unpriced || ' ' || tin || ' ' || tout || ' ' || cached || ' ' || cost || ' ' || latency || ' ' || last, '; '), '') FROM (`
	kept = query[string](t, s, attempts+`
		SELECT run_id AS run, model, key, attempts AS n, ok, interrupted AS cut, unpriced, tokens_in AS tin, tokens_out AS tout,
		       tokens_cached AS cached, cost_nanousd AS cost, latency_ms AS latency, last_started_at AS last
		FROM attempt_counts ORDER BY 1, 2, 3)`)
	counted = query[string](t, s, attempts+`
		SELECT run_id AS run, coalesce(model, '') AS model, coalesce(key, '') AS key, count(*) AS n, sum(outcome = 'ok') AS ok,
		       sum(outcome = 'interrupted') AS cut, sum(outcome = 'ok' AND cost_nanousd IS NULL) AS unpriced,
		       coalesce(sum(tokens_in), 0) AS tin, coalesce(sum(tokens_out), 0) AS tout, coalesce(sum(tokens_cached), 0) AS cached,
		       coalesce(sum(cost_nanousd), 0) AS cost, coalesce(sum(iif(outcome = 'ok', latency_ms, 0)), 0) AS latency,
		       max(started_at) AS last
		FROM attempts WHERE outcome IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3)`)
	if diff := cmp.Diff(counted, kept); diff != "" {
		t.Errorf("the attempts (-), and what is kept of them (+):\n%s", diff)
	}
}

// What is kept of jobs and attempts is what is there, whatever way a job went.
func TestCountsAreThoseOfTheTables(t *testing.T) {
	s := create(t)
	root := t.TempDir()
	write := func(name, data string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	scan := func(names ...string) {
		t.Helper()
		if _, err := s.Sync(t.Context(), root, candidates(root, names...), onDisk); err != nil {
			t.Fatal(err)
		}
		checkCounts(t, s)
	}
	all := []string{"a", "b", "copy", "fails", "goes", "late"}
	for _, name := range all {
		write(name, name)
	}
	scan(all...)
	r := startRun(t, s, Scope{})
	checkCounts(t, s)
	jobs := claim(t, r, 5)
	checkCounts(t, s)
	cost := domain.Money(1500)
	paid := answered("a")
	paid.Answer.Cost, paid.Answer.TokensCached = &cost, 3
	end(t, r, begin(t, r, jobs[0], "a"), paid)
	end(t, r, begin(t, r, jobs[1], "b"), answered("b"))
	if _, err := r.Begin(t.Context(), jobs[2], domain.Facts{SHA256: sum("a")}, asked); err != domain.ErrAnswered {
		t.Fatal(err)
	}
	end(t, r, begin(t, r, jobs[3], "fails"), failed(domain.Timeout, domain.Failed))
	begin(t, r, jobs[4], "goes") // and the program dies
	checkCounts(t, s)
	if err := r.unlock(); err != nil {
		t.Fatal(err)
	}
	r = startRun(t, s, Scope{Failed: true})
	checkCounts(t, s)
	endRun(t, r)
	if err := os.Remove(filepath.Join(root, "goes")); err != nil {
		t.Fatal(err)
	}
	scan("a", "b", "copy", "fails", "late")
	write("goes", "goes")
	write("a", "other bytes")
	changed := domain.Candidate{Path: filepath.Join(root, "a"), Size: 11}
	if _, err := s.Sync(t.Context(), changed.Path, inOrder([]domain.Candidate{changed}), onDisk); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, s)
	scan(all[1:]...)
	totals, err := s.Totals(t.Context(), newTask(t, s).ID)
	if err != nil {
		t.Fatal(err)
	}
	want := map[domain.Status]int{domain.Done: 2, domain.Pending: 4}
	if diff := cmp.Diff(want, totals.Jobs); diff != "" || totals.Shared != 1 || totals.Attempts != 4 || totals.Interrupted != 1 {
		t.Errorf("%+v\n%s", totals, diff)
	}
}
