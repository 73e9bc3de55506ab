package main

import (
	"strings"
	"testing"
)

func TestOnlyWhatIsCalledIsFound(t *testing.T) {
	modules, library, err := findings(strings.NewReader(`
		{"config":{"protocol_version":"v1.0.0"}}
		{"finding":{"osv":"GO-1","fixed_version":"v2","trace":[{"module":"m","version":"v1"}]}}
		{"finding":{"osv":"GO-2","fixed_version":"v2","trace":[{"module":"m","version":"v1","package":"m/p"}]}}
		{"finding":{"osv":"GO-3","fixed_version":"v2","trace":[{"module":"m","version":"v1","package":"m/p","function":"F"},{"module":"vlocal"}]}}
		{"finding":{"osv":"GO-3","fixed_version":"v2","trace":[{"module":"m","version":"v1","package":"m/p","function":"G"}]}}
		{"finding":{"osv":"GO-4","fixed_version":"v1.26.9","trace":[{"module":"stdlib","version":"v1.26.8","package":"net/http","function":"H"}]}}`))
	if err != nil || len(modules) != 1 || !strings.Contains(modules[0], "GO-3") || len(library) != 1 || !strings.Contains(library[0], "GO-4") {
		t.Errorf("%q, %q, %v", modules, library, err)
	}
	if _, _, err := findings(strings.NewReader("{")); err == nil {
		t.Error("half a message is no error")
	}
}

// Without its database it has checked nothing, and says so; any other failure is
// one.
func TestOnlyTheNetworkIsForgiven(t *testing.T) {
	for said, want := range map[string]bool{
		`govulncheck: fetching vulnerabilities: Get "https://h/index/modules.json.gz": dial tcp: lookup h: no such host`: true,
		"govulncheck: fetching vulnerabilities: HTTP 404":                                                                false,
		"govulncheck: loading packages: there are errors with the provided package patterns":                             false,
	} {
		if unreachable.MatchString(said) != want {
			t.Errorf("%q", said)
		}
	}
}
