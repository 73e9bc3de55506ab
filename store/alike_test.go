package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
)

// lakeB is near to lake, and chain to lakeB only; fruit is near to none of them.
const (
	lake  domain.PerceptualHash = 0x8000_0000_0000_ff00
	lakeB                       = lake ^ 0b11_1111
	chain                       = lake ^ 0b1111_1111_1111
	fruit                       = 0x8fff_0f0f_0f0f_0000
)

// beginLooking is Begin of a job whose image has the bytes of its path, and looks
// like hash.
func beginLooking(t *testing.T, r *Run, j domain.Job, hash domain.PerceptualHash) (domain.Attempt, error) {
	t.Helper()
	return r.Begin(t.Context(), j, domain.Facts{
		SHA256: sum(j.Image.Path), Width: 4, Height: 3, Format: "jpeg", Hash: hash,
	}, asked)
}

// oneOf starts a run that asks one of alike images.
func oneOf(t *testing.T, s *Store) *Run {
	t.Helper()
	return startRun(t, s, Scope{OneOfAlike: true})
}

// skips wants that a job is skipped.
func skips(t *testing.T, r *Run, j domain.Job, hash domain.PerceptualHash) {
	t.Helper()
	if _, err := beginLooking(t, r, j, hash); !errors.Is(err, domain.ErrAlike) {
		t.Fatalf("%s: %v, want that it is skipped", j.Image.Path, err)
	}
}

// asks wants that a job is asked.
func asks(t *testing.T, r *Run, j domain.Job, hash domain.PerceptualHash) domain.Attempt {
	t.Helper()
	a, err := beginLooking(t, r, j, hash)
	if err != nil {
		t.Fatalf("%s: %v, want that it is asked", j.Image.Path, err)
	}
	return a
}

// instead gives path base -> base of the image that was asked instead.
func instead(t *testing.T, s *Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for r, err := range s.Results(t.Context(), newTask(t, s).ID) {
		if err != nil {
			t.Fatal(err)
		}
		if r.AskedInstead != "" {
			all[filepath.Base(r.Path)] = filepath.Base(r.AskedInstead)
		}
	}
	return all
}

func TestOneOfAlikeImagesIsAsked(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
	r := oneOf(t, s)
	jobs := claim(t, r, 9)
	a := asks(t, r, jobs[0], lake)
	skips(t, r, jobs[1], lakeB)           // while it is being asked
	chained := asks(t, r, jobs[2], chain) // near to b, which is not asked
	other := asks(t, r, jobs[3], fruit)
	end(t, r, a, answered("a lake"))
	end(t, r, chained, answered("a lake, as it were"))
	end(t, r, other, answered("fruit"))
	skips(t, r, jobs[4], fruit^1) // once it is answered
	endRun(t, r)

	want := map[string]domain.Status{"a.jpg": "done", "b.jpg": "skipped", "c.jpg": "done", "d.jpg": "done", "e.jpg": "skipped"}
	if diff := cmp.Diff(want, statuses(t, s)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"b.jpg": "a.jpg", "e.jpg": "d.jpg"}, instead(t, s)); diff != "" {
		t.Error(diff)
	}
	totals, err := s.Totals(t.Context(), r.task.ID)
	if err != nil || totals.Alike != 2 || totals.Jobs[domain.Skipped] != 2 || len(totals.Failures) != 0 {
		t.Errorf("%+v, %v", totals, err)
	}
}

func TestImagesOfEarlierRunsAreAskedInstead(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})
	end(t, r, asks(t, r, claim(t, r, 1)[0], lake), answered("a lake"))
	endRun(t, r)

	add(t, s, "a.jpg", "b.jpg")
	r = oneOf(t, s)
	skips(t, r, claim(t, r, 1)[0], lakeB)
	endRun(t, r)
	// A run of that kind does not ask it again, another one does.
	for _, c := range []struct {
		scope Scope
		want  int
	}{{Scope{OneOfAlike: true}, 0}, {Scope{}, 1}} {
		ahead, err := s.Ahead(t.Context(), r.task.ID, c.scope, 5)
		if err != nil || ahead.Jobs != c.want {
			t.Errorf("%+v: %+v ahead, %v", c.scope, ahead, err)
		}
		again := startRun(t, s, c.scope)
		if again.Total != c.want {
			t.Errorf("%+v: %d to ask, want %d", c.scope, again.Total, c.want)
		}
		for _, j := range claim(t, again, 9) {
			if j.Released {
				t.Error("it was not skipped by this run")
			}
			end(t, again, asks(t, again, j, lakeB), answered("also a lake"))
		}
		endRun(t, again)
	}
	if got := statuses(t, s)["b.jpg"]; got != domain.Done || len(instead(t, s)) != 0 {
		t.Errorf("b.jpg is %s, %v", got, instead(t, s))
	}
}

