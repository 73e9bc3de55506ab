package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vlocal/domain"
)

// taskColumns are the columns of a row of tasks t, in the order of places.
const taskColumns = `t.id, coalesce(t.name, ''), t.prompt, t.system, t.schema, t.examples, t.model,
	t.max_tokens, t.max_width, t.max_height, t.quality, t.max_bytes`

// places are where taskColumns are scanned into.
func places(t *domain.Task) []any {
	return []any{&t.ID, &t.Name, &t.Prompt, &t.System, &t.Schema, &t.Examples, &t.Model,
		&t.MaxTokens, &t.MaxWidth, &t.MaxHeight, &t.Quality, &t.MaxBytes}
}

// Task finds the task that is the same as t, or makes it, and gives it with its
// ID. A name that t has is the task's from now on; without one it keeps its own.
func (s *Store) Task(ctx context.Context, t domain.Task) (domain.Task, error) {
	err := s.writer.write(ctx, func(tx *tx) error {
		key := []any{t.Prompt, t.System, t.Schema, t.Examples, t.Model, t.MaxTokens, t.MaxWidth, t.MaxHeight, t.Quality, t.MaxBytes}
		made, err := tx.change(`
			INSERT INTO tasks (prompt, system, schema, examples, model, max_tokens, max_width, max_height, quality, max_bytes, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, append(key, millis(s.now()))...)
		if err != nil {
			return err
		}
		if t.Name != "" {
			if err := tx.exec(`UPDATE tasks SET name = ?11, named_at = max(?12, (SELECT coalesce(max(named_at), 0) + 1 FROM tasks)) WHERE `+sameTask, append(key, t.Name, millis(s.now()))...); err != nil {
				return err
			}
		}
		if made > 0 && t.Schema != "" {
			if err := makeView(tx); err != nil {
				return err
			}
		}
		return tx.row(`SELECT `+taskColumns+` FROM tasks t WHERE `+sameTask, key, places(&t)...)
	})
	if err != nil {
		return domain.Task{}, fmt.Errorf("record the task: %w", err)
	}
	return t, nil
}

// sameTask is the condition that a row of tasks is the same task.
const sameTask = `prompt = ?1 AND system = ?2 AND schema = ?3 AND examples = ?4 AND model = ?5
	AND max_tokens = ?6 AND max_width = ?7 AND max_height = ?8 AND quality = ?9 AND max_bytes = ?10`

// LastTask gives the task of the latest run; found is false when nothing was
// ever asked.
func (s *Store) LastTask(ctx context.Context) (t domain.Task, found bool, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT `+taskColumns+` FROM runs r JOIN tasks t ON t.id = r.task_id
		ORDER BY r.id DESC LIMIT 1`).Scan(places(&t)...)
	found, err = optional(err)
	if err != nil {
		return t, false, fmt.Errorf("read the last task: %w", err)
	}
	return t, found, nil
}

// LastBaseURL gives the server of the latest run under a task; "" if none.
func (s *Store) LastBaseURL(ctx context.Context, task int64) (url string, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT base_url FROM runs WHERE task_id = ? ORDER BY id DESC LIMIT 1`, task).Scan(&url)
	if _, err = optional(err); err != nil {
		return "", fmt.Errorf("read the last run: %w", err)
	}
	return url, nil
}

// ErrNoTask says that no task goes by that name or hash.
var ErrNoTask = errors.New("no such task")

// ManyTasksError says that several tasks have a hash that begins so.
type ManyTasksError struct {
	Prefix string
	Tasks  []domain.Task
}

func (e *ManyTasksError) Error() string {
	return fmt.Sprintf("the hashes of %d tasks begin with %s", len(e.Tasks), e.Prefix)
}

// shortestPrefix is how much of a hash must be given at least.
const shortestPrefix = 4

// TaskByName gives the task with a name (of several the one that was given it
// last) or, if none has it, the one whose hash begins so; ErrNoTask,
// *ManyTasksError. A hash is not a column: there are few tasks.
func (s *Store) TaskByName(ctx context.Context, name string) (domain.Task, error) {
	tasks, err := s.Tasks(ctx)
	if err != nil {
		return domain.Task{}, err
	}
	for _, t := range tasks {
		if t.Name == name {
			return t, nil
		}
	}
	many := &ManyTasksError{Prefix: name}
	for _, t := range tasks {
		if len(name) >= shortestPrefix && strings.HasPrefix(t.Hash(), strings.ToLower(name)) {
			many.Tasks = append(many.Tasks, t)
		}
	}
	switch len(many.Tasks) {
	case 0:
		return domain.Task{}, ErrNoTask
	case 1:
		return many.Tasks[0], nil
	}
	return domain.Task{}, many
}

// Tasks gives all tasks, the one that was named last first, then those without a
// name, the latest first.
func (s *Store) Tasks(ctx context.Context) (all []domain.Task, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+taskColumns+` FROM tasks t ORDER BY t.named_at DESC NULLS LAST, t.id DESC`)
	if err != nil {
		return nil, fmt.Errorf("read the tasks: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var t domain.Task
		if err := rows.Scan(places(&t)...); err != nil {
			return nil, fmt.Errorf("read the tasks: %w", err)
		}
		all = append(all, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the tasks: %w", err)
	}
	return all, nil
}
