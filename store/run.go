package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"vlocal/domain"
)

// Scope says which jobs of its task a run is to ask.
type Scope struct {
	// Roots limits the run to images at and below these absolute paths, URLs to
	// those on the web, both to either. With neither it is every image in the
	// database.
	Roots []string
	URLs  bool
	// Failed takes the failed jobs only, and gives each a fresh start; Redo the done
	// ones. Without either a run takes what is pending and what is new.
	Failed bool
	Redo   *Redo
	// With one of the two: Kind takes those that failed so, Since those that ended
	// then or later, Match the images whose path it lets pass. Zero takes all.
	Kind  domain.ErrorKind
	Since time.Time
	Match func(path string) bool
	// Part gives what of an image's path the question has in it. Files with the same
	// bytes share an answer where it is the same; nil if the question has none of it.
	Part func(path string) string
	// Sample limits the run to that many jobs, from all over the scope; 0 means
	// all.
	Sample int
	// OneOfAlike asks one of each group of images that look alike, and skips the
	// others. Without it those that were skipped for that are asked.
	OneOfAlike bool
}

// spans gives the spans of the paths in a scope.
func (s Scope) spans() (all [][3]string) {
	for _, root := range s.Roots {
		text, from, to := span(root)
		all = append(all, [3]string{text, from, to})
	}
	if s.URLs {
		for _, prefix := range urlPrefixes {
			all = append(all, [3]string{"", prefix, after(prefix)})
		}
	}
	if len(all) == 0 {
		// UTF-8 has no byte ff, so every path's text comes before it.
		all = [][3]string{{"", "", "\xff"}}
	}
	return all
}

// Run is one invocation that asks: the task's jobs in a scope, and the right to
// claim them. While it is open no other process can open one on the same
// database.
type Run struct {
	store  *Store
	id     int64
	task   domain.Task
	unlock func() error
	// asking has the pictures that are being asked about. No other process asks
	// with this database, so that memory is the place for it.
	asking pictures
	// open counts the attempts that began and did not end.
	open atomic.Int64
	// alike has the images that were or are asked; nil in a run that asks all.
	alike *askedImages
	// part is Scope.Part. redo says that done jobs are asked again, and after is the
	// last answer that is not shared.
	part  func(path string) string
	redo  bool
	after int64
	// reserve is room for what is on its way when the disk becomes full.
	reserve reserve
	// clock says what is due.
	clock runClock
	// Total is how many jobs the run has to ask.
	Total int
	// Recovered is how many attempts of a dead run were found open and are now
	// on record as interrupted.
	Recovered int
}

// StartRun takes the database for asking (*InUseError if another process has
// it), completes on record what a dead run left open, and queues the jobs of the
// scope. baseURL is the server that will be asked, for the record.
func (s *Store) StartRun(ctx context.Context, task domain.Task, baseURL string, scope Scope) (*Run, error) {
	unlock, err := s.lockRun(ctx)
	if err != nil {
		return nil, err
	}
	r := &Run{store: s, task: task, unlock: unlock, part: scope.Part, clock: newRunClock(func() time.Time { return s.now() })}
	if scope.Redo != nil {
		r.redo, r.after = true, scope.Redo.After
	}
	if err := r.reserve.hold(s.path); err != nil {
		return nil, errors.Join(fmt.Errorf("start the run: %w", err), unlock())
	}
	if err := s.writer.write(ctx, func(t *tx) error { return r.start(t, baseURL, scope) }); err != nil {
		return nil, errors.Join(fmt.Errorf("start the run: %w", err), r.reserve.giveBack(), unlock())
	}
	if changes, err := identity(s.path + "-wal"); err == nil {
		s.changes = changes
	}
	return r, nil
}

func (r *Run) start(t *tx, baseURL string, scope Scope) error {
	now := millis(r.store.now())
	recovered, err := recoverDead(t, now)
	if err != nil {
		return err
	}
	r.Recovered = recovered
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	r.id, err = t.insert(`
		INSERT INTO runs (task_id, base_url, host, pid, started_at) VALUES (?, ?, ?, ?, ?)`,
		r.task.ID, baseURL, host, os.Getpid(), now)
	if err != nil {
		return err
	}
	for _, s := range scope.spans() {
		if scope.picks() {
			err = r.queueAgain(t, now, scope, s)
		} else {
			err = r.queue(t, now, s, scope.OneOfAlike)
		}
		if err != nil {
			return err
		}
	}
	if scope.OneOfAlike {
		if r.alike, err = askedBefore(t, r.task.ID); err != nil {
			return err
		}
	}
	if scope.Sample > 0 {
		if err := r.thin(t, scope.Sample); err != nil {
			return err
		}
	}
	return t.row(`SELECT count(*) FROM jobs WHERE run_id = ? AND status = 'pending'`, []any{r.id}, &r.Total)
}

// thin gives back all but n of the run's pending jobs. Those that stay lie evenly
// among all, in the order in which they were found.
func (r *Run) thin(t *tx, n int) error {
	return t.exec(`
		UPDATE jobs SET run_id = NULL, status = CASE WHEN earlier_id IS NULL THEN status ELSE 'done' END, earlier_id = `+beforeEarlier+`
		WHERE id IN (
			SELECT id FROM (
				SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS every
				FROM jobs WHERE run_id = ?1 AND status = 'pending')
			WHERE every > ?2 AND place * ?2 / every = (place + 1) * ?2 / every)`, r.id, n)
}