func TestAlikeImagesAreAskedWhenTheOneFails(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "b.jpg", "c.jpg")
	r := oneOf(t, s)
	jobs := claim(t, r, 9)
	a := asks(t, r, jobs[0], lake)
	skips(t, r, jobs[1], lakeB)
	skips(t, r, jobs[2], lakeB)
	// A try that is not the last one changes nothing.
	end(t, r, a, failed(domain.Server, domain.Pending))
	if jobs := claim(t, r, 9); len(jobs) != 1 {
		t.Fatalf("%d jobs", len(jobs))
	}
	end(t, r, asks(t, r, jobs[0], lake), failed(domain.Refused, domain.Failed))

	again := claim(t, r, 9)
	if len(again) != 2 || !again[0].Released || !again[1].Released {
		t.Fatalf("released: %+v", again)
	}
	b := asks(t, r, again[0], lakeB)
	skips(t, r, again[1], lakeB)
	end(t, r, b, answered("a lake"))
	endRun(t, r)
	want := map[string]domain.Status{"a.jpg": "failed", "b.jpg": "done", "c.jpg": "skipped"}
	if diff := cmp.Diff(want, statuses(t, s)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"c.jpg": "b.jpg"}, instead(t, s)); diff != "" {
		t.Error(diff)
	}
}

// An image that fails just when another was found to look like it must not take that
// one with it.
func TestNoImageIsSkippedForOneThatHasFailed(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "b.jpg")
	r := oneOf(t, s)
	defer endRun(t, r)
	jobs := claim(t, r, 2)
	end(t, r, asks(t, r, jobs[0], lake), failed(domain.Refused, domain.Failed))
	r.alike.index.Add(jobs[0].Image.ID, lake) // as it was a moment ago
	if _, err := beginLooking(t, r, jobs[1], lakeB); !errors.Is(err, domain.ErrBeingAsked) {
		t.Fatalf("%v, want that it comes again", err)
	}
	asks(t, r, claim(t, r, 1)[0], lakeB)
}

func TestCopiesShareTheAnswerAlsoWhereOneOfAlikeIsAsked(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "b.jpg")
	r := oneOf(t, s)
	defer endRun(t, r)
	jobs := claim(t, r, 2)
	end(t, r, asks(t, r, jobs[0], lake), answered("a lake"))
	jobs[1].Image.Path = jobs[0].Image.Path // of which beginLooking makes the bytes
	if _, err := beginLooking(t, r, jobs[1], lake); !errors.Is(err, domain.ErrAnswered) {
		t.Errorf("%v, want that it shares the answer", err)
	}
}

