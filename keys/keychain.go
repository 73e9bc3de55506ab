package keys

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/zalando/go-keyring"

	"vlocal/domain"
)

const (
	// service is what all items of vlocal are filed under: Keychain Access on
	// macOS, Credential Manager on Windows, the Secret Service on Linux.
	service = "vlocal"
	// index is the item that lists the servers, because keychains cannot be asked
	// for that in the same way everywhere. It holds no key.
	index = "servers"
)

// maxItem bounds an item, in bytes. Windows takes 2,560; macOS takes a command
// of 4,096 with the item in it as base64, and its name.
const maxItem = 2500

// maxServer bounds a base URL, the name of an item, in bytes.
const maxServer = 400

// Keychain is the operating system's store of secrets. It has one item for a
// server, named by the base URL, with the server's keys on a line each, and one
// that lists the servers.
//
// An item is read, changed and written back whole, so Add and Remove of several
// processes take turns by a lock; reading needs none. If a process dies between
// its two writes, the list of servers has one too many, which does no harm.
//
// The system may ask the person to unlock the keychain; a call waits for that.
type Keychain struct {
	// LockFile is made where there is none; its folder too. It holds nothing.
	// Without a name, several processes must not change the keychain at once.
	LockFile string
}

// KeychainError says that the keychain cannot be used, as on a server without a
// desktop.
type KeychainError struct{ Err error }

func (e *KeychainError) Error() string {
	return fmt.Sprintf("the keychain of this system cannot be used: %v (keys can also be kept in VLOCAL_API_KEYS, or in a file: --key-file)", e.Err)
}

func (e *KeychainError) Unwrap() error { return e.Err }

// Errors of Add and Remove about what is in the keychain.
var (
	// ErrFull: the server's item would grow beyond what every keychain takes.
	ErrFull = errors.New("the keychain takes no more for it")
	// ErrNoKey: no such key is there.
	ErrNoKey = errors.New("the keychain has no such key")
	// ErrSeveral: the fingerprint fits several keys.
	ErrSeveral = errors.New("the keychain has several such keys")
)

// Stored is a server with its keys.
type Stored struct {
	Server string
	Keys   []domain.Key
}

