package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"vlocal/domain"
)

// BenchmarkJob is what a job costs the database: its claim, the begin of its
// attempt and the end with an answer, all durable.
//
//	go test -run '^$' -bench Job -benchtime 100000x ./store
func BenchmarkJob(b *testing.B) {
	for _, slots := range []int{1, 25, 256} {
		b.Run(fmt.Sprintf("slots=%d", slots), func(b *testing.B) {
			s, r := benchRun(b, b.N)
			defer s.Close()
			jobs := make(chan domain.Job, slots)
			var workers sync.WaitGroup
			b.ResetTimer()
			for range slots {
				workers.Go(func() {
					for j := range jobs {
						var f domain.Facts
						binary.LittleEndian.PutUint64(f.SHA256[:], uint64(j.ID))
						f.SHA256 = sha256.Sum256(f.SHA256[:])
						f.Width, f.Height, f.Format, f.Orientation = 4032, 3024, "jpeg", 1
						a, err := r.Begin(b.Context(), j, f, domain.Asked{Model: "m-1"})
						if err == nil {
							err = r.End(b.Context(), a, answered("A cat on a red sofa, looking at the camera."))
						}
						if err != nil {
							b.Error(err)
						}
					}
				})
			}
			for n := 0; n < b.N; {
				claimed, _, err := r.Claim(b.Context(), slots)
				if err != nil || len(claimed) == 0 {
					b.Fatal(n, err)
				}
				n += len(claimed)
				for _, j := range claimed {
					jobs <- j
				}
			}
			close(jobs)
			workers.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			if err := r.Close(b.Context(), nil); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// benchRun is a database with n images and a run over them.
func benchRun(b *testing.B, n int) (*Store, *Run) {
	b.Helper()
	s, err := Create(b.Context(), filepath.Join(b.TempDir(), "vlocal.db"))
	if err != nil {
		b.Fatal(err)
	}
	root := filepath.FromSlash("/photos")
	walk := func(yield func(domain.Candidate, error) bool) {
		for i := range n {
			if !yield(domain.Candidate{Path: filepath.Join(root, fmt.Sprintf("IMG_%07d.jpg", i)), Size: 1 << 20}, nil) {
				return
			}
		}
	}
	if _, err := s.Sync(b.Context(), root, walk, Look{}); err != nil {
		b.Fatal(err)
	}
	task, err := s.Task(b.Context(), question)
	if err != nil {
		b.Fatal(err)
	}
	r, err := s.StartRun(b.Context(), task, "http://localhost/v1", Scope{})
	if err != nil {
		b.Fatal(err)
	}
	return s, r
}
