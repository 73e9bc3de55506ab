package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"

	"vlocal/domain"
)

// SyncReport counts what a scan changed.
type SyncReport struct {
	// New files, and files seen again after they were missing.
	New, Returned int
	// Changed files have other bytes than before; their jobs are due again.
	Changed int
	// Touched files have another size or time on record but the same bytes.
	Touched int
	// Missing files were there at the last scan.
	Missing int
	// Same files are as they were.
	Same int
	// Twice counts the URLs of a list that stood further up in it already.
	Twice int
}

// Add adds the counts of other.
func (r *SyncReport) Add(other SyncReport) {
	r.New += other.New
	r.Returned += other.Returned
	r.Changed += other.Changed
	r.Touched += other.Touched
	r.Missing += other.Missing
	r.Same += other.Same
	r.Twice += other.Twice
}

// Look is how Sync looks at a file when the size and time do not tell enough.
type Look struct {
	// Hash gives the SHA-256 of the file's bytes.
	Hash func(path string) ([32]byte, error)
	// Gone says that there is no file of that name any more. A file that cannot
	// be reached, or that the scan was told to leave out, is not gone.
	Gone func(path string) bool
}

// known is an image as the database has it.
type known struct {
	id      int64
	path    string // as text
	raw     string // the file system's bytes, where they differ
	bytes   int64
	mtime   int64
	sum     [32]byte
	missing bool
}

func (k *known) file() string {
	if k.raw != "" {
		return k.raw
	}
	return k.path
}

func (k *known) candidate() domain.Candidate {
	return domain.Candidate{Path: k.file(), Size: k.bytes, ModTime: time.Unix(0, k.mtime)}
}

// pathKey gives the two columns that hold a path; raw is "" for valid UTF-8.
func pathKey(path string) (text, raw string) {
	if text = domain.PathText(path); text != path {
		raw = path
	}
	return text, raw
}

// Sync brings the images at and below root in line with what a scan finds
// there. The candidates come in the order of the byte strings of their
// PathText, then of their paths; the database is read in the same order beside
// them, so that neither is ever held whole, and what did not change is not
// written.
//
// Nothing is deleted. A file that vanished is marked missing and its pending
// jobs are skipped; when it comes back they are pending again. A file whose
// bytes changed has its jobs due again; the old answers stay on record.
//
// Each batch is on disk before the next one is written, so a scan that is cut short
// is completed by the next one. The candidates and the database are each read by a
// goroutine of their own, and a third one writes.
func (s *Store) Sync(ctx context.Context, root string, candidates iter.Seq2[domain.Candidate, error], look Look) (SyncReport, error) {
	y := &syncing{store: s, ctx: ctx, look: look}
	err := y.merge(root, readAhead(candidates))
	if err == nil {
		err = y.flush()
	}
	err = errors.Join(err, y.written())
	if err != nil {
		return y.report, fmt.Errorf("scan %s: %w", domain.PathText(root), err)
	}
	return y.report, nil
}

// syncBatch is how many changes share a transaction.
const syncBatch = 5_000

type syncing struct {
	store *Store
	ctx   context.Context // of the one call that this value lives for
	look  Look
	batch []func(*tx) error
	// writing gives the result of the batch that is being written; nil for none.
	writing chan error
	report  SyncReport
}

// merge walks both sorted sequences side by side.
func (y *syncing) merge(root string, candidates iter.Seq2[domain.Candidate, error]) error {
	next, stop := iter.Pull2(readAhead(y.store.imagesUnder(y.ctx, root)))
	defer stop()
	have, err, more := next()
	for c, cerr := range candidates {
		if cerr != nil {
			return cerr
		}
		text, raw := pathKey(c.Path)
		for more && err == nil && cmp.Or(strings.Compare(have.path, text), strings.Compare(have.raw, raw)) < 0 {
			if err := y.unseen(have); err != nil {
				return err
			}
			have, err, more = next()
		}
		if err != nil {
			return err
		}
		var found error
		if more && have.path == text && have.raw == raw {
			found = y.seen(have, c)
			have, err, more = next()
		} else {
			found = y.add(c, text, raw)
		}
		if found != nil {
			return found
		}
	}
	for ; more; have, err, more = next() {
		if err != nil {
			return err
		}
		if err := y.unseen(have); err != nil {
			return err
		}
	}
	return nil
}

// imagesUnder gives the images at and below root in path order.
func (s *Store) imagesUnder(ctx context.Context, root string) iter.Seq2[known, error] {
	text, from, to := span(root)
	return s.imagesIn(ctx, [3]string{text, from, to})
}

