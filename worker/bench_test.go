package worker_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"vlocal/domain"
	"vlocal/preprocess"
	"vlocal/vision"
	"vlocal/worker"
)

// BenchmarkLoop is the whole loop, with ready pictures: claim, durable begin, a
// real HTTP request to a server that takes 48 ms, durable end, on 25 slots. It
// prints requests a second and the share of what the latency allows.
//
//	go test -run '^$' -bench Loop -benchtime 5000x ./worker
func BenchmarkLoop(b *testing.B) {
	const (
		slots   = 25
		latency = 48 * time.Millisecond
	)
	for _, size := range []int{20 << 10, 300 << 10} {
		b.Run(fmt.Sprintf("picture=%dKB", size>>10), func(b *testing.B) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				timer := time.NewTimer(latency) // a server works while it reads
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					return
				}
				<-timer.C
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, `{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"a cat"}}],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}`)
			}))
			defer server.Close()
			client, err := vision.New(vision.Options{BaseURL: server.URL + "/v1", MaxConns: slots})
			if err != nil {
				b.Fatal(err)
			}
			jpeg := make([]byte, size)
			bench := newBench(b, b.N, nil)
			prepare := func(_ context.Context, path string) (preprocess.Picture, error) {
				return preprocess.Picture{JPEG: jpeg, Source: domain.Facts{SHA256: sha256.Sum256([]byte(path))}}, nil
			}
			run := bench.begin()
			w := worker.New(run, client, prepare, bench.task, worker.Options{Concurrency: slots})
			b.ResetTimer()
			if err := w.Run(b.Context(), nil); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if p := w.Progress(); p.Done != b.N {
				b.Fatalf("done %d of %d", p.Done, b.N)
			}
			if err := run.Close(b.Context(), nil); err != nil {
				b.Fatal(err)
			}
			rate := float64(b.N) / b.Elapsed().Seconds()
			ideal := slots / latency.Seconds()
			b.ReportMetric(rate, "requests/s")
			b.ReportMetric(100*rate/ideal, "%ideal")
		})
	}
}