// recoverDead completes the attempts that a killed run left open and gives its
// jobs back. The lock is held, so whatever is open belongs to the dead.
func recoverDead(t *tx, now int64) (attempts int, err error) {
	if err := countInterrupted(t); err != nil {
		return 0, err
	}
	// Through tasks, so that the index on (task_id, status) finds the few jobs
	// that are running, to which all open attempts belong.
	n, err := t.change(`
		UPDATE attempts SET outcome = 'interrupted', ended_at = ?,
		       error = 'the program ended while this was under way; the server may have counted it'
		WHERE outcome IS NULL AND job_id IN (
		      SELECT id FROM jobs WHERE task_id IN (SELECT id FROM tasks) AND status = 'running')`, now)
	if err != nil {
		return 0, err
	}
	err = t.exec(`
		UPDATE jobs SET status = 'pending', not_before = 0, updated_at = ?
		WHERE task_id IN (SELECT id FROM tasks) AND status = 'running'`, now)
	if err != nil {
		return 0, err
	}
	return int(n), putBackDead(t)
}

// queue makes the jobs that the images in a span lack, in path order, and takes
// over those that are pending and, unless one of alike images is enough, those that
// were skipped for another.
func (r *Run) queue(t *tx, now int64, span [3]string, oneOfAlike bool) error {
	return t.exec(`
		INSERT INTO jobs (image_id, task_id, run_id, updated_at)
		SELECT id, ?1, ?2, ?3 FROM images
		WHERE missing_at IS NULL AND (path = ?4 OR (path >= ?5 AND path < ?6))
		ORDER BY path, path_raw
		ON CONFLICT (image_id, task_id) DO UPDATE SET
		       status = 'pending', run_id = excluded.run_id, not_before = 0, tries = 0, model = NULL, like_id = NULL
		WHERE jobs.status = 'pending' OR (jobs.status = 'skipped' AND jobs.like_id IS NOT NULL AND NOT ?7)`,
		r.task.ID, r.id, now, span[0], span[1], span[2], oneOfAlike)
}

// Close ends the run: jobs that were claimed and not asked are pending again,
// stopped (nil if the run went through) is put on record, and the database is
// free for the next run. No attempt may be under way.
//
// Where the database's file was taken away meanwhile, all that was recorded is saved
// in a new one, and the error is a *DisplacedError that says where.
func (r *Run) Close(ctx context.Context, stopped error) error {
	why := ""
	if stopped != nil {
		why = stopped.Error()
	}
	err := r.withRoom(func() error { return r.close(ctx, why) })
	if err != nil {
		err = fmt.Errorf("end the run: %w", err)
	}
	if displaced, ok := errors.AsType[*DisplacedError](r.store.inPlace()); ok {
		r.store.save(ctx, displaced)
		err = errors.Join(err, displaced)
	}
	return errors.Join(err, r.reserve.giveBack(), r.unlock())
}

func (r *Run) close(ctx context.Context, why string) error {
	return r.store.writer.write(ctx, func(t *tx) error {
		now := millis(r.store.now())
		if err := r.putBack(t); err != nil {
			return err
		}
		err := t.exec(`
			UPDATE jobs SET status = 'pending', updated_at = ?
			WHERE task_id = ? AND status = 'running'`, now, r.task.ID)
		if err != nil {
			return err
		}
		return t.exec(`UPDATE runs SET ended_at = ?, error = ? WHERE id = ?`, now, text(why), r.id)
	})
}

// ID gives the number of the run.
func (r *Run) ID() int64 { return r.id }

// Left counts the jobs of the run that are still pending. Those that it gave
// back are not counted.
func (r *Run) Left(ctx context.Context) (int, error) {
	n, err := r.store.count(ctx, `SELECT count(*) FROM jobs WHERE run_id = ? AND status = 'pending'`, r.id)
	return int(n), err
}

// Decided puts on record what the run decided by itself.
func (r *Run) Decided(ctx context.Context, d domain.Decision) error {
	err := r.store.writer.write(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO decisions (run_id, at, what, text) VALUES (?, ?, ?, ?)`,
			r.id, millis(d.At), string(d.What), d.Text)
	})
	if err != nil {
		return fmt.Errorf("record a decision: %w", err)
	}
	return nil
}

// Claim marks up to n due jobs running and gives them, those due longest first.
// When there are none, next is when the first becomes due; zero if no job of the
// run is pending at all. The error is a *DisplacedError if the database's file was
// taken away.
func (r *Run) Claim(ctx context.Context, n int) (jobs []domain.Job, next time.Time, err error) {
	if err := r.store.inPlace(); err != nil {
		return nil, time.Time{}, err
	}
	if r.reserve.spent() {
		return nil, time.Time{}, ErrDiskFull
	}
	err = r.store.writer.write(ctx, func(t *tx) error {
		now := millis(r.clock.read())
		jobs, next = nil, time.Time{}
		if jobs, err = r.due(t, now, n); err != nil {
			return err
		}
		if len(jobs) > 0 {
			return r.take(t, now, n)
		}
		var due int64
		err := t.row(`
			SELECT not_before FROM jobs WHERE run_id = ? AND status = 'pending'
			ORDER BY not_before LIMIT 1`, []any{r.id}, &due)
		if found, err := optional(err); !found {
			return err
		}
		next = r.clock.when(due)
		return nil
	})
	if err != nil {
		if diskFull(err) {
			err = fmt.Errorf("%w (%w)", ErrDiskFull, err)
		}
		return nil, time.Time{}, fmt.Errorf("claim jobs: %w", err)
	}
	return jobs, next, nil
}
