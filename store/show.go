package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"vlocal/domain"
)

// ErrNoImage says that nothing on record goes by that name or number.
var ErrNoImage = errors.New("no such image on record")

// ManyImagesError says that a file name alone does not say which image is meant.
type ManyImagesError struct {
	Name string
	// Paths are the first few that bear the name.
	Paths []string
}

func (e *ManyImagesError) Error() string {
	return fmt.Sprintf("%d or more images are called %s", len(e.Paths), e.Name)
}

// History is one image under one task: the row, every attempt in order, and the
// answer that it had before it was asked again, if it was.
type History struct {
	Earlier  domain.Answer
	Task     domain.Task
	Result   domain.Result
	Attempts []domain.Attempt
}

// imageColumns are those that image scans.
const imageColumns = `id, path, path_raw, bytes, mtime_ns, sha256, width, height, format, orientation, taken_at, warning,
	camera, lens, latitude, longitude, phash`

// ImageByID gives the image with a number; ErrNoImage.
func (s *Store) ImageByID(ctx context.Context, id int64) (domain.Image, error) {
	return s.image(ctx, `SELECT `+imageColumns+` FROM images WHERE id = ?`, id)
}

// ImageByPath gives the image with an absolute path; ErrNoImage.
func (s *Store) ImageByPath(ctx context.Context, path string) (domain.Image, error) {
	text, raw := pathKey(path)
	return s.image(ctx, `SELECT `+imageColumns+` FROM images WHERE path = ? AND path_raw = ?`, text, []byte(raw))
}

// ImageByName gives the one image whose path or URL ends in a name, whole
// components only; ErrNoImage, *ManyImagesError.
func (s *Store) ImageByName(ctx context.Context, name string) (domain.Image, error) {
	tail := string(os.PathSeparator) + domain.PathText(name)
	// Every path is looked at, so as little as can be is done with each.
	query := `SELECT id, path FROM images WHERE substr(path, ?2) = ?1 ORDER BY path LIMIT 5`
	if os.PathSeparator != '/' {
		query = `
			SELECT id, path FROM images WHERE substr(path, ?2) = ?1
			OR (substr(path, ?2) = ?3 AND (substr(path, 1, 7) = 'http://' OR substr(path, 1, 8) = 'https://'))
			ORDER BY path LIMIT 5`
	}
	rows, err := s.read.QueryContext(ctx, query, tail, -utf8.RuneCountInString(tail), filepath.ToSlash(tail))
	if err != nil {
		return domain.Image{}, fmt.Errorf("look up the image: %w", err)
	}
	defer rows.Close()
	var id int64
	many := &ManyImagesError{Name: name}
	for rows.Next() {
		var path string
		if err := rows.Scan(&id, &path); err != nil {
			return domain.Image{}, fmt.Errorf("look up the image: %w", err)
		}
		many.Paths = append(many.Paths, path)
	}
	switch err := rows.Err(); {
	case err != nil:
		return domain.Image{}, fmt.Errorf("look up the image: %w", err)
	case len(many.Paths) > 1:
		return domain.Image{}, many
	case len(many.Paths) == 0:
		return domain.Image{}, ErrNoImage
	}
	return s.ImageByID(ctx, id)
}

func (s *Store) image(ctx context.Context, query string, args ...any) (i domain.Image, err error) {
	var raw, sum []byte
	var mtime int64
	var width, height, orientation, hash sql.NullInt64
	var format, taken, warning, camera, lens sql.NullString
	var latitude, longitude sql.NullFloat64
	err = s.read.QueryRowContext(ctx, query, args...).Scan(&i.ID, &i.Path, &raw, &i.Size, &mtime,
		&sum, &width, &height, &format, &orientation, &taken, &warning, &camera, &lens, &latitude, &longitude, &hash)
	if found, err := optional(err); err != nil {
		return i, fmt.Errorf("look up the image: %w", err)
	} else if !found {
		return i, ErrNoImage
	}
	if len(raw) > 0 {
		i.Path = string(raw)
	}
	i.ModTime = time.Unix(0, mtime)
	copy(i.SHA256[:], sum)
	i.Width, i.Height, i.Orientation = int(width.Int64), int(height.Int64), int(orientation.Int64)
	i.Format, i.TakenAt, i.Warning = format.String, taken.String, warning.String
	i.Camera, i.Lens, i.Hash = camera.String, lens.String, domain.PerceptualHash(hash.Int64)
	i.Place = domain.Place{Latitude: latitude.Float64, Longitude: longitude.Float64, Known: latitude.Valid && longitude.Valid}
	return i, nil
}