// Keys gives the keys of a server, in the order in which they were added; none
// is no error. Other errors are *KeychainError.
func (k Keychain) Keys(baseURL string) ([]domain.Key, error) {
	lines, err := get(serverName(baseURL))
	if err != nil {
		return nil, err
	}
	var keys []domain.Key
	for _, line := range lines {
		// Somebody else may have written there what could not be sent.
		if key, err := Parse(line); err == nil {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// List gives all servers that have keys, by their names. Its errors are
// *KeychainError.
func (k Keychain) List() ([]Stored, error) {
	servers, err := get(index)
	if err != nil {
		return nil, err
	}
	slices.Sort(servers)
	var all []Stored
	for _, server := range slices.Compact(servers) {
		keys, err := k.Keys(server)
		if err != nil {
			return nil, err
		}
		if len(keys) > 0 {
			all = append(all, Stored{server, keys})
		}
	}
	return all, nil
}

// Add puts a key of a server behind those that are there. A key that is there
// already is left where it is; added is false then.
func (k Keychain) Add(ctx context.Context, baseURL string, key domain.Key) (added bool, _ error) {
	server := serverName(baseURL)
	if len(server) > maxServer {
		return false, fmt.Errorf("the base URL is longer than %d bytes", maxServer)
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	lines, err := get(server)
	if err != nil || slices.Contains(lines, key.Secret()) {
		return false, err
	}
	servers, err := get(index)
	if err != nil {
		return false, err
	}
	lines = append(lines, key.Secret())
	if !slices.Contains(servers, server) {
		servers = append(servers, server)
	}
	if size(lines) > maxItem || size(servers) > maxItem {
		return false, fmt.Errorf("%s: %w (%d bytes; %d keys are there): keep them in a file instead (--key-file)", server, ErrFull, maxItem, len(lines)-1)
	}
	// The list first: a server too many on it does no harm, a key that is on no
	// list could not be found again.
	if err := set(index, servers); err != nil {
		return false, err
	}
	return true, set(server, lines)
}

// Remove takes out the key with that fingerprint, with or without the … before
// it. The base URL may be empty where only one server has such a key. It gives
// the server. ErrNoKey and ErrSeveral are among its errors.
func (k Keychain) Remove(ctx context.Context, baseURL, fingerprint string) (server string, _ error) {
	fits := func(key domain.Key) bool {
		return key.Fingerprint() == "…"+strings.TrimPrefix(fingerprint, "…")
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	all, err := k.List()
	if err != nil {
		return "", err
	}
	var at []Stored
	for _, s := range all {
		if baseURL != "" && s.Server != serverName(baseURL) {
			continue
		}
		switch n := len(s.Keys) - len(slices.DeleteFunc(slices.Clone(s.Keys), fits)); {
		case n > 1:
			return "", fmt.Errorf("%w for %s, and they look alike", ErrSeveral, s.Server)
		case n == 1:
			at = append(at, s)
		}
	}
	switch len(at) {
	case 0:
		return "", ErrNoKey
	case 1:
		return at[0].Server, k.keep(at[0].Server, slices.DeleteFunc(at[0].Keys, fits))
	}
	return "", fmt.Errorf("%w, for %d servers", ErrSeveral, len(at))
}

// RemoveAll takes out all keys of a server, and gives how many. ErrNoKey says
// that there were none.
func (k Keychain) RemoveAll(ctx context.Context, baseURL string) (int, error) {
	unlock, err := k.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	keys, err := k.Keys(baseURL)
	if err != nil {
		return 0, err
	}
	if len(keys) == 0 {
		return 0, ErrNoKey
	}
	return len(keys), k.keep(serverName(baseURL), nil)
}

// keep writes what is left of a server's keys. The caller holds the lock.
func (k Keychain) keep(server string, keys []domain.Key) error {
	var lines []string
	for _, key := range keys {
		lines = append(lines, key.Secret())
	}
	if err := set(server, lines); err != nil || len(lines) > 0 {
		return err
	}
	servers, err := get(index)
	if err != nil {
		return err
	}
	return set(index, slices.DeleteFunc(servers, func(s string) bool { return s == server }))
}

// lock waits until no other process changes the keychain.
func (k Keychain) lock(ctx context.Context) (unlock func(), _ error) {
	if k.LockFile == "" {
		return func() {}, nil
	}
	if err := os.MkdirAll(filepath.Dir(k.LockFile), 0o700); err != nil {
		return nil, fmt.Errorf("lock the keychain: %w", err)
	}
	lock := flock.New(k.LockFile, flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, fmt.Errorf("lock the keychain with %s: %w", k.LockFile, err)
	}
	// Nothing depends on the file's being closed well: the lock ends with it, or
	// with the process.
	return func() { _ = lock.Close() }, nil
}

// get gives the lines of an item; none if there is no such item.
func get(item string) ([]string, error) {
	text, err := keyring.Get(service, item)
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, &KeychainError{err}
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), nil
}

// set writes the lines of an item; with none the item goes.
func set(item string, lines []string) error {
	var err error
	if len(lines) == 0 {
		if err = keyring.Delete(service, item); errors.Is(err, keyring.ErrNotFound) {
			err = nil
		}
	} else {
		err = keyring.Set(service, item, strings.Join(lines, "\n"))
	}
	if err != nil {
		return &KeychainError{err}
	}
	return nil
}

func size(lines []string) int { return len(strings.Join(lines, "\n")) }

// serverName is what a server's item is called: its base URL without a slash at
// the end, and with the host in lower case, where case means nothing.
func serverName(baseURL string) string {
	baseURL = strings.TrimRight(strings.TrimSpace(baseURL), "/")
	if u, err := url.Parse(baseURL); err == nil {
		u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
		baseURL = u.String()
	}
	return baseURL
}
