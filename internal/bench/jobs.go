package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"vlocal/domain"
	"vlocal/store"
)

var jobsScenario = scenario{
	name: "jobs",
	about: "What a job costs the database: its claim, the begin of its attempt and the end with an answer, all durable. " +
		"Nothing is asked, so that the slots wait for nothing else.",
	columns: []string{"jobs", "jobs a second", "CPU per job", "peak memory"},
	rows: func(s settings) (rows []row) {
		for _, slots := range []int{1, 25, 256} {
			rows = append(rows, row{
				label:  fmt.Sprintf("%d slots", slots),
				client: client{Jobs: true, Requests: s.jobs, Picture: 300 << 10, Slots: slots},
			})
		}
		return rows
	},
	cells: func(_ row, got result) []string {
		return []string{
			strconv.Itoa(got.Client.Done), perSecond(got.Client.Done, got.Client.Elapsed),
			fmt.Sprintf("%.0f µs", got.Client.CPU.Seconds()*1e6/float64(max(1, got.Client.Done))), megabytes(got.Client.PeakBytes),
		}
	},
}

// measureJobs takes jobs through the table with nobody to ask.
func (c client) measureJobs(ctx context.Context) (got clientResult, err error) {
	dir, err := os.MkdirTemp("", "vlocal-bench-")
	if err != nil {
		return got, err
	}
	defer os.RemoveAll(dir)
	began := time.Now()
	s, err := store.Create(ctx, filepath.Join(dir, "vlocal.db"))
	if err != nil {
		return got, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	run, _, err := c.jobs(ctx, s)
	if err != nil {
		return got, err
	}
	got.Setup = time.Since(began)
	endProfile, err := c.profile()
	if err != nil {
		return got, err
	}
	started, cpu := time.Now(), cpuTime()
	got.Done, err = c.throughTable(ctx, run)
	got.Elapsed, got.CPU = time.Since(started), cpuTime()-cpu
	if err := errors.Join(err, endProfile(), run.Close(ctx, nil)); err != nil {
		return got, err
	}
	got.PeakBytes, err = peakMemory()
	return got, err
}

// throughTable claims, begins and ends every job, as many at a time as there are
// slots.
func (c client) throughTable(ctx context.Context, run *store.Run) (done int, err error) {
	jobs := make(chan domain.Job, c.Slots)
	group, ctx := errgroup.WithContext(ctx)
	for range c.Slots {
		group.Go(func() error {
			for j := range jobs {
				if err := c.answer(ctx, run, j); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(jobs)
		for done < c.Requests {
			claimed, _, err := run.Claim(ctx, c.Slots)
			if err != nil {
				return err
			}
			if len(claimed) == 0 {
				return fmt.Errorf("after %d jobs of %d there are no more", done, c.Requests)
			}
			for _, j := range claimed {
				select {
				case jobs <- j:
					done++
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		}
		return nil
	})
	err = group.Wait()
	return done, err
}

// answer is a whole attempt, with an answer that was there already.
func (c client) answer(ctx context.Context, run *store.Run, j domain.Job) error {
	facts := domain.Facts{SHA256: sha256.Sum256([]byte(j.Image.Path)), Width: 4032, Height: 3024, Format: "jpeg", Orientation: 1}
	a, err := run.Begin(ctx, j, facts, domain.Asked{Model: "load", Key: "…0001"})
	if err != nil {
		return err
	}
	return run.End(ctx, a, domain.Ending{
		Status: domain.Done, CountTry: true, Latency: 48 * time.Millisecond,
		Answer: domain.Answer{
			Text: "A cat on a red sofa, looking at the camera.", Model: "load", FinishReason: "stop",
			Usage: domain.Usage{TokensIn: 800, TokensOut: 40},
		},
	})
}
