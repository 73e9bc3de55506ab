package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"vlocal/domain"
)

// The rows of the view `results` for an export of a million: the same values, but
// all attempts of a job come with it in one pass, where the view looks them up five
// times, and what is the same for most rows is not computed in SQL. A job with
// several attempts gives several rows, one behind the other, which are put together
// here. TestStreamGivesWhatTheViewGives compares the two.
const streamed = `
	SELECT j.id, i.path, j.status, n.text, j.error_kind, j.error, coalesce(n.model, j.model, t.model),
	       i.width, i.height, i.bytes, i.taken_at, j.updated_at, i.warning, n.mended,
	       CASE WHEN j.status = 'skipped' THEN (SELECT l.path FROM images l WHERE l.id = j.like_id)
	            WHEN a.id = n.attempt_id THEN NULL
	            ELSE (SELECT s.path FROM attempts o JOIN jobs p ON p.id = o.job_id JOIN images s ON s.id = p.image_id
	                   WHERE o.id = n.attempt_id AND p.id <> j.id)
	       END,
	       n.fields, t.name, i.id, a.id, a.tokens_in, a.tokens_out, a.latency_ms, a.cost_nanousd
	FROM `

// streamedColumns is how many columns streamed has.
const streamedColumns = 23

// joined are the tables of streamed that come behind images and jobs.
const joined = `
	JOIN tasks t ON t.id = j.task_id
	LEFT JOIN answers n ON n.id = j.answer_id
	LEFT JOIN attempts a ON a.job_id = j.id`

// batch is how many rows are handed over together.
const batch = 256

// stream gives the rows of a statement that begins with streamed, one for each job,
// at most limit (0: all). The statement sees the database as it is when it begins.
//
// It reads ahead a few batches, so that one processor reads while another writes.
func (s *Store) stream(ctx context.Context, limit int, query string, args ...any) iter.Seq2[domain.Result, error] {
	return func(yield func(domain.Result, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		batches := make(chan []domain.Result, 2)
		var failed error
		var reading sync.WaitGroup
		reading.Go(func() {
			defer close(batches)
			failed = s.readBatches(ctx, batches, query, args)
		})
		defer reading.Wait()
		defer stop()
		n := 0
		for rows := range batches {
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
				if n++; n == limit {
					return
				}
			}
		}
		if failed != nil {
			yield(domain.Result{}, fmt.Errorf("read the results: %w", failed))
		}
	}
}

// readBatches runs a statement and sends its rows. It reads from the driver itself:
// database/sql takes longer over a cell than SQLite over a row.
func (s *Store) readBatches(ctx context.Context, batches chan<- []domain.Result, query string, args []any) error {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(raw any) error {
		rows, err := raw.(driver.QueryerContext).QueryContext(ctx, query, named(args))
		if err != nil {
			return err
		}
		defer rows.Close()
		var next []domain.Result
		send := func() bool {
			select {
			case batches <- next:
				next = make([]domain.Result, 0, batch)
				return true
			case <-ctx.Done():
				return false
			}
		}
		err = gather(ctx, rows, func(r domain.Result) bool {
			next = append(next, r)
			return len(next) < batch || send()
		})
		// An end of ctx must not look like the end of the rows.
		if err == nil && (ctx.Err() != nil || !send()) {
			return context.Cause(ctx)
		}
		return err
	})
}

func named(args []any) []driver.NamedValue {
	values := make([]driver.NamedValue, len(args))
	for i, a := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return values
}

// gather puts the rows of each job together, until yield says that it is enough.
func gather(ctx context.Context, rows driver.Rows, yield func(domain.Result) bool) error {
	cells := make([]driver.Value, streamedColumns)
	var job jobRow
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := rows.Next(cells)
		if errors.Is(err, io.EOF) {
			if job.id != 0 {
				yield(job.finish())
			}
			return nil
		}
		if err != nil {
			return err
		}
		if id := cells[0].(int64); id != job.id {
			if job.id != 0 && !yield(job.finish()) {
				return nil
			}
			job = jobRow{id: id}
			job.read(cells)
		}
		job.attempt(cells[18:])
	}
}

// jobRow is a row of the results while its attempts come.
type jobRow struct {
	id     int64
	result domain.Result
	// last is the latest attempt so far.
	last int64
	cost *int64
}

// read takes all that is not of an attempt.
func (j *jobRow) read(c []driver.Value) {
	r := &j.result
	r.Path, r.Status, r.Answer = word(c[1]), domain.Status(word(c[2])), word(c[3])
	r.ErrorKind, r.Error, r.Model = domain.ErrorKind(word(c[4])), word(c[5]), word(c[6])
	r.Width, r.Height = number(c[7]), number(c[8])
	r.Bytes, _ = c[9].(int64)
	r.TakenAt = word(c[10])
	if r.Status == domain.Done || r.Status == domain.Failed || r.Status == domain.Skipped {
		updated, _ := c[11].(int64)
		r.FinishedAt = time.UnixMilli(updated).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	r.Warning = word(c[12])
	if mended := word(c[13]); r.Warning != "" && mended != "" {
		r.Warning += "; " + mended
	} else if mended != "" {
		r.Warning = mended
	}
	r.AskedInstead, r.Fields, r.Task = word(c[14]), word(c[15]), word(c[16])
	r.ImageID, _ = c[17].(int64)
}

// attempt adds one: its id, tokens in and out, latency, cost.
func (j *jobRow) attempt(c []driver.Value) {
	id, there := c[0].(int64)
	if !there {
		return
	}
	r := &j.result
	r.Attempts++
	sumUp(&r.TokensIn, c[1])
	sumUp(&r.TokensOut, c[2])
	if id > j.last {
		j.last = id
		r.LatencyMS = number(c[3])
	}
	sumUp(&j.cost, c[4])
}

// finish gives the row, when all attempts came.
func (j *jobRow) finish() domain.Result {
	if j.cost != nil {
		dollars := float64(*j.cost) / 1e9
		j.result.CostUSD = &dollars
	}
	return j.result
}

func word(v driver.Value) string {
	s, _ := v.(string)
	return s
}

func number(v driver.Value) *int64 {
	n, ok := v.(int64)
	if !ok {
		return nil
	}
	return &n
}

// sumUp sums up numbers that are known.
func sumUp(sum **int64, v driver.Value) {
	n, ok := v.(int64)
	switch {
	case !ok:
	case *sum == nil:
		*sum = &n
	default:
		**sum += n
	}
}
