package worker_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vlocal/domain"
	"vlocal/preprocess"
	"vlocal/vision"
	"vlocal/worker"
)

const (
	slots   = 25
	latency = 48 * time.Millisecond
)

// slowServer takes 48 ms for an answer, reading the request meanwhile.
func slowServer(b *testing.B) string {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(latency)
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		<-timer.C
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"a cat"}}],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}`)
	}))
	b.Cleanup(server.Close)
	return server.URL + "/v1"
}

// rate reports requests a second and the share of what the latency allows.
func rate(b *testing.B) {
	perSecond := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(perSecond, "requests/s")
	b.ReportMetric(100*perSecond/(slots/latency.Seconds()), "%ideal")
}

// BenchmarkLoop is the whole loop, with ready pictures: claim, durable begin, a
// real HTTP request to a server that takes 48 ms, durable end, on 25 slots. The
// peer is 25 goroutines that post ready bodies and record nothing.
//
//	go test -run '^$' -bench Loop -benchtime 5000x ./worker
func BenchmarkLoop(b *testing.B) {
	for _, size := range []int{20 << 10, 300 << 10} {
		b.Run(fmt.Sprintf("vlocal/picture=%dKB", size>>10), func(b *testing.B) {
			client, err := vision.New(vision.Options{BaseURL: slowServer(b), MaxConns: slots})
			if err != nil {
				b.Fatal(err)
			}
			jpeg := make([]byte, size)
			bench := newBench(b, b.N, nil)
			prepare := func(_ context.Context, j domain.Job) (preprocess.Picture, error) {
				return preprocess.Picture{Picture: domain.Picture{JPEG: jpeg}, Source: domain.Facts{SHA256: sha256.Sum256([]byte(j.Image.Path))}}, nil
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
			rate(b)
		})
		b.Run(fmt.Sprintf("plain/picture=%dKB", size>>10), func(b *testing.B) {
			url := slowServer(b) + "/chat/completions"
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: slots}}
			body := make([]byte, size*4/3)
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for range slots {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						res, err := client.Post(url, "application/json", bytes.NewReader(body))
						if err != nil {
							b.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, res.Body)
						_ = res.Body.Close()
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			rate(b)
		})
	}
}