// Histories gives all that is on record about an image: under every task, oldest
// first.
func (s *Store) Histories(ctx context.Context, image int64) (all []History, err error) {
	for r, err := range s.results(ctx, `
		SELECT path, status, answer, error_kind, error, attempts, model, tokens_in, tokens_out,
		       latency_ms, width, height, bytes, taken_at, finished_at, cost_usd, warning, asked_instead, fields, task, image_id
		FROM results WHERE image_id = ? ORDER BY task_id`, image) {
		if err != nil {
			return nil, err
		}
		all = append(all, History{Result: r})
	}
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+taskColumns+`, coalesce(e.text, ''), coalesce(e.fields, ''), coalesce(e.model, '')
		FROM jobs j JOIN tasks t ON t.id = j.task_id LEFT JOIN answers e ON e.id = j.earlier_id
		WHERE j.image_id = ? ORDER BY t.id`, image)
	if err != nil {
		return nil, fmt.Errorf("read the tasks: %w", err)
	}
	defer rows.Close()
	for n := 0; rows.Next() && n < len(all); n++ {
		h := &all[n]
		if err := rows.Scan(append(places(&h.Task), &h.Earlier.Text, &h.Earlier.Fields, &h.Earlier.Model)...); err != nil {
			return nil, fmt.Errorf("read the tasks: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the tasks: %w", err)
	}
	for n := range all {
		if all[n].Attempts, err = s.attempts(ctx, image, all[n].Task.ID); err != nil {
			return nil, fmt.Errorf("read the attempts: %w", err)
		}
	}
	return all, nil
}

func (s *Store) attempts(ctx context.Context, image, task int64) (all []domain.Attempt, err error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT a.id, a.job_id, a.started_at, coalesce(a.ended_at, 0), coalesce(a.outcome, ''),
		       coalesce(a.error, ''), coalesce(a.http_status, 0), coalesce(a.latency_ms, 0),
		       coalesce(a.tokens_in, 0), coalesce(a.tokens_out, 0), coalesce(a.tokens_cached, 0), a.cost_nanousd,
		       coalesce(a.model, ''), coalesce(a.key, ''),
		       coalesce(n.text, ''), coalesce(n.model, ''), coalesce(n.finish_reason, '')
		FROM jobs j JOIN attempts a ON a.job_id = j.id LEFT JOIN answers n ON n.attempt_id = a.id
		WHERE j.image_id = ? AND j.task_id = ? ORDER BY a.id`, image, task)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var a domain.Attempt
		var started, ended, latency int64
		err := rows.Scan(&a.ID, &a.JobID, &started, &ended, &a.Outcome, &a.Error, &a.HTTPStatus, &latency,
			&a.Answer.TokensIn, &a.Answer.TokensOut, &a.Answer.TokensCached, &a.Answer.Cost,
			&a.Asked.Model, &a.Asked.Key, &a.Answer.Text, &a.Answer.Model, &a.Answer.FinishReason)
		if err != nil {
			return nil, err
		}
		a.StartedAt = time.UnixMilli(started)
		if ended > 0 {
			a.EndedAt = time.UnixMilli(ended)
		}
		a.Latency = time.Duration(latency) * time.Millisecond
		all = append(all, a)
	}
	return all, rows.Err()
}
