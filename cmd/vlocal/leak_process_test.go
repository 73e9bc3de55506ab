package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vlocal/internal/testimage"
)

// proxied runs the real program with a proxy that has a password, because the
// standard library reads the proxy's address once for each process. The server it
// asks is nowhere: the proxy answers for it.
func (w *workFolder) proxied(t *testing.T, proxy string, args ...string) {
	t.Helper()
	cmd := exec.Command("vlocal", append([]string{"--db", filepath.Join(w.dir, "v.db")}, args...)...)
	cmd.Env = append(os.Environ(), "HTTP_PROXY="+proxy, "HTTPS_PROXY="+proxy, "NO_PROXY=", "TEST_KEYCHAIN=",
		"GORACE=atexit_sleep_ms=0", "VLOCAL_API_KEYS="+marked+","+second)
	cmd.Stdout, cmd.Stderr = &w.said, &w.said
	fmt.Fprintf(&w.said, "\n$ vlocal %s\n", strings.Join(args, " "))
	if err := cmd.Run(); err == nil && args[0] == "models" {
		t.Errorf("%q did not fail:\n%s", args, &w.said)
	}
}

// repeatingProxy starts a proxy that lets nobody through and repeats what it was
// sent: in the status, a header and the text.
func repeatingProxy(t *testing.T, status string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				req, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				sent := strings.Join(req.Header["Proxy-Authorization"], "") + " somebody:" + proxyPassword + " " + strings.Join(req.Header["Authorization"], "")
				text := `{"error":{"message":"` + sent + `"}}`
				fmt.Fprintf(conn, "HTTP/1.1 %s for %s\r\nX-Sent: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, sent, sent, len(text), text)
			}()
		}
	}()
	return listener.Addr().String()
}

