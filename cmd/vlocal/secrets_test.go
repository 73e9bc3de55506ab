package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"
)

// marked is a key that must not be seen.
const marked = "sk-marked-0123456789abcdef"

// alone takes away what the person who runs the tests has set.
func alone(t *testing.T) {
	t.Helper()
	for _, name := range []string{"VLOCAL_BASE_URL", "VLOCAL_MODEL", "VLOCAL_API_KEY", "VLOCAL_API_KEYS", "VLOCAL_KEY_FILE", "OPENAI_API_KEY"} {
		t.Setenv(name, "")
	}
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "home"))
	}
	t.Cleanup(keyring.MockInit)
}

// keyFile makes a key file.
func keyFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// repeating gives the address of a server that says a status and a body with the
// Authorization header in it, and in a header of that name.
func repeating(t *testing.T, status int, header, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth := r.Header.Get("Authorization")
		if header != "" {
			w.Header().Set(header, "http://127.0.0.1:1/"+auth)
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, body, auth)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/v1"
}

// keychains are those that a command may meet.
var keychains = map[string]func(){
	"empty": keyring.MockInit,
	"none":  func() { keyring.MockInitWithError(errors.New("no keychain")) },
	"wrong": func() {
		keyring.MockInit()
		_ = keyring.Set("vlocal", openAI, "Bearer "+marked+"\x01\n"+marked+"é")
		_ = keyring.Set("vlocal", "servers", openAI)
	},
	"full": func() {
		keyring.MockInit()
		_ = keyring.Set("vlocal", openAI, strings.Repeat("x", 2490))
	},
}

// fails runs a command in that keychain, and insists on its failing without
// showing the key.
func fails(t *testing.T, keychain, stdin string, args ...string) {
	t.Helper()
	if code := unseen(t, keychain, stdin, args...); code == exitDone {
		t.Errorf("%q (keychain: %s) did not fail", args, keychain)
	}
}

// unseen runs a command and insists on its not showing the key; it gives the exit
// code.
func unseen(t *testing.T, keychain, stdin string, args ...string) int {
	t.Helper()
	keychains[keychain]()
	var out bytes.Buffer
	app := newApp(&out, &out)
	app.Reader = strings.NewReader(stdin)
	code := report(&out, runApp(t.Context(), app, append([]string{"vlocal"}, args...)))
	if strings.Contains(out.String(), "marked") || strings.Contains(out.String(), "0123456789") {
		t.Errorf("%q (keychain: %s):\n%s", args, keychain, &out)
	}
	if out.Len() == 0 {
		t.Errorf("%q (keychain: %s) says nothing", args, keychain)
	}
	return code
}

// A key given where it does not belong, or one that is none, is not repeated.
func TestNoFailureShowsTheKeyThatWasGiven(t *testing.T) {
	alone(t)
	for _, command := range []string{"add", "list", "check", "remove"} {
		fails(t, "empty", "", "keys", command, marked)
	}
	fails(t, "empty", "", "keys", marked)
	fails(t, "empty", "", "models", marked)
	for _, stdin := range []string{
		"", "Bearer " + marked, marked + "\n" + marked, marked + "\x00", marked + strings.Repeat("x", 100<<10),
	} {
		fails(t, "empty", stdin, "keys", "add")
	}
	fails(t, "empty", marked, "keys", "add", "--base-url", "https://me:"+marked+"@host/v1")
	fails(t, "empty", marked, "keys", "add", "--base-url", "https://host/v1?key="+marked)
	for _, text := range []string{"", "fine\n" + marked + " mine\n", "Bearer " + marked} {
		fails(t, "empty", "", "models", "--key-file", keyFile(t, text))
		fails(t, "empty", "", "keys", "check", "--key-file", keyFile(t, text))
	}
	fails(t, "empty", "", "keys", "check", "--key-file", t.TempDir())
	t.Setenv("VLOCAL_API_KEYS", "fine,"+marked+" mine")
	fails(t, "empty", "", "keys", "check")
	fails(t, "empty", "", "models")
	fails(t, "empty", "", "run", "--model", "m", "--prompt", "x", t.TempDir(), "--db", filepath.Join(t.TempDir(), "v.db"))
}

func TestNoFailureShowsTheKeyInTheKeychain(t *testing.T) {
	alone(t)
	for _, keychain := range []string{"none", "full"} {
		fails(t, keychain, marked, "keys", "add")
	}
	for _, command := range []string{"list", "check"} {
		fails(t, "none", "", "keys", command)
	}
	for _, keychain := range []string{"none", "wrong", "empty"} {
		fails(t, keychain, "", "keys", "remove", "cdef")
		fails(t, keychain, "", "keys", "check")
		fails(t, keychain, "", "keys", "remove", "--all", "--base-url", openAI+"/other")
	}
}

// Servers repeat keys in whatever they say.
func TestNoFailureShowsTheKeyThatAServerRepeats(t *testing.T) {
	alone(t)
	file := keyFile(t, marked+"\n")
	for _, baseURL := range []string{
		repeating(t, 401, "", `{"error":{"message":"Incorrect API key provided: %s"}}`),
		repeating(t, 403, "", `%s`), repeating(t, 402, "", `{"error":"%s"}`), repeating(t, 404, "", `%s`),
		repeating(t, 429, "", `{"message":"%s"}`), repeating(t, 500, "", strings.Repeat("x", 285)+`%s`),
		repeating(t, 302, "Location", `%s`), repeating(t, 200, "", `{"error":{"message":"%s"}}`),
		repeating(t, 200, "", `<html>%s`), repeating(t, 200, "", `%s`), "http://127.0.0.1:1/v1",
	} {
		for _, json := range []string{"--json=false", "--json"} {
			fails(t, "empty", "", "models", "--key-file", file, "--base-url", baseURL, json)
			unseen(t, "empty", "", "keys", "check", "--model", "m", "--key-file", file, "--base-url", baseURL, json)
		}
	}
	names := repeating(t, 200, "", `{"data":[{"id":"%s"}]}`)
	unseen(t, "empty", "", "models", "--key-file", file, "--base-url", names)
	fails(t, "empty", "", "keys", "check", "--model", "m", "--key-file", file, "--base-url", names)
}

// goneOutput is an output that takes nothing.
type goneOutput struct{}

func (goneOutput) Write([]byte) (int, error) { return 0, errors.New("no more room") }

func TestNoFailureShowsTheKeyWhereNothingCanBePrinted(t *testing.T) {
	alone(t)
	t.Setenv("VLOCAL_API_KEY", marked)
	baseURL := repeating(t, 200, "", `{"data":[{"id":"a%.0s"}]}`)
	for _, args := range [][]string{{"models"}, {"models", "--json"}, {"keys", "check"}, {"keys", "check", "--json"}} {
		var told bytes.Buffer
		app := newApp(goneOutput{}, io.Discard)
		err := runApp(t.Context(), app, append(append([]string{"vlocal"}, args...), "--base-url", baseURL))
		if code := report(&told, err); code != exitError || told.String() != "vlocal: no more room\n" {
			t.Errorf("%q: %d: %s", args, code, &told)
		}
	}
}
