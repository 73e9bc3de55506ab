package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/semaphore"

	"vlocal/domain"
	"vlocal/fetch"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

// at is a job about the image at a path.
func at(path string) domain.Job { return domain.Job{Image: domain.Image{Path: path}} }

// picturesFromHere prepares pictures of this machine too.
func picturesFromHere() pictures {
	return newPictures(preprocess.Options{}, fetch.Options{AllowPrivate: true})
}

func TestURLIsPreparedAsTheSameBytesInAFileAre(t *testing.T) {
	photo := testimage.JPEG(testimage.Landscape(300, 200), 80)
	path := filepath.Join(t.TempDir(), "a.jpg")
	if err := os.WriteFile(path, photo, 0o600); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(photo) }))
	defer s.Close()
	p := picturesFromHere()
	want, err := p.prepare(t.Context(), at(path))
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.prepare(t.Context(), at(s.URL+"/a.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got.JPEG) == 0 {
		t.Error(diff)
	}
}

func TestPassedURLIsNotFetchedHereUntilTheServerCannot(t *testing.T) {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		_, _ = w.Write(testimage.JPEG(testimage.Landscape(30, 20), 80))
	}))
	defer s.Close()
	p := picturesFromHere()
	p.pass = true
	got, err := p.prepare(t.Context(), at(s.URL+"/ä b.jpg?x=1"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(preprocess.Picture{Picture: domain.Picture{URL: s.URL + "/%C3%A4%20b.jpg?x=1"}}, got); diff != "" || n != 0 {
		t.Errorf("%d requests; %s", n, diff)
	}
	again := at(s.URL + "/ä b.jpg?x=1")
	again.Tries = 1
	got, err = p.prepare(t.Context(), again)
	if err != nil || got.URL != "" || len(got.JPEG) == 0 || n != 1 {
		t.Errorf("%d requests, %d bytes, %v", n, len(got.JPEG), err)
	}
}

func TestErrorAboutBytesFromTheWebNamesTheURLAndSaysWhatToDo(t *testing.T) {
	photo := testimage.PNG(testimage.Landscape(300, 200))
	bodies := map[string]struct {
		body []byte
		kind domain.ErrorKind
		hint string
	}{
		"/page":  {[]byte("<html><body>no"), domain.Unsupported, "leads to a page"},
		"/gzip":  {[]byte("\x1f\x8b\x08\x00"), domain.Unsupported, "packed it"},
		"/empty": {nil, domain.Corrupt, "open the address in a browser"},
		"/text":  {[]byte("hello"), domain.Unsupported, "open the address in a browser"},
		"/half":  {photo[:len(photo)/2], domain.Corrupt, ""},
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(bodies[r.URL.Path].body) }))
	defer s.Close()
	for path, want := range bodies {
		_, err := picturesFromHere().prepare(t.Context(), at(s.URL+path))
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Kind != want.kind || e.Object != s.URL+path || !strings.Contains(e.Hint, want.hint) {
			t.Errorf("%s: %+v", path, e)
		}
	}
}

// Waiting for the web costs no processor: while all fetches hang, files go on.
// Two servers, so that it is not the connections to one that bound them.
func TestFetchesAreBoundedAndDoNotHoldUpFiles(t *testing.T) {
	const urls = 2 * fetches
	arrived, release := make(chan struct{}, urls), make(chan struct{})
	var now, most atomic.Int64
	hang := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		arrived <- struct{}{}
		<-release
	})
	servers := []*httptest.Server{httptest.NewServer(hang), httptest.NewServer(hang)}
	p := picturesFromHere()
	var waiting sync.WaitGroup
	for n := range urls {
		waiting.Go(func() { _, _ = p.prepare(t.Context(), at(servers[n%2].URL)) })
	}
	for range fetches {
		<-arrived
	}
	path := filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(path, testimage.PNG(testimage.Badge(20, 20)), 0o600); err != nil {
		t.Fatal(err)
	}
	if picture, err := p.prepare(t.Context(), at(path)); err != nil || !bytes.HasPrefix(picture.JPEG, []byte("\xff\xd8")) {
		t.Errorf("%d bytes, %v", len(picture.JPEG), err)
	}
	close(release)
	waiting.Wait()
	for _, s := range servers {
		s.Close()
	}
	if n := most.Load(); n > fetches {
		t.Errorf("%d fetches at once, want at most %d", n, fetches)
	}
	if p.preparers() <= fetches {
		t.Errorf("%d preparers leave none for files", p.preparers())
	}
}

func TestDecodingIsBoundedByProcessorsWhereverBytesComeFrom(t *testing.T) {
	p := picturesFromHere()
	p.decoding = semaphore.NewWeighted(1)
	if !p.decoding.TryAcquire(1) {
		t.Fatal("taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "none.jpg")
	if _, err := p.prepare(ctx, at(path)); domain.KindOf(err) != domain.Interrupted {
		t.Errorf("did not wait: %v", err)
	}
}