func TestProxyPasswordIsNotShown(t *testing.T) {
	for proxy, says := range map[string]string{
		"http://somebody:" + proxyPassword + "@" + repeatingProxy(t, "407 Proxy Authentication Required"): "407 Proxy Authentication Required",
		"http://somebody:" + proxyPassword + "@" + repeatingProxy(t, "400 Bad Request"):                   "the proxy says 400",
		"http://somebody:" + proxyPassword + "@127.0.0.1:1":                                               "connection refused",
		"somebody:" + proxyPassword + "@127.0.0.1:2":                                                      "127.0.0.1:2: connect: connection refused",
	} {
		t.Run(says, func(t *testing.T) {
			w := newWorkFolder(t, 2)
			list := filepath.Join(w.dir, "list.txt")
			if err := os.WriteFile(list, []byte("http://images.example/a.jpg\nhttps://images.example/b.jpg\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			photos := filepath.Join(w.dir, "photos")
			w.proxied(t, proxy, "scan", photos)
			w.keepOpen(t)
			for _, baseURL := range []string{"http://server.example/v1", "https://server.example/v1"} {
				for _, args := range [][]string{
					{"models"}, {"keys", "check", "--json"}, {"run", photos, "--prompt", "x", "--model", "m", "--retries", "0"},
					{"run", "--json", "--prompt", "x", "--model", "m", "--retries", "0"}, {"retry", "--retries", "0"},
				} {
					w.proxied(t, proxy, append(args, "--base-url", baseURL)...)
				}
			}
			w.proxied(t, proxy, "run", "--urls", list, "--prompt", "y", "--model", "builtin/pixels", "--allow-private-urls", "--retries", "0")
			w.looksAt(t)
			w.searched(t, marked, second, proxyPassword, proxyBasic)
			if !strings.Contains(w.said.String(), says) {
				t.Errorf("nobody said %q:\n%s", says, &w.said)
			}
		})
	}
}

// What looks like a key among the arguments is refused before anything is done
// with it: it shows in the list of processes already.
func TestKeyAsAnArgumentIsRefused(t *testing.T) {
	w := newWorkFolder(t, 0)
	t.Chdir(w.dir)
	for _, args := range [][]string{
		{"run", "--key", marked}, {"run", "--key=" + marked}, {"run", marked}, {"run", ".", "--prompt", marked},
		{"run", "--" + marked}, {"--" + marked}, {marked}, {"help", marked}, {"run", "--api-key", "Bearer " + marked},
		{"run", "--base-url", marked, "--model", "m", "--prompt", "x"}, {"run", "--model=" + marked}, {"run", "--key-file", marked},
		{"run", "-c", marked}, {"run", "--provider", marked}, {"run", "--route", "**=" + marked}, {"run", "--fallback-model", marked},
		{"run", "--url-mode", marked}, {"run", "--urls", marked}, {"run", "--include", marked}, {"run", "--db", marked}, {"--db", marked, "status"},
		{"retry", marked}, {"scan", marked}, {"status", marked}, {"list", "--status", marked}, {"list", "--kind", marked}, {"show", marked},
		{"export", marked}, {"models", marked}, {"config", "show", marked}, {"config", marked}, {"completion", marked},
		{"keys", marked}, {"keys", "add", marked}, {"keys", "add", "--key", marked}, {"keys", "check", marked}, {"keys", "remove", marked},
	} {
		w.said.Reset()
		code := run(t.Context(), append([]string{"vlocal"}, args...), &w.said, &w.said)
		if code != exitUsage || toldPart(w.said.String(), marked) != "" || !strings.Contains(w.said.String(), "list of processes") {
			t.Errorf("%q: exit code %d:\n%s", args, code, &w.said)
		}
	}
	for _, name := range []string{"VLOCAL_BASE_URL", "VLOCAL_MODEL", "VLOCAL_KEY_FILE", "VLOCAL_PROVIDER", "VLOCAL_DB"} {
		w.said.Reset()
		t.Setenv(name, marked)
		if code := run(t.Context(), []string{"vlocal", "run", ".", "--prompt", "x"}, &w.said, &w.said); code != exitUsage || toldPart(w.said.String(), marked) != "" || !strings.Contains(w.said.String(), name) {
			t.Errorf("%s: exit code %d:\n%s", name, code, &w.said)
		}
		t.Setenv(name, "")
	}
	if left, err := os.ReadDir(w.dir); err != nil || len(left) != 1 {
		t.Errorf("made %v, %v", left, err)
	}
}

// A key of the environment is known whatever it looks like.
func TestKnownKeyWithinAnArgumentIsRefused(t *testing.T) {
	const plain = "0123456789abcdef0123456789abcdef" // as of Azure and Mistral
	w := newWorkFolder(t, 0)
	t.Setenv("VLOCAL_API_KEYS", second+", "+plain)
	for _, args := range [][]string{
		{"run", plain}, {"run", "--base-url", "https://gateway.example/" + plain + "/v1", "--model", "m", "--prompt", "x"}, {"show", plain},
		{"run", "--prompt", "is " + plain + " a key?"},
	} {
		if code := w.does(t.Context(), args...); code != exitUsage {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
	// One from a file is met by the client.
	t.Setenv("VLOCAL_API_KEYS", "")
	file := keyFile(t, plain)
	for _, args := range [][]string{{"run", w.dir, "--model", "m", "--prompt", "x"}, {"models"}, {"keys", "check"}} {
		if code := w.does(t.Context(), append(args, "--key-file", file, "--base-url", "http://127.0.0.1:1/"+plain+"/v1")...); code != exitUsage {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
	if part := toldPart(w.said.String(), plain, second); part != "" {
		t.Errorf("said %q:\n%s", part, &w.said)
	}
}

// Folders and questions may have names that look a little like a key.
func TestWhatIsNoKeyIsTaken(t *testing.T) {
	w := newWorkFolder(t, 0)
	t.Chdir(w.dir)
	t.Setenv("VLOCAL_API_KEY", "ollama")
	for _, name := range []string{"sk-holiday-photos-of-2024", "hf_downloads", "ollama"} {
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(name, "a.jpg"), testimage.JPEG(testimage.Landscape(20, 10), 80), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"scan", name}, {"run", name, "--model", "builtin/pixels", "--prompt", "is sk-0123456789abcdef0123 in " + name + "?"}} {
			if code := w.does(t.Context(), args...); code != exitDone {
				t.Errorf("%q: exit code %d\n%s", args, code, &w.said)
			}
		}
	}
}
