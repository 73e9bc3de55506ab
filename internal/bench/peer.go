package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// measurePlain is the peer: ready bodies, net/http, nothing recorded.
func (c client) measurePlain(ctx context.Context) (got clientResult, err error) {
	asks := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: c.Slots, MaxConnsPerHost: c.Slots}}
	body := make([]byte, c.Picture*4/3)
	var left atomic.Int64
	left.Store(int64(c.Requests))
	group, ctx := errgroup.WithContext(ctx)
	started, cpu := time.Now(), cpuTime()
	for range c.Slots {
		group.Go(func() error {
			for left.Add(-1) >= 0 {
				if err := c.post(ctx, asks, body); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = group.Wait()
	got.Elapsed, got.CPU = time.Since(started), cpuTime()-cpu
	if err != nil {
		return got, err
	}
	got.Done, got.Sent = c.Requests, c.Requests
	got.PeakBytes, err = peakMemory()
	return got, err
}

func (c client) post(ctx context.Context, asks *http.Client, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := asks.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server says %s", res.Status)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
