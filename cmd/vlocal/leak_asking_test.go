package main

import (
	"context"
	"database/sql"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vlocal/domain"
	"vlocal/internal/testimage"
)

// column gives the texts that a statement finds in the folder's database.
func (w *workFolder) column(t *testing.T, statement string) (texts []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(statement)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

// decided gives all that runs decided.
func (w *workFolder) decided(t *testing.T) string {
	return strings.Join(w.column(t, "select text from decisions"), "\n")
}

// kindsMet collects the kinds of the failures that were searched.
type kindsMet map[domain.ErrorKind]bool

func (k kindsMet) add(t *testing.T, w *workFolder) {
	t.Helper()
	for _, kind := range w.column(t, "select distinct outcome from attempts where outcome is not null") {
		k[domain.ErrorKind(kind)] = true
	}
}

// asksAndLooks goes through all of asking, then looks at all that is on record,
// and searches it.
func (w *workFolder) asksAndLooks(t *testing.T, args []string, secrets ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	photos := filepath.Join(w.dir, "photos")
	w.does(ctx, "scan", photos)
	w.keepOpen(t)
	for _, command := range [][]string{
		{"run", photos, "--prompt", "x", "--dry-run"}, {"run", photos, "--prompt", "x", "--sample", "1", "--retries", "1"},
		{"run", "--json"}, {"run"}, {"retry"}, {"retry", "--json"}, {"run", "--sample", "1", "--yes", "--json", "--prompt", "y"},
	} {
		if code := w.asks(ctx, append(append(command, args...), "--rpm", "1000000")...); code == exitUsage {
			t.Fatalf("%q is not understood:\n%s", command, &w.said)
		}
	}
	if ctx.Err() != nil {
		t.Errorf("a run did not end:\n%s", &w.said)
	}
	w.looksAt(t)
	w.searched(t, secrets...)
}

// Every failure of a server that repeats the key, with the keys of every source.
func TestNoFailureOfAskingShowsAKey(t *testing.T) {
	met := kindsMet{}
	tried := 0
	for i, f := range failures {
		sources := keySourcesOf[i%len(keySourcesOf):][:1]
		switch f.name {
		case "unknown key", "bad request":
			sources = keySourcesOf
		case "one key of two is unknown", "one key of two is left out", "one key of two does not work":
			sources = keySourcesOf[:1]
		}
		for _, source := range sources {
			t.Run(f.name+"/"+source.name, func(t *testing.T) {
				w := newWorkFolder(t, max(f.photos, 3))
				source.put(t, w, failing(t, f))
				w.asksAndLooks(t, f.args, marked, second)
				if !strings.Contains(w.said.String()+w.decided(t), f.told) {
					t.Errorf("nobody said %q:\n%s", f.told, &w.said)
				}
				met.add(t, w)
				tried++
			})
		}
	}
	if tried < len(failures) {
		return // somebody wants to see a few
	}
	for _, kind := range domain.ErrorKinds {
		switch kind {
		case domain.Unreadable, domain.Unsupported, domain.Corrupt, domain.Interrupted: // below
		default:
			if !met[kind] {
				t.Errorf("no failure was of kind %s", kind)
			}
		}
	}
}

// The last of a key must have been seen where it may be: or nothing was searched.
func TestOnlyTheEndOfAKeyIsOnRecord(t *testing.T) {
	w := newWorkFolder(t, 3)
	keySourcesOf[0].put(t, w, failing(t, failures[0]))
	w.asksAndLooks(t, nil, marked, second)
	if !strings.Contains(w.said.String(), "…"+marked[len(marked)-4:]) || !strings.Contains(w.said.String(), "[the key]") {
		t.Errorf("neither the end of the key nor its place shows:\n%s", &w.said)
	}
}

// Files that are none, and a run that is given up while the server has the key in
// half an answer.
func TestInterruptedRunShowsNoKey(t *testing.T) {
	w := newWorkFolder(t, 3)
	for name, text := range map[string]string{"note.jpg": "Dear diary", "broken.jpg": "\xff\xd8\xff\xe0 broken"} {
		if err := os.WriteFile(filepath.Join(w.dir, "photos", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	arrived := make(chan struct{}, 100)
	keySourcesOf[0].put(t, w, failing(t, failure{answer: func(rw http.ResponseWriter, r *http.Request, auth string, n int) {
		arrived <- struct{}{}
		stuck(rw, r, auth, n)
	}}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	w.does(t.Context(), "scan", filepath.Join(w.dir, "photos"))
	w.keepOpen(t)
	w.asks(ctx, "run", filepath.Join(w.dir, "photos"), "--prompt", "x")
	w.looksAt(t)
	w.searched(t, marked, second)
	met := kindsMet{}
	met.add(t, w)
	if !met[domain.Interrupted] || !met[domain.Unsupported] || !met[domain.Corrupt] {
		t.Errorf("met %v:\n%s", met, &w.said)
	}
}

// A server whose certificate nobody knows, and one that is not there.
func TestServerOutOfReachShowsNoKey(t *testing.T) {
	unknown := httptest.NewUnstartedServer(http.NotFoundHandler())
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	unknown.StartTLS()
	defer unknown.Close()
	plain := strings.Replace(failing(t, failures[0]), "http:", "https:", 1)
	for name, baseURL := range map[string]string{"certificate": unknown.URL + "/v1", "no TLS": plain, "nobody": "http://127.0.0.1:1/v1"} {
		t.Run(name, func(t *testing.T) {
			w := newWorkFolder(t, 6)
			keySourcesOf[0].put(t, w, baseURL)
			w.does(t.Context(), "scan", filepath.Join(w.dir, "photos"))
			w.keepOpen(t)
			if code := w.asks(t.Context(), "run", filepath.Join(w.dir, "photos"), "--prompt", "x"); code != exitError {
				t.Errorf("exit code %d", code)
			}
			w.looksAt(t)
			w.searched(t, marked, second)
		})
	}
}

// The server of an image on the web is sent no key, whoever fetches, and whatever
// the model's server says of it.
func TestServerOfAnImageNeverSeesAKey(t *testing.T) {
	var mu sync.Mutex
	var seen strings.Builder
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen.WriteString(r.URL.String())
		_ = r.Header.Write(&seen)
		mu.Unlock()
		switch r.URL.Path {
		case "/moved.jpg":
			http.Redirect(w, r, "/good.jpg", http.StatusFound)
		case "/gone.jpg":
			http.NotFound(w, r)
		case "/note.jpg":
			_, _ = w.Write([]byte("Dear diary"))
		default:
			_, _ = w.Write(testimage.JPEG(testimage.Landscape(40, 30), 80))
		}
	}))
	defer web.Close()
	for _, mode := range []string{"pass", "fetch"} {
		t.Run(mode, func(t *testing.T) {
			w := newWorkFolder(t, 1)
			list := filepath.Join(w.dir, "list.txt")
			var lines []string
			for _, name := range []string{"good", "moved", "gone", "note"} {
				lines = append(lines, web.URL+"/"+name+".jpg")
			}
			if err := os.WriteFile(list, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			keySourcesOf[0].put(t, w, failing(t, failure{answer: func(rw http.ResponseWriter, r *http.Request, auth string, n int) {
				body, _ := io.ReadAll(r.Body) // what did not come whole has no URL in it
				for _, address := range lines {
					if strings.Contains(string(body), address) {
						says(400, `{"error":{"message":"Error while downloading `+address+` with Authorization: %s","code":"invalid_image_url"}}`)(rw, r, auth, n)
						return
					}
				}
				says(200, answer("%s", "stop"))(rw, r, auth, n)
			}}))
			w.does(t.Context(), "scan", "--urls", list)
			w.keepOpen(t)
			w.asks(t.Context(), "run", "--urls", list, "--url-mode", mode, "--allow-private-urls", "--prompt", "x")
			w.asks(t.Context(), "retry", "--url-mode", mode, "--allow-private-urls", "--json")
			w.looksAt(t)
			w.searched(t, marked, second)
			mu.Lock()
			defer mu.Unlock()
			if part := toldPart(seen.String(), marked, second); part != "" || !strings.Contains(seen.String(), "/good.jpg") {
				t.Errorf("the image's server saw %q in:\n%s", part, &seen)
			}
			met := kindsMet{}
			if met.add(t, w); !met[domain.Unreadable] || !met[domain.Unsupported] {
				t.Errorf("met only %v", met)
			}
		})
	}
}
