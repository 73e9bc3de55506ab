package domain_test

import (
	"errors"
	"fmt"
	"testing"

	"vlocal/domain"
)

func TestErrorSaysWhatWhereWhyAndWhatToDo(t *testing.T) {
	e := &domain.Error{Kind: domain.Corrupt, Op: "decode", Object: "/p/a.jpg", Err: errors.New("cut short"), Hint: "copy it again"}
	if got, want := e.Error(), "decode /p/a.jpg: cut short (copy it again)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := e.Reason(), "decode: cut short (copy it again)"; got != want {
		t.Errorf("reason %q, want %q", got, want)
	}
	if got := (&domain.Error{Err: errors.New("cut short")}).Error(); got != "cut short" {
		t.Errorf("bare: %q", got)
	}
	if kind := domain.KindOf(fmt.Errorf("job 7: %w", e)); kind != domain.Corrupt {
		t.Errorf("kind %q through a wrapper", kind)
	}
	if kind := domain.KindOf(errors.New("other")); kind != "" {
		t.Errorf("kind %q of an error without one", kind)
	}
}

func TestPathTextIsValidAndLeavesGoodNamesAlone(t *testing.T) {
	for path, want := range map[string]string{
		"/p/写真 🐈.jpg":      "/p/写真 🐈.jpg",
		"/p/caf\xe9.jpg":   `/p/caf\xe9.jpg`,
		"/p/\xff\xfe":      `/p/\xff\xfe`,
		`/p/\xff`:          `/p/\xff`,
		"/p/\uFFFD is one": "/p/\uFFFD is one",
	} {
		if got := domain.PathText(path); got != want {
			t.Errorf("%q is %q, want %q", path, got, want)
		}
	}
}
