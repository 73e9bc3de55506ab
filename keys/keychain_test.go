package keys_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
	"github.com/zalando/go-keyring"

	"vlocal/domain"
	"vlocal/keys"
)

func parse(t *testing.T, secret string) domain.Key {
	t.Helper()
	key, err := keys.Parse(secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// held gives all that is in the keychain, by server.
func held(t *testing.T, chain keys.Keychain) map[string][]string {
	t.Helper()
	all, err := chain.List()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, s := range all {
		for _, key := range s.Keys {
			got[s.Server] = append(got[s.Server], key.Secret())
		}
	}
	return got
}

const other = "http://localhost:8000/v1"

// chainWith gives a new keychain with three keys for two servers.
func chainWith(t *testing.T) keys.Keychain {
	t.Helper()
	keyring.MockInit()
	chain := keys.Keychain{LockFile: filepath.Join(t.TempDir(), "new", "keychain.lock")}
	for _, k := range []struct{ server, secret string }{
		{server, "sk-one-0123456789-aaaa"}, {server, "sk-two-0123456789-bbbb"}, {other, "sk-three-0123456-aaaa"},
	} {
		if added, err := chain.Add(t.Context(), k.server, parse(t, k.secret)); err != nil || !added {
			t.Fatal(added, err)
		}
	}
	return chain
}

func TestKeychainKeepsSeveralKeysAServer(t *testing.T) {
	chain := chainWith(t)
	want := map[string][]string{
		server: {"sk-one-0123456789-aaaa", "sk-two-0123456789-bbbb"},
		other:  {"sk-three-0123456-aaaa"},
	}
	if diff := cmp.Diff(want, held(t, chain)); diff != "" {
		t.Error(diff)
	}
	// The same key, and the same server in other letters.
	if added, err := chain.Add(t.Context(), "HTTPS://API.Example.COM/v1/", parse(t, "sk-one-0123456789-aaaa")); err != nil || added {
		t.Error(added, err)
	}
	if diff := cmp.Diff(want, held(t, chain)); diff != "" {
		t.Error(diff)
	}
	// Another path is another server.
	if keys, err := chain.Keys("https://api.example.com/V1"); err != nil || len(keys) != 0 {
		t.Error(keys, err)
	}
}

func TestRemoveTakesOutOneKey(t *testing.T) {
	chain := chainWith(t)
	if _, err := chain.Remove(t.Context(), "", "…aaaa"); !errors.Is(err, keys.ErrSeveral) {
		t.Errorf("two servers have such a key: %v", err)
	}
	if _, err := chain.Remove(t.Context(), "", "cccc"); !errors.Is(err, keys.ErrNoKey) {
		t.Error(err)
	}
	if _, err := chain.Remove(t.Context(), other, "bbbb"); !errors.Is(err, keys.ErrNoKey) {
		t.Errorf("another server has it: %v", err)
	}
	if at, err := chain.Remove(t.Context(), "", "bbbb"); err != nil || at != server {
		t.Error(at, err)
	}
	if at, err := chain.Remove(t.Context(), other+"/", "…aaaa"); err != nil || at != other {
		t.Error(at, err)
	}
	if diff := cmp.Diff(map[string][]string{server: {"sk-one-0123456789-aaaa"}}, held(t, chain)); diff != "" {
		t.Error(diff)
	}
	// Nothing is left behind of a server without keys.
	if text, err := keyring.Get("vlocal", other); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := keyring.Get("vlocal", "servers"); err != nil || text != server {
		t.Errorf("%q, %v", text, err)
	}
}

func TestRemoveAllTakesOutWhatLooksAlike(t *testing.T) {
	chain := chainWith(t)
	for _, short := range []string{"short-1", "short-2"} { // both are shown as …
		if _, err := chain.Add(t.Context(), other, parse(t, short)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := chain.Remove(t.Context(), other, "…"); !errors.Is(err, keys.ErrSeveral) {
		t.Error(err)
	}
	if n, err := chain.RemoveAll(t.Context(), other); n != 3 || err != nil {
		t.Error(n, err)
	}
	if n, err := chain.RemoveAll(t.Context(), other); n != 0 || !errors.Is(err, keys.ErrNoKey) {
		t.Error(n, err)
	}
	if got := held(t, chain); len(got) != 1 || len(got[server]) != 2 {
		t.Error(got)
	}
}

// Windows refuses items of more than 2,560 bytes; what does not fit is refused
// before anything is written.
func TestKeychainItemsStaySmall(t *testing.T) {
	chain := chainWith(t)
	n := 2
	for ; ; n++ {
		_, err := chain.Add(t.Context(), server, parse(t, strings.Repeat("x", 160)+strings.Repeat("y", n)))
		if err != nil {
			if !errors.Is(err, keys.ErrFull) || !strings.Contains(err.Error(), "--key-file") {
				t.Error(err)
			}
			break
		}
	}
	text, err := keyring.Get("vlocal", server)
	if err != nil || len(text) > 2560 || n < 14 || len(held(t, chain)[server]) != n {
		t.Errorf("%d bytes, %d keys, %v", len(text), n, err)
	}
	if _, err := chain.Add(t.Context(), "https://"+strings.Repeat("x", 500), parse(t, "k")); err == nil {
		t.Error("a long name was taken")
	}
}

// A process that died between its writes leaves a server on the list that has no
// keys.
func TestListOverlooksServersWithoutKeys(t *testing.T) {
	chain := chainWith(t)
	if err := keyring.Delete("vlocal", other); err != nil {
		t.Fatal(err)
	}
	if got := held(t, chain); len(got) != 1 || len(got[server]) != 2 {
		t.Error(got)
	}
	if _, err := chain.Add(t.Context(), other, parse(t, "again")); err != nil {
		t.Fatal(err)
	}
	if got := held(t, chain); len(got[other]) != 1 {
		t.Error(got)
	}
}

func TestChangesTakeTurns(t *testing.T) {
	chain := chainWith(t)
	lock := flock.New(chain.LockFile)
	if ok, err := lock.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	before := held(t, chain) // reading does not wait
	if _, err := chain.Add(ctx, server, parse(t, "new")); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := chain.Remove(ctx, server, "aaaa"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := chain.RemoveAll(ctx, server); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if diff := cmp.Diff(before, held(t, chain)); diff != "" {
		t.Error(diff)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if added, err := chain.Add(t.Context(), server, parse(t, "new")); !added || err != nil {
		t.Error(added, err)
	}
}

func TestWithoutAKeychainTheAlternativesAreTold(t *testing.T) {
	keyring.MockInitWithError(errors.New("no such bus"))
	defer keyring.MockInit()
	chain := keys.Keychain{LockFile: filepath.Join(t.TempDir(), "lock")}
	_, add := chain.Add(t.Context(), server, parse(t, marked+"0123456789"))
	_, list := chain.List()
	_, remove := chain.Remove(t.Context(), server, "aaaa")
	_, find := keys.Sources{}.Find(server)
	for _, err := range []error{add, list, remove, find} {
		_, is := errors.AsType[*keys.KeychainError](err)
		if !is || strings.Contains(err.Error(), "marked") || !strings.Contains(err.Error(), "no such bus") ||
			!strings.Contains(err.Error(), "--key-file") || !strings.Contains(err.Error(), "VLOCAL_API_KEYS") {
			t.Error(err)
		}
	}
	// Who has keys elsewhere needs none.
	if found, err := (keys.Sources{Getenv: env(map[string]string{"VLOCAL_API_KEY": "k"})}).Find(server); err != nil || len(found) != 1 {
		t.Error(found, err)
	}
}
