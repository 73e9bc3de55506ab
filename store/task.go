package store

import (
	"context"
	"fmt"

	"vlocal/domain"
)

// Task finds the task that is the same as t, or makes it, and gives it with its
// ID.
func (s *Store) Task(ctx context.Context, t domain.Task) (domain.Task, error) {
	err := s.writer.write(ctx, func(tx *tx) error {
		key := []any{t.Prompt, t.Model, t.MaxTokens, t.MaxWidth, t.MaxHeight, t.Quality}
		err := tx.exec(`
			INSERT INTO tasks (prompt, model, max_tokens, max_width, max_height, quality, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, append(key, millis(s.now()))...)
		if err != nil {
			return err
		}
		return tx.row(`
			SELECT id FROM tasks
			WHERE prompt = ? AND model = ? AND max_tokens = ?
			  AND max_width = ? AND max_height = ? AND quality = ?`, key, &t.ID)
	})
	if err != nil {
		return domain.Task{}, fmt.Errorf("record the task: %w", err)
	}
	return t, nil
}

// LastTask gives the task of the latest run; found is false when nothing was
// ever asked.
func (s *Store) LastTask(ctx context.Context) (t domain.Task, found bool, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT t.id, t.prompt, t.model, t.max_tokens, t.max_width, t.max_height, t.quality
		FROM runs r JOIN tasks t ON t.id = r.task_id
		ORDER BY r.id DESC LIMIT 1`).
		Scan(&t.ID, &t.Prompt, &t.Model, &t.MaxTokens, &t.MaxWidth, &t.MaxHeight, &t.Quality)
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
