package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"vlocal/internal/testimage"
)

// imageServer is a web server of images, good and bad.
type imageServer struct {
	mu sync.Mutex
	// asked counts requests by path.
	asked map[string]int
}

// imageServers has that of each script.
var imageServers sync.Map

// images starts a server of images and puts its address into $IMAGES.
//
//	/N.jpg       a picture N pixels wide
//	/status/N    says N
//	/flaky.jpg   says 500 once, then gives a picture
//	/page.jpg    is a page that says it is a JPEG
//	/large.jpg   says that it has a gigabyte
//	/moved.jpg   is elsewhere
//	/loop.jpg    is always elsewhere
func images(ts *testscript.TestScript, _ bool, _ []string) {
	s := &imageServer{asked: map[string]int{}}
	server := httptest.NewServer(s)
	ts.Defer(server.Close)
	ts.Setenv("IMAGES", server.URL)
	imageServers.Store(ts, s)
}

// fetched N [PATH] compares how often a path was asked for; without one, all.
func fetched(ts *testscript.TestScript, _ bool, args []string) {
	v, ok := imageServers.Load(ts)
	if !ok {
		ts.Fatalf("no server of images was started")
	}
	s := v.(*imageServer)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for path, times := range s.asked {
		if len(args) < 2 || path == args[1] {
			n += times
		}
	}
	if got := strconv.Itoa(n); got != args[0] {
		ts.Fatalf("%s requests, want %s: %v", got, args[0], s.asked)
	}
}

// expand FILE... puts the value of $IMAGES where it stands in files.
func expand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text := strings.ReplaceAll(ts.ReadFile(name), "$IMAGES", ts.Getenv("IMAGES"))
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

func (s *imageServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked[r.URL.Path]++
	times := s.asked[r.URL.Path]
	s.mu.Unlock()
	picture := func(width int) {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(testimage.JPEG(testimage.Landscape(width, 24), 80))
	}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/status/"):
		status, err := strconv.Atoi(path[len("/status/"):])
		if err != nil {
			status = http.StatusBadRequest
		}
		w.WriteHeader(status)
	case path == "/flaky.jpg" && times == 1:
		w.WriteHeader(http.StatusInternalServerError)
	case path == "/flaky.jpg":
		picture(77)
	case path == "/page.jpg":
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title>")
	case path == "/large.jpg":
		w.Header().Set("Content-Length", "1000000000")
	case path == "/moved.jpg":
		http.Redirect(w, r, "/88.jpg", http.StatusMovedPermanently)
	case path == "/loop.jpg":
		http.Redirect(w, r, "/loop.jpg", http.StatusFound)
	default:
		var width int
		if _, err := fmt.Sscanf(path, "/%d.jpg", &width); err != nil {
			http.NotFound(w, r)
			return
		}
		picture(width)
	}
}
