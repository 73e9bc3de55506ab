package store

import (
	"context"
	"fmt"
	"iter"
)

// urlPrefixes are those of domain.IsURL.
var urlPrefixes = []string{"http://", "https://"}

// urlBatch is how many URLs share a transaction. They may be 8,000 bytes long
// each, and wait in memory for it.
const urlBatch = 1_000

// AddURLs puts the URLs of a list on record, as scan.URL spells them. Those that
// are there already stay as they are, and so do those that are not in the list:
// a list is not all there is.
//
// An error in urls ends it and is returned; what came before stays. Each batch
// is on disk before the next begins, so a list that is cut short is completed
// when it is read again.
func (s *Store) AddURLs(ctx context.Context, urls iter.Seq2[string, error]) (report SyncReport, err error) {
	s.lists.Lock()
	defer s.lists.Unlock()
	if err := s.writer.write(ctx, beginList); err != nil {
		return report, fmt.Errorf("add the list: %w", err)
	}
	batch := make([]string, 0, urlBatch)
	flush := func() error {
		added, err := s.addBatch(ctx, batch)
		report.Add(added)
		batch = batch[:0]
		return err
	}
	for u, listErr := range urls {
		if listErr != nil {
			if err := flush(); err != nil {
				return report, err
			}
			return report, listErr
		}
		if batch = append(batch, u); len(batch) == urlBatch {
			if err := flush(); err != nil {
				return report, err
			}
		}
	}
	return report, flush()
}

// beginList makes the place for the images of one list: a table of the
// connection's own, which SQLite moves out of memory when it grows, so that
// URLs that stand in the list twice are known however long it is.
func beginList(t *tx) error {
	if err := t.exec(`CREATE TEMP TABLE IF NOT EXISTS listed (image_id INTEGER PRIMARY KEY) STRICT`); err != nil {
		return err
	}
	return t.exec(`DELETE FROM temp.listed`)
}

func (s *Store) addBatch(ctx context.Context, batch []string) (report SyncReport, err error) {
	if len(batch) == 0 {
		return report, nil
	}
	err = s.writer.write(ctx, func(t *tx) error {
		report = SyncReport{}
		now := millis(s.now())
		for _, u := range batch {
			if err := addURL(t, u, now, &report); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return SyncReport{}, fmt.Errorf("add the list: %w", err)
	}
	return report, nil
}

func addURL(t *tx, u string, now int64, report *SyncReport) error {
	added, err := t.change(`
		INSERT INTO images (path, bytes, mtime_ns, found_at) VALUES (?, 0, 0, ?)
		ON CONFLICT DO NOTHING`, u, now)
	if err != nil {
		return err
	}
	first, err := t.change(`
		INSERT INTO temp.listed (image_id) SELECT id FROM images WHERE path = ? AND path_raw = x''
		ON CONFLICT DO NOTHING`, u)
	if err != nil {
		return err
	}
	switch {
	case added > 0:
		report.New++
	case first > 0:
		report.Same++
	default:
		report.Twice++
	}
	return nil
}
