package main

import (
	"strings"
	"testing"

	"vlocal/domain"
	"vlocal/store"
)

// That another photo was asked is told once, with the reason.
func TestShowTellsWhichPhotoWasAskedInstead(t *testing.T) {
	for status, want := range map[domain.Status]string{
		domain.Skipped: "alike     asked instead: /p/b.jpg\n",
		domain.Done:    "shared    /p/b.jpg was asked about, which has the same bytes\n",
	} {
		got := historyText(domain.Image{ID: 1, Path: "/p/a.jpg"}, []store.History{{
			Task: domain.Task{Prompt: "?"}, Result: domain.Result{Status: status, AskedInstead: "/p/b.jpg"},
		}})
		if strings.Count(got, "/p/b.jpg") != 1 || !strings.Contains(got, want) {
			t.Errorf("%s: %s", status, got)
		}
	}
}
