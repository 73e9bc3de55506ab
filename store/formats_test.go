package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
)

func TestFormatsAreRememberedForAWhile(t *testing.T) {
	s := create(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s.now = func() time.Time { return now }
	found := func(url, model string, f domain.Format) {
		t.Helper()
		if err := s.FoundFormat(t.Context(), url, model, f); err != nil {
			t.Fatal(err)
		}
	}
	found("http://a/v1", "old", domain.InPrompt)
	now = now.Add(20 * 24 * time.Hour)
	found("http://a/v1", "m", domain.JSONSchema)
	found("http://a/v1", "m", domain.JSONObject)
	found("http://b/v1", "m", domain.InPrompt)
	for _, want := range []map[string]domain.Format{
		{"old": domain.InPrompt, "m": domain.JSONObject}, {"m": domain.JSONObject}, {},
	} {
		got, err := s.Formats(t.Context(), "http://a/v1")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v, %v: %s", now, err, diff)
		}
		now = now.Add(15 * 24 * time.Hour)
	}
}

var errFit = errors.New("it does not fit")

func TestRejectedAnswerStaysWithItsJob(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "b.jpg")
	r := startRun(t, s, Scope{})
	reject := domain.Ending{
		Status: domain.Pending, Reject: true, Answer: domain.Answer{Text: "prose"},
		Err: &domain.Error{Kind: domain.InvalidAnswer, Err: errFit, Misfit: true},
	}
	jobs := []domain.Job{claim(t, r, 1)[0], claim(t, r, 1)[0]}
	end(t, r, begin(t, r, jobs[0], "a"), reject)
	want := &domain.Rejected{Text: "prose", Why: "it does not fit"}

	// Over what passes, and over the end of the run.
	for range 2 {
		j := claim(t, r, 1)[0]
		if diff := cmp.Diff(want, j.Rejected); diff != "" || j.Tries != 0 {
			t.Errorf("%d tries %s", j.Tries, diff)
		}
		end(t, r, begin(t, r, j, "a"), domain.Ending{Status: domain.Pending, Err: &domain.Error{Kind: domain.Interrupted, Err: errFit}})
		endRun(t, r)
		r = startRun(t, s, Scope{})
	}
	// Not over another model.
	claimed := claim(t, r, 2)
	i := 0
	if claimed[0].ID != jobs[0].ID {
		i = 1
	}
	if claimed[1-i].Rejected != nil {
		t.Errorf("another job has %+v", claimed[1-i].Rejected)
	}
	end(t, r, begin(t, r, claimed[i], "a"), domain.Ending{Status: domain.Pending, Model: "n", Err: reject.Err, Answer: reject.Answer})
	if j := claim(t, r, 1)[0]; j.Rejected != nil || j.Model != "n" {
		t.Errorf("%+v", j)
	}
	endRun(t, r)
}

// An answer about other bytes is none to better.
func TestChangedFileHasNoRejectedAnswer(t *testing.T) {
	s, f := create(t), folder(t.TempDir())
	then := time.Now().Add(-time.Hour)
	f.write(t, "a.jpg", "a", then)
	f.sync(t, s)
	r := startRun(t, s, Scope{})
	end(t, r, begin(t, r, claim(t, r, 1)[0], "a"), domain.Ending{
		Status: domain.Pending, Reject: true, Answer: domain.Answer{Text: "prose"}, Err: &domain.Error{Kind: domain.InvalidAnswer, Err: errFit, Misfit: true},
	})
	endRun(t, r)
	f.write(t, "a.jpg", "other bytes", then)
	f.sync(t, s)
	r = startRun(t, s, Scope{})
	if j := claim(t, r, 1)[0]; j.Rejected != nil {
		t.Errorf("%+v", j.Rejected)
	}
	endRun(t, r)
}
