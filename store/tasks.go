package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"vlocal/domain"
)

// NameTask gives a task a name, which from now on means this one, also where the clock
// was set back since the last naming.
func (s *Store) NameTask(ctx context.Context, task int64, name string) error {
	err := s.writer.write(ctx, func(t *tx) error {
		return t.exec(`UPDATE tasks SET name = ?, named_at = max(?, (SELECT coalesce(max(named_at), 0) + 1 FROM tasks)) WHERE id = ?`, name, millis(s.now()), task)
	})
	if err != nil {
		return fmt.Errorf("name the task: %w", err)
	}
	return nil
}

// TasksProgress gives every task with how far it is and what it cost, the one that
// was asked last first.
func (s *Store) TasksProgress(ctx context.Context) ([]domain.TaskProgress, error) {
	all, runs, err := s.tasksAsked(ctx)
	if err == nil {
		err = s.countTaskJobs(ctx, all)
	}
	if err == nil {
		err = s.sumRuns(ctx, runs)
	}
	if err != nil {
		return nil, fmt.Errorf("read the tasks: %w", err)
	}
	tasks := make([]domain.TaskProgress, 0, len(all))
	for _, t := range all {
		tasks = append(tasks, *t)
	}
	return tasks, nil
}

// tasksAsked gives the tasks in order, and for each run which of them it asked.
func (s *Store) tasksAsked(ctx context.Context) (all []*domain.TaskProgress, runs map[int64]*domain.TaskProgress, err error) {
	read := s.querier(ctx)
	byID := map[int64]*domain.TaskProgress{}
	err = read(`
		SELECT `+taskColumns+`, coalesce((SELECT max(r.started_at) FROM runs r WHERE r.task_id = t.id), 0) AS asked
		FROM tasks t ORDER BY asked DESC, t.id DESC`, nil, func(rows *sql.Rows) error {
		t := &domain.TaskProgress{Jobs: map[domain.Status]int{}}
		var asked int64
		if err := rows.Scan(append(places(&t.Task), &asked)...); err != nil {
			return err
		}
		if asked > 0 {
			t.AskedAt = time.UnixMilli(asked)
		}
		all, byID[t.Task.ID] = append(all, t), t
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	runs = map[int64]*domain.TaskProgress{}
	err = read(`SELECT id, task_id FROM runs`, nil, func(rows *sql.Rows) error {
		var run, task int64
		if err := rows.Scan(&run, &task); err != nil {
			return err
		}
		runs[run] = byID[task]
		return nil
	})
	return all, runs, err
}

// countTaskJobs tells how far each task is.
func (s *Store) countTaskJobs(ctx context.Context, all []*domain.TaskProgress) error {
	for _, t := range all {
		if err := s.countJobs(ctx, t.Task.ID, &domain.Totals{Jobs: t.Jobs, Failures: map[domain.ErrorKind]int{}}); err != nil {
			return err
		}
	}
	return nil
}

// sumRuns adds up what the attempts of each run cost.
func (s *Store) sumRuns(ctx context.Context, runs map[int64]*domain.TaskProgress) error {
	return s.querier(ctx)(`
		SELECT run_id, attempts, cost_nanousd, iif(model <> '', unpriced, 0) FROM attempt_counts
		UNION ALL SELECT run_id, 1, 0, 0 FROM attempts_open`, nil, func(rows *sql.Rows) error {
		var run int64
		var sum domain.TaskSpending
		if err := rows.Scan(&run, &sum.Attempts, &sum.Spent, &sum.Unpriced); err != nil {
			return err
		}
		if t := runs[run]; t != nil {
			t.Attempts += sum.Attempts
			t.Spent += sum.Spent
			t.Unpriced += sum.Unpriced
		}
		return nil
	})
}

// Pair is what two tasks have about one image: their answers, nil where there is
// none.
type Pair struct {
	Path string // valid UTF-8
	A, B *domain.Answer
}

// Pairs calls each with the images that one of two tasks has an answer about, in
// path order, one at a time.
func (s *Store) Pairs(ctx context.Context, a, b int64, each func(Pair) error) error {
	// The images are walked in path order, by their index, so that nothing is sorted.
	err := s.querier(ctx)(`
		SELECT i.path, na.text, coalesce(na.fields, ''), nb.text, coalesce(nb.fields, '')
		FROM images i
		LEFT JOIN jobs ja ON ja.image_id = i.id AND ja.task_id = ?1 AND ja.status = 'done'
		LEFT JOIN answers na ON na.id = ja.answer_id
		LEFT JOIN jobs jb ON jb.image_id = i.id AND jb.task_id = ?2 AND jb.status = 'done'
		LEFT JOIN answers nb ON nb.id = jb.answer_id
		WHERE ja.id IS NOT NULL OR jb.id IS NOT NULL
		ORDER BY i.path, i.path_raw`, []any{a, b}, func(rows *sql.Rows) error {
		var p Pair
		var texts [2]sql.NullString
		var fields [2]string
		if err := rows.Scan(&p.Path, &texts[0], &fields[0], &texts[1], &fields[1]); err != nil {
			return err
		}
		for n, to := range []**domain.Answer{&p.A, &p.B} {
			if texts[n].Valid {
				*to = &domain.Answer{Text: texts[n].String, Fields: fields[n]}
			}
		}
		return each(p)
	})
	if err != nil {
		return fmt.Errorf("compare the answers: %w", err)
	}
	return nil
}
