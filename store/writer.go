package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// maxGroup bounds how many writes share a transaction: enough for every slot,
// few enough that nobody waits long for the others.
const maxGroup = 256

// errClosed is what a write gets after Close.
var errClosed = errors.New("the database is closed")

// writer is the only way to change the database: one goroutine, one
// connection. Writes that wait at the same moment are committed together.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	ops   chan op
	quit  chan struct{} // closed by close: no more writes
	ended chan struct{} // closed by loop: all writes are through
}

// op is one caller's write. do may run more than once, so it only sets what it
// would set again.
type op struct {
	do     func(*tx) error
	result chan error
	// patient says that it is in no hurry, so that it shares the transaction of
	// the next one that is, if that comes soon.
	patient bool
}

// patience is how long a patient write waits at most for another one.
const patience = 4 * time.Millisecond

func newWriter(dsn string) (*writer, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{
		db:    db,
		conn:  conn,
		stmts: map[string]*sql.Stmt{},
		ops:   make(chan op, maxGroup),
		quit:  make(chan struct{}),
		ended: make(chan struct{}),
	}
	go w.loop()
	return w, nil
}

// write runs do in a transaction and returns when it is on disk. A ctx that
// ends before the write began gives it up; after that the write runs to its
// end, and the result is the truth about it.
func (w *writer) write(ctx context.Context, do func(*tx) error) error {
	return w.put(ctx, op{do: do, result: make(chan error, 1)})
}

// writeSoon is write for what is in no hurry: it waits a moment for other writes,
// because a transaction costs the disk as much for two as for one. It is for when
// others are to be expected.
func (w *writer) writeSoon(ctx context.Context, do func(*tx) error) error {
	return w.put(ctx, op{do: do, result: make(chan error, 1), patient: true})
}

func (w *writer) put(ctx context.Context, o op) error {
	select {
	case <-w.quit: // also when the send could go ahead
		return errClosed
	default:
	}
	select {
	case w.ops <- o:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return errClosed
	}
	select {
	case err := <-o.result:
		return err
	case <-w.ended:
		// The loop ended: either it served this op last, or it never saw it.
		select {
		case err := <-o.result:
			return err
		default:
			return errClosed
		}
	}
}

// close serves the writes that wait, then ends the goroutine.
func (w *writer) close() error {
	close(w.quit)
	<-w.ended
	var errs []error
	for _, st := range w.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

func (w *writer) loop() {
	defer close(w.ended)
	for {
		select {
		case o := <-w.ops:
			w.serve(o)
		case <-w.quit:
			for {
				select {
				case o := <-w.ops:
					w.serve(o)
				default:
					return
				}
			}
		}
	}
}

// serve runs a write, and those that wait by then, in one transaction. If a part
// fails, the parts are run again one by one, so that only the one at fault fails.
func (w *writer) serve(first op) {
	group := []op{first}
	err := w.transact(func(t *tx) error {
		if err := first.do(t); err != nil {
			return err
		}
		// What comes is run as it comes: a write in a hurry that joins a patient
		// one finds that one's part done, and waits for little but the disk.
		var due <-chan time.Time
		if first.patient {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			due = timer.C
		}
		for len(group) < maxGroup {
			o, more := w.next(due)
			if !more {
				break
			}
			group = append(group, o)
			if err := o.do(t); err != nil {
				return err
			}
			if !o.patient {
				due = nil
			}
		}
		return nil
	})
	if err == nil || len(group) == 1 {
		for _, o := range group {
			o.result <- err
		}
		return
	}
	for _, o := range group {
		o.result <- w.transact(o.do)
	}
}

// next gives a write that waits already or, with due, that comes before that.
func (w *writer) next(due <-chan time.Time) (o op, more bool) {
	if due == nil {
		select {
		case o := <-w.ops:
			return o, true
		default:
			return o, false
		}
	}
	select {
	case o := <-w.ops:
		return o, true
	case <-due:
		return o, false
	case <-w.quit:
		return o, false
	}
}

// transact runs do in a transaction.
func (w *writer) transact(do func(*tx) error) error {
	t := &tx{w: w}
	// IMMEDIATE takes the write lock now, where busy_timeout helps, instead of
	// failing later in the middle.
	if err := t.exec("BEGIN IMMEDIATE"); err != nil {
		if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code()&0xff == sqlite3.SQLITE_BUSY {
			err = fmt.Errorf("%w (%w)", ErrBusy, err)
		}
		return err
	}
	err := do(t)
	if err == nil {
		err = t.writeTally()
	}
	if err != nil {
		return errors.Join(err, t.exec("ROLLBACK"))
	}
	if err := t.exec("COMMIT"); err != nil {
		// A failed commit (disk full) can leave the transaction open.
		_ = t.exec("ROLLBACK")
		return err
	}
	return nil
}

// tx runs statements within the writer's transaction. Statements are prepared
// once for the life of the database.
type tx struct {
	w     *writer
	tally tally
}

func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if st, ok := t.w.stmts[query]; ok {
		return st, nil
	}
	st, err := t.w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	t.w.stmts[query] = st
	return st, nil
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.run(query, args)
	return err
}

// change gives the number of rows the statement changed.
func (t *tx) change(query string, args ...any) (int64, error) {
	res, err := t.run(query, args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insert gives the id of the new row.
func (t *tx) insert(query string, args ...any) (int64, error) {
	res, err := t.run(query, args)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (t *tx) run(query string, args []any) (sql.Result, error) {
	st, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(context.Background(), args...)
}

// row scans the one row of a query into dest; sql.ErrNoRows if there is none.
func (t *tx) row(query string, args []any, dest ...any) error {
	st, err := t.stmt(query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(context.Background(), args...).Scan(dest...)
}

// rows calls each for every row of a query.
func (t *tx) rows(query string, args []any, each func(*sql.Rows) error) error {
	st, err := t.stmt(query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
