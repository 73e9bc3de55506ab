package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"

	"vlocal/alike"
	"vlocal/domain"
)

// askedImages has the images that were asked under a task, or are being asked, by what they
// look like. An image that looks like one of them is skipped and does not come in, so
// that nobody is skipped for one that only looks like a third. A nil one has none and
// takes none. It is safe for many goroutines.
type askedImages struct {
	mu    sync.Mutex
	index alike.Index
	// under are the images whose attempts are under way, by job.
	under map[int64]looks
}

// looks is what an image looks like.
type looks struct {
	image int64
	hash  domain.PerceptualHash
}

// askedBefore gives the images of a task that are answered.
func askedBefore(t *tx, task int64) (*askedImages, error) {
	a := &askedImages{under: map[int64]looks{}}
	err := t.rows(`
		SELECT min(i.id), i.phash FROM jobs j JOIN images i ON i.id = j.image_id
		WHERE j.task_id = ? AND j.status = 'done' AND i.phash IS NOT NULL GROUP BY i.phash`, []any{task},
		func(rows *sql.Rows) error {
			var image, hash int64
			if err := rows.Scan(&image, &hash); err != nil {
				return err
			}
			a.index.Add(image, domain.PerceptualHash(hash))
			return nil
		})
	return a, err
}

// enter gives the image that is asked instead of that of a job, or takes that in and
// gives none; leave takes it out again.
func (a *askedImages) enter(j domain.Job, hash domain.PerceptualHash) (like looks, leave func()) {
	if a == nil || hash == 0 {
		return looks{}, func() {}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	near, its, found := a.index.Near(hash, alike.Within)
	if found && near != j.Image.ID {
		return looks{near, its}, func() {}
	}
	if !found {
		a.index.Add(j.Image.ID, hash)
	}
	a.under[j.ID] = looks{j.Image.ID, hash}
	return looks{}, func() { a.end(j.ID, !found) }
}

// end says that an attempt at a job is over, and whether its image is out.
func (a *askedImages) end(job int64, out bool) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if l, ok := a.under[job]; ok && out {
		a.index.Remove(l.image, l.hash)
	}
	delete(a.under, job)
}

func (a *askedImages) remove(l looks) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.index.Remove(l.image, l.hash)
}

// skip settles a job for which another image is asked, and lets go those that were
// skipped for the job's own. If meanwhile that image failed, changed or went away, the
// job is pending, due at once.
func (r *Run) skip(t *tx, j domain.Job, like looks, now int64) (instead, err error) {
	var there int
	// Of one whose attempt is just beginning the hash is not on record yet.
	err = t.row(`
		SELECT count(*) FROM jobs r JOIN images i ON i.id = r.image_id
		WHERE r.image_id = ? AND r.task_id = ?
		  AND (r.status = 'running' OR (r.status IN ('pending', 'done') AND i.phash = ?))`,
		[]any{like.image, r.task.ID, int64(like.hash)}, &there)
	if err != nil {
		return nil, err
	}
	if there == 0 {
		r.alike.remove(like)
		return domain.ErrBeingAsked, t.exec(`UPDATE jobs SET status = 'pending', not_before = ?1, updated_at = ?1 WHERE id = ?2`, now, j.ID)
	}
	err = t.exec(`UPDATE jobs SET status = 'skipped', like_id = ?, updated_at = ? WHERE id = ?`, like.image, now, j.ID)
	if err == nil {
		err = release(t, j.Image.ID, now)
	}
	return domain.ErrAlike, err
}

// release makes the jobs pending that were skipped for an image, wherever that is not
// answered. A run that they are of asks them, otherwise the next one does.
func release(t *tx, image int64, now int64) error {
	return t.exec(`
		UPDATE jobs SET status = 'pending', not_before = 0, tries = 0, model = NULL, updated_at = ?2
		WHERE like_id = ?1 AND status = 'skipped' AND NOT EXISTS (
		      SELECT 1 FROM jobs r WHERE r.image_id = ?1 AND r.task_id = jobs.task_id AND r.status = 'done')`, image, now)
}

// releaseOfJob is release for the image of a job.
func releaseOfJob(t *tx, job int64, now int64) error {
	var image int64
	if err := t.row(`SELECT image_id FROM jobs WHERE id = ?`, []any{job}, &image); err != nil {
		return err
	}
	return release(t, image, now)
}

// Group is images that look alike.
type Group []Member

// Member is an image of a group.
type Member struct {
	ID int64
	// Distance is how many bits, of 64, it is from the first.
	Distance int
}

// Groups are the images that look alike, as far as that is known.
type Groups struct {
	// Groups have at least two images each, the one with the most pixels first; the
	// others are near to that one. The group of the largest image comes first.
	Groups []Group
	// Images counts those that were compared.
	Images int
	// Unseen were never looked into. Untold were, and cannot be compared: no pictures,
	// damaged, blank, or seen by a vlocal that kept no hash.
	Unseen, Untold int
}

// AlikeGroups groups the images that are there by their hashes: those that differ
// in at most so many bits (alike.MaxWithin) from the one of the group that has the
// most pixels. So none is in a group only because it looks like a third.
func (s *Store) AlikeGroups(ctx context.Context, within int) (g Groups, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT count(*) FILTER (WHERE sha256 IS NULL AND phash IS NULL),
		       count(*) FILTER (WHERE sha256 IS NOT NULL AND phash IS NULL)
		FROM images WHERE missing_at IS NULL`).Scan(&g.Unseen, &g.Untold)
	if err != nil {
		return g, fmt.Errorf("count the hashes: %w", err)
	}
	rows, err := s.read.QueryContext(ctx, `
		SELECT id, phash FROM images WHERE missing_at IS NULL AND phash IS NOT NULL
		ORDER BY width * height DESC, path, path_raw`)
	if err != nil {
		return g, fmt.Errorf("read the hashes: %w", err)
	}
	defer rows.Close()
	var firsts alike.Index // by their group's place among all
	var all []Group
	for ; rows.Next(); g.Images++ {
		var id, hash int64
		if err := rows.Scan(&id, &hash); err != nil {
			return g, fmt.Errorf("read the hashes: %w", err)
		}
		its := domain.PerceptualHash(hash)
		if place, near, ok := firsts.Near(its, within); ok {
			all[place] = append(all[place], Member{id, its.Distance(near)})
			continue
		}
		firsts.Add(int64(len(all)), its)
		all = append(all, Group{{ID: id}})
	}
	if err := rows.Err(); err != nil {
		return g, fmt.Errorf("read the hashes: %w", err)
	}
	g.Groups = slices.DeleteFunc(all, func(g Group) bool { return len(g) < 2 })
	return g, nil
}
