package config_test

import (
	"errors"
	"strings"
	"testing"

	"vlocal/config"
)

// FuzzParse holds that no text makes the reader panic, that every error is an
// *Error with the file's name, and that what is read has keys that are known.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "model = 'x'", "model = 3", "modle = 'x'", "provider = 'x'", "[provider.x]\nbase_url = 'http://x'\nrpm = 1",
		"[provider.x.y]\nz = 1", "[[provider]]\na = 1", "provider.x.rpm.y = 1", "[model]\na = 1", "include = [['a']]",
		"include = [{a = 1}]", "budget = inf", "timeout = '1h'", "timeout = 12:00:00", "prompt = \"\"\"\nx\"\"\"",
		"key = 'x'", "\xff\xfe", "a.b.c = 1\na.b = 2", "MODEL = 'x'\nmodel = 'y'", "model = '\\", "[provider.'']\nbase_url = 'x'",
		string(config.Sample(known)),
	} {
		f.Add([]byte(text))
	}
	keys := map[string]bool{config.DefaultProvider: true}
	for _, s := range known {
		keys[s.Key] = s.Refused == ""
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := config.Parse(known, "the file", text)
		if err != nil {
			if fault, ok := errors.AsType[*config.Error](err); !ok || fault.Path != "the file" {
				t.Fatalf("%T: %v", err, err)
			}
			if !strings.HasPrefix(err.Error(), "the file:") {
				t.Fatal(err)
			}
			return
		}
		for key, texts := range file.Values {
			if !keys[key] || texts == nil {
				t.Errorf("%q = %q was read", key, texts)
			}
		}
		for name, p := range file.Providers {
			if p.Name != name || p.Values["base_url"] == nil {
				t.Errorf("provider %q: %+v", name, p)
			}
		}
	})
}