// imagesIn gives the images in a span of paths, in path order.
func (s *Store) imagesIn(ctx context.Context, span [3]string) iter.Seq2[known, error] {
	return func(yield func(known, error) bool) {
		rows, err := s.read.QueryContext(ctx, `
			SELECT id, path, path_raw, bytes, mtime_ns, sha256, missing_at IS NOT NULL FROM images
			WHERE path = ?1
			UNION ALL
			SELECT id, path, path_raw, bytes, mtime_ns, sha256, missing_at IS NOT NULL FROM images
			WHERE path >= ?2 AND path < ?3
			ORDER BY path, path_raw`, span[0], span[1], span[2])
		if err != nil {
			yield(known{}, err)
			return
		}
		defer rows.Close()
		var k known
		var path, raw, sum sql.RawBytes
		for rows.Next() {
			if err := rows.Scan(&k.id, &path, &raw, &k.bytes, &k.mtime, &sum, &k.missing); err != nil {
				yield(known{}, err)
				return
			}
			k.path, k.raw, k.sum = string(path), string(raw), [32]byte{}
			copy(k.sum[:], sum)
			if !yield(k, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(known{}, err)
		}
	}
}

// span gives the text of root, and the range of the texts of everything below
// it: from <= path < to.
func span(root string) (text, from, to string) {
	text = domain.PathText(root)
	sep := string(os.PathSeparator)
	from = strings.TrimSuffix(text, sep) + sep
	return text, from, after(from)
}

// after gives the first text that comes after all that begin with prefix, whose
// last byte is a separator.
func after(prefix string) string {
	last := len(prefix) - 1
	return prefix[:last] + string(rune(prefix[last]+1))
}

func (y *syncing) add(c domain.Candidate, text, raw string) error {
	y.report.New++
	return y.change(func(t *tx) error {
		return t.exec(`
			INSERT INTO images (path, path_raw, bytes, mtime_ns, found_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`,
			text, []byte(raw), c.Size, c.ModTime.UnixNano(), millis(y.store.now()))
	})
}

// seen handles a file that both sides have.
func (y *syncing) seen(k known, c domain.Candidate) error {
	mtime := c.ModTime.UnixNano()
	if k.missing {
		y.report.Returned++
		if err := y.change(func(t *tx) error { return y.returned(t, k.id) }); err != nil {
			return err
		}
	}
	if k.bytes == c.Size && k.mtime == mtime {
		if !k.missing {
			y.report.Same++
		}
		return nil
	}
	if k.sum != [32]byte{} {
		sum, err := y.look.Hash(c.Path)
		// A file that cannot be read now counts as changed: the next run finds
		// out what is the matter with it.
		if err == nil && sum == k.sum {
			y.report.Touched++
			return y.change(func(t *tx) error {
				return t.exec(`UPDATE images SET bytes = ?, mtime_ns = ? WHERE id = ?`, c.Size, mtime, k.id)
			})
		}
	}
	y.report.Changed++
	return y.change(func(t *tx) error {
		err := t.exec(`
			UPDATE images SET bytes = ?, mtime_ns = ?, sha256 = NULL, width = NULL, height = NULL,
			       format = NULL, orientation = NULL, taken_at = NULL, warning = NULL,
			       camera = NULL, lens = NULL, latitude = NULL, longitude = NULL, phash = NULL
			WHERE id = ?`, c.Size, mtime, k.id)
		if err != nil {
			return err
		}
		if err := t.exec(`UPDATE jobs SET rejected_id = NULL WHERE image_id = ? AND rejected_id IS NOT NULL`, k.id); err != nil {
			return err
		}
		now := millis(y.store.now())
		err = t.exec(`
			UPDATE jobs SET status = 'pending', not_before = 0, tries = 0, model = NULL,
			       error_kind = NULL, error = NULL, answer_id = NULL, earlier_id = NULL, like_id = NULL, updated_at = ?
			WHERE image_id = ? AND (status IN ('done', 'failed', 'skipped') OR status = 'pending' AND earlier_id IS NOT NULL)`,
			now, k.id)
		if err != nil {
			return err
		}
		return release(t, k.id, now)
	})
}

// unseen handles a file that only the database has.
func (y *syncing) unseen(k known) error {
	if k.missing || !y.look.Gone(k.file()) {
		return nil
	}
	y.report.Missing++
	return y.change(func(t *tx) error {
		now := millis(y.store.now())
		if err := t.exec(`UPDATE images SET missing_at = ? WHERE id = ?`, now, k.id); err != nil {
			return err
		}
		err := t.exec(`
			UPDATE jobs SET status = 'skipped', error_kind = 'unreadable', like_id = NULL,
			       error = 'the file is gone; it is asked about when a scan finds it again', updated_at = ?
			WHERE image_id = ? AND status = 'pending' AND earlier_id IS NULL`, now, k.id)
		if err != nil {
			return err
		}
		return release(t, k.id, now)
	})
}

func (y *syncing) returned(t *tx, image int64) error {
	if err := t.exec(`UPDATE images SET missing_at = NULL WHERE id = ?`, image); err != nil {
		return err
	}
	return t.exec(`
		UPDATE jobs SET status = 'pending', not_before = 0, error_kind = NULL, error = NULL, updated_at = ?
		WHERE image_id = ? AND status = 'skipped' AND like_id IS NULL`, millis(y.store.now()), image)
}

func (y *syncing) change(do func(*tx) error) error {
	y.batch = append(y.batch, do)
	if len(y.batch) < syncBatch {
		return nil
	}
	return y.flush()
}

// flush has the batch written, once the one before it is on disk.
func (y *syncing) flush() error {
	if err := y.written(); err != nil {
		return err
	}
	batch := y.batch
	y.batch = nil
	if len(batch) == 0 {
		return nil
	}
	y.writing = make(chan error, 1)
	go func(result chan<- error) {
		result <- y.store.writer.write(y.ctx, func(t *tx) error {
			for _, do := range batch {
				if err := do(t); err != nil {
					return err
				}
			}
			return nil
		})
	}(y.writing)
	return nil
}

// written waits until the batch that is being written is on disk.
func (y *syncing) written() error {
	if y.writing == nil {
		return nil
	}
	err := <-y.writing
	y.writing = nil
	return err
}
