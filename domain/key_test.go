package domain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"vlocal/domain"
)

func TestKeyShowsItsFingerprintHoweverItIsPrinted(t *testing.T) {
	const secret = "sk-marked-1234567890-abcd"
	key := domain.NewKey(secret)
	within := struct {
		Seen   domain.Key
		hidden domain.Key
		list   []domain.Key
	}{key, key, []domain.Key{key}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", key, "within", within)
	encoded, err := json.Marshal(map[string]any{"key": key, "within": within, "p": &key})
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		all += fmt.Sprintf(verb+verb+verb, key, within, &within)
	}
	for _, part := range []string{"marked", "1234567890", fmt.Sprintf("%x", "marked")} {
		if strings.Contains(all, part) {
			t.Errorf("%s shows in %s", part, all)
		}
	}
	if key.Secret() != secret || key.String() != "…abcd" {
		t.Errorf("secret %q, fingerprint %q", key.Secret(), key)
	}
	if short := domain.NewKey("hunter2"); short.Fingerprint() != "…" {
		t.Errorf("a short key shows as %q", short)
	}
	if none := domain.NewKey(""); none != (domain.Key{}) || none.Fingerprint() != "" || none.Secret() != "" {
		t.Errorf("no key is %q", none)
	}
}