// What an image was skipped for may change, or go away before it was answered.
func TestAlikeImagesAreAskedWhenTheOneIsNotThatAnyMore(t *testing.T) {
	root := filepath.FromSlash("/photos")
	all := Look{
		Hash: func(string) ([32]byte, error) { return sum("other bytes"), nil },
		Gone: func(string) bool { return true },
	}
	file := func(name string, size int64) domain.Candidate {
		return domain.Candidate{Path: filepath.Join(root, name), Size: size, ModTime: time.Unix(1700000000, 123)}
	}
	for name, c := range map[string]struct {
		ending domain.Ending
		found  []domain.Candidate
		want   map[string]domain.Status
	}{
		"changed": {answered("a lake"), []domain.Candidate{file("a.jpg", 99), file("b.jpg", 5)},
			map[string]domain.Status{"a.jpg": "pending", "b.jpg": "pending"}},
		"gone unanswered": {failed(domain.Server, domain.Pending), []domain.Candidate{file("b.jpg", 5)},
			map[string]domain.Status{"a.jpg": "skipped", "b.jpg": "pending"}},
		"gone": {answered("a lake"), []domain.Candidate{file("b.jpg", 5)},
			map[string]domain.Status{"a.jpg": "done", "b.jpg": "skipped"}},
		"the other one changed": {answered("a lake"), []domain.Candidate{file("a.jpg", 5), file("b.jpg", 99)},
			map[string]domain.Status{"a.jpg": "done", "b.jpg": "pending"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := create(t)
			add(t, s, "a.jpg", "b.jpg")
			r := oneOf(t, s)
			jobs := claim(t, r, 2)
			a := asks(t, r, jobs[0], lake)
			skips(t, r, jobs[1], lakeB)
			end(t, r, a, c.ending)
			endRun(t, r)
			if _, err := s.Sync(t.Context(), root, inOrder(c.found), all); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, statuses(t, s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFileThatComesBackStaysSkippedForOneThatLooksAlike(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "b.jpg")
	r := oneOf(t, s)
	jobs := claim(t, r, 2)
	a := asks(t, r, jobs[0], lake)
	skips(t, r, jobs[1], lakeB)
	end(t, r, a, answered("a lake"))
	endRun(t, r)
	root := filepath.FromSlash("/photos")
	for _, names := range [][]string{{"a.jpg"}, {"a.jpg", "b.jpg"}} {
		gone := Look{Gone: func(string) bool { return true }}
		if _, err := s.Sync(t.Context(), root, candidates(root, names...), gone); err != nil {
			t.Fatal(err)
		}
		if got := statuses(t, s)["b.jpg"]; got != domain.Skipped {
			t.Errorf("with %v it is %s", names, got)
		}
	}
}

func TestChangedFileForgetsWhatItWas(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg")
	r := startRun(t, s, Scope{})
	j := claim(t, r, 1)[0]
	want := domain.Facts{
		SHA256: sum("x"), Width: 4, Height: 3, Format: "jpeg", Orientation: 6, Warning: "w", TakenAt: "2024-05-01T12:33:00+02:00",
		Camera: "Canon EOS 40D", Lens: "50mm", Hash: lake,
		Place: domain.Place{Latitude: -47.5, Longitude: 13.25, Known: true},
	}
	if _, err := r.Begin(t.Context(), j, want, asked); err != nil {
		t.Fatal(err)
	}
	endRun(t, r)
	if i, err := s.ImageByID(t.Context(), j.Image.ID); err != nil || i.Facts != want {
		t.Errorf("%+v, %v", i.Facts, err)
	}
	root := filepath.FromSlash("/photos")
	changed := []domain.Candidate{{Path: filepath.Join(root, "a.jpg"), Size: 99}}
	look := Look{Hash: func(string) ([32]byte, error) { return sum("y"), nil }}
	if _, err := s.Sync(t.Context(), root, inOrder(changed), look); err != nil {
		t.Fatal(err)
	}
	if i, err := s.ImageByID(t.Context(), j.Image.ID); err != nil || i.Facts != (domain.Facts{}) {
		t.Errorf("%+v, %v", i.Facts, err)
	}
}

func TestGroupsAreAroundTheLargestImage(t *testing.T) {
	s := create(t)
	add(t, s, "a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg", "g.jpg")
	r := startRun(t, s, Scope{})
	for n, hash := range []domain.PerceptualHash{lake, lakeB, chain, fruit, fruit ^ 3, 0} {
		j := claim(t, r, 1)[0]
		f := domain.Facts{SHA256: sum(j.Image.Path), Width: 10 + n, Height: 10, Hash: hash}
		if _, err := r.Begin(t.Context(), j, f, asked); err != nil {
			t.Fatal(err)
		}
	}
	endRun(t, r)
	ids := func(groups []Group) (all []string) {
		for _, g := range groups {
			line := ""
			for _, m := range g {
				i, err := s.ImageByID(t.Context(), m.ID)
				if err != nil {
					t.Fatal(err)
				}
				line += fmt.Sprintf("%s %d ", filepath.Base(i.Path), m.Distance)
			}
			all = append(all, line)
		}
		return all
	}
	for within, want := range map[int][]string{
		0:  nil,
		2:  {"e.jpg 0 d.jpg 2 "},
		6:  {"e.jpg 0 d.jpg 2 ", "c.jpg 0 b.jpg 6 "},
		15: {"e.jpg 0 d.jpg 2 ", "c.jpg 0 b.jpg 6 a.jpg 12 "},
	} {
		g, err := s.AlikeGroups(t.Context(), within)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, ids(g.Groups)); diff != "" || g.Images != 5 || g.Unseen != 1 || g.Untold != 1 {
			t.Errorf("within %d: %s; %+v", within, diff, g)
		}
	}
	// One that is gone is in no group.
	root := filepath.FromSlash("/photos")
	gone := Look{Gone: func(string) bool { return true }}
	if _, err := s.Sync(t.Context(), root, candidates(root, "a.jpg", "b.jpg", "c.jpg", "e.jpg"), gone); err != nil {
		t.Fatal(err)
	}
	g, err := s.AlikeGroups(t.Context(), 6)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"c.jpg 0 b.jpg 6 "}, ids(g.Groups)); diff != "" {
		t.Error(diff)
	}
}
