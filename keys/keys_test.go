package keys_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zalando/go-keyring"

	"vlocal/keys"
)

// What a test's keys begin with: it must be in no error.
const marked = "sk-marked-"

// flat makes keys comparable: each as "secret from where".
func flat(found []keys.Found) (out []string) {
	for _, f := range found {
		out = append(out, f.Key.Secret()+" from "+f.From)
	}
	return out
}

func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

const server = "https://api.example.com/v1"

func TestTheFirstSourceThatHasKeysCounts(t *testing.T) {
	keyring.MockInit()
	var chain keys.Keychain
	for _, secret := range []string{"stored-1", "stored-2"} {
		if _, err := chain.Add(t.Context(), server, parse(t, secret)); err != nil {
			t.Fatal(err)
		}
	}
	file := keyFile(t, "in-file\n", 0o600)
	all := map[string]string{"VLOCAL_API_KEYS": "many-1,many-2", "VLOCAL_API_KEY": "one", "OPENAI_API_KEY": "other", "MISTRAL": "mist"}
	without := func(names ...string) map[string]string {
		m := map[string]string{}
		for k, v := range all {
			m[k] = v
		}
		for _, n := range names {
			m[n] = ""
		}
		return m
	}
	for name, c := range map[string]struct {
		sources keys.Sources
		baseURL string
		want    []string
	}{
		"the file before all": {keys.Sources{File: file, Getenv: env(all)}, server, []string{"in-file from " + file + " line 1"}},
		"several in a variable": {keys.Sources{Getenv: env(all)}, server,
			[]string{"many-1 from VLOCAL_API_KEYS", "many-2 from VLOCAL_API_KEYS"}},
		"one in a variable":                        {keys.Sources{Getenv: env(without("VLOCAL_API_KEYS"))}, server, []string{"one from VLOCAL_API_KEY"}},
		"OpenAI's variable":                        {keys.Sources{Getenv: env(without("VLOCAL_API_KEYS", "VLOCAL_API_KEY"))}, server, []string{"other from OPENAI_API_KEY"}},
		"another variable":                         {keys.Sources{Env: []string{"NONE", "MISTRAL"}, Getenv: env(all)}, server, []string{"mist from MISTRAL"}},
		"a list of nothing":                        {keys.Sources{Getenv: env(map[string]string{"VLOCAL_API_KEYS": " , ,"})}, server, []string{"stored-1 from keychain", "stored-2 from keychain"}},
		"the keychain":                             {keys.Sources{}, server, []string{"stored-1 from keychain", "stored-2 from keychain"}},
		"the keychain has it for that server only": {keys.Sources{}, "https://api.example.org/v1", nil},
		"no server, no keychain":                   {keys.Sources{}, "", nil},
	} {
		found, err := c.sources.Find(c.baseURL)
		if diff := cmp.Diff(c.want, flat(found)); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestNoKeyComesTwice(t *testing.T) {
	found, err := keys.Sources{Getenv: env(map[string]string{"VLOCAL_API_KEYS": "b, a ,b,\ta,,c"})}.Find("")
	want := []string{"b from VLOCAL_API_KEYS", "a from VLOCAL_API_KEYS", "c from VLOCAL_API_KEYS"}
	if diff := cmp.Diff(want, flat(found)); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestKeysThatWouldBreakTheHeaderAreRefusedUnseen(t *testing.T) {
	for name, secret := range map[string]string{
		"a space":            marked + "0123 4567",
		"a word before it":   "Bearer " + marked + "01234567",
		"a tab":              marked + "0123\t4567",
		"a line break":       marked + "0123\r\nX-Evil: 4567",
		"a NUL":              marked + "0123\x004567",
		"DEL":                marked + "0123\x7f4567",
		"a typographic dash": marked + "0123–4567",
		"not UTF-8":          marked + "0123\xff4567",
		"far too long":       marked + strings.Repeat("0", 9000),
	} {
		one := keys.Sources{Getenv: env(map[string]string{"VLOCAL_API_KEY": secret})}
		several := keys.Sources{Getenv: env(map[string]string{"VLOCAL_API_KEYS": "fine," + secret})}
		for _, s := range []keys.Sources{one, several} {
			found, err := s.Find(server)
			if err == nil || found != nil {
				t.Errorf("%s: taken: %v", name, found)
			} else if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "marked") || !strings.Contains(text, "VLOCAL_API_KEY") {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
	if _, err := keys.Parse(" \n"); err == nil {
		t.Error("nothing is a key")
	}
}

// keyFile makes a file of that mode.
func keyFile(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "my keys.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // WriteFile's is cut by the umask
		t.Fatal(err)
	}
	return path
}

func TestKeyFileHasOneKeyALine(t *testing.T) {
	path := keyFile(t, "\ufeff# mine\r\n\r\n  first \r\nsecond\n   # not this\nfirst\nthird", 0o600)
	found, err := keys.ReadFile(path)
	want := []string{"first from " + path + " line 3", "second from " + path + " line 4", "third from " + path + " line 7"}
	if diff := cmp.Diff(want, flat(found)); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestKeyFilesThatAreNoneAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ path, says string }{
		"a folder":        {t.TempDir(), "regular file"},
		"not there":       {filepath.Join(t.TempDir(), "none"), "none"},
		"empty":           {keyFile(t, "# only words\n\n", 0o600), "no key in it"},
		"far too long":    {keyFile(t, strings.Repeat("#\n", 40<<10), 0o600), "bytes"},
		"a key and words": {keyFile(t, "fine\n"+marked+"0123 my own\n", 0o600), "line 2: this is no API key"},
	} {
		found, err := keys.ReadFile(c.path)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.path) || strings.Contains(err.Error(), "marked") {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	if _, err := keys.ReadFile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
