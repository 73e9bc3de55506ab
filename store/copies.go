package store

import (
	"database/sql"
	"sync"
)

// picture is what is asked about: bytes and, where the question has it in it, a part
// of the image's path.
type picture struct {
	sum  [32]byte
	part string
}

func (r *Run) pictureOf(path string, sum [32]byte) picture {
	return picture{sum: sum, part: r.partOf(path)}
}

// partOf gives what of an image's path the question has in it.
func (r *Run) partOf(path string) string {
	if r.part == nil {
		return ""
	}
	return r.part(path)
}

// pictures are those that are being asked about, each for one job. The zero value
// is empty; one whose hash is zeros is never in it. It is safe for many goroutines.
type pictures struct {
	mu  sync.Mutex
	set map[picture]struct{}
	// attempts has the picture of each attempt that is under way.
	attempts map[int64]picture
}

// add reports whether the picture was not in the set.
func (p *pictures) add(what picture) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, there := p.set[what]; there {
		return false
	}
	if p.set == nil {
		p.set, p.attempts = map[picture]struct{}{}, map[int64]picture{}
	}
	if what.sum != ([32]byte{}) {
		p.set[what] = struct{}{}
	}
	return true
}

func (p *pictures) remove(what picture) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.set, what)
}

// begun says which attempt asks about a picture, ended that it does no more.
func (p *pictures) begun(attempt int64, what picture) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attempts[attempt] = what
}

func (p *pictures) ended(attempt int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if what, there := p.attempts[attempt]; there {
		delete(p.set, what)
		delete(p.attempts, attempt)
	}
}

// answerTo gives the latest answer to the same question about the same bytes.
func (r *Run) answerTo(t *tx, path string, sum [32]byte) (answer int64, found bool, err error) {
	most := -1
	if r.part == nil {
		most = 1 // it is the same question
	}
	err = t.rows(`
		SELECT n.id, i.path, i.path_raw
		FROM answers n JOIN attempts a ON a.id = n.attempt_id JOIN jobs j ON j.id = a.job_id JOIN images i ON i.id = j.image_id
		WHERE n.sha256 = ? AND n.task_id = ? AND n.id > ? AND a.outcome = 'ok'
		ORDER BY n.id DESC LIMIT ?`, []any{sum[:], r.task.ID, r.after, most},
		func(rows *sql.Rows) error {
			var id int64
			var other string
			var raw []byte
			if found {
				return nil
			}
			if err := rows.Scan(&id, &other, &raw); err != nil {
				return err
			}
			if len(raw) > 0 {
				other = string(raw)
			}
			if r.partOf(other) == r.partOf(path) {
				answer, found = id, true
			}
			return nil
		})
	return answer, found, err
}
