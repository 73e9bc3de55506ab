package store

import (
	"context"
	"fmt"
	"time"

	"vlocal/domain"
)

// formatAge is how long a format that was found out is believed: servers learn.
// Looking again costs a refusal, which is free.
const formatAge = 30 * 24 * time.Hour

// Formats gives the formats in which the models of a server are asked for fields, by
// the models' names, as far as they were found out lately.
func (s *Store) Formats(ctx context.Context, baseURL string) (map[string]domain.Format, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT model, format FROM answer_formats WHERE base_url = ? AND found_at > ?`,
		baseURL, millis(s.now().Add(-formatAge)))
	if err != nil {
		return nil, fmt.Errorf("read the formats: %w", err)
	}
	defer rows.Close()
	found := map[string]domain.Format{}
	for rows.Next() {
		var model string
		var format domain.Format
		if err := rows.Scan(&model, &format); err != nil {
			return nil, fmt.Errorf("read the formats: %w", err)
		}
		found[model] = format
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the formats: %w", err)
	}
	return found, nil
}

// FoundFormat puts on record in which format a model answered.
func (s *Store) FoundFormat(ctx context.Context, baseURL, model string, f domain.Format) error {
	err := s.writer.write(ctx, func(t *tx) error {
		return t.exec(`
			INSERT INTO answer_formats (base_url, model, format, found_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (base_url, model) DO UPDATE SET format = excluded.format, found_at = excluded.found_at`,
			baseURL, model, string(f), millis(s.now()))
	})
	if err != nil {
		return fmt.Errorf("record a format: %w", err)
	}
	return nil
}
