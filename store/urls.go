package store

import (
	"context"
	"encoding/json"
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
	// One statement for them all: a million statements take minutes.
	urls, err := json.Marshal(batch)
	if err != nil {
		return report, fmt.Errorf("add the list: %w", err)
	}
	err = s.writer.write(ctx, func(t *tx) error {
		added, err := t.change(`
			INSERT INTO images (path, bytes, mtime_ns, found_at)
			SELECT value, 0, 0, ?2 FROM json_each(?1) WHERE true
			ON CONFLICT DO NOTHING`, string(urls), millis(s.now()))
		if err != nil {
			return err
		}
		first, err := t.change(`
			INSERT INTO temp.listed (image_id)
			SELECT i.id FROM json_each(?1) u JOIN images i ON i.path = u.value AND i.path_raw = x'' WHERE true
			ON CONFLICT DO NOTHING`, string(urls))
		if err != nil {
			return err
		}
		report = SyncReport{New: int(added), Same: int(first - added), Twice: len(batch) - int(first)}
		return nil
	})
	if err != nil {
		return SyncReport{}, fmt.Errorf("add the list: %w", err)
	}
	return report, nil
}
