package store

import (
	"fmt"
	"io/fs"
	"testing"
	"time"

	"vlocal/domain"
)

// What Recheck tells is on disk when it returns.
func TestWhatIsLookedAtAgainIsOnRecordAtOnce(t *testing.T) {
	s := create(t)
	var names []string
	for n := range 2_000 { // so many that writing them takes a while
		names = append(names, fmt.Sprintf("%04d.jpg", n))
	}
	add(t, s, names...)
	gone := func(string) (domain.Candidate, error) { return domain.Candidate{}, fs.ErrNotExist }
	r, err := s.Recheck(t.Context(), gone, Look{Gone: func(string) bool { return true }})
	if err != nil || r.Missing != len(names) {
		t.Fatalf("%+v, %v", r, err)
	}
	if n := query[int](t, s, "SELECT count(*) FROM images WHERE missing_at IS NOT NULL"); n != len(names) {
		t.Errorf("%d of %d are on record as missing", n, len(names))
	}
	back := func(path string) (domain.Candidate, error) {
		return domain.Candidate{Path: path, Size: 8, ModTime: time.Unix(1700000000, 123)}, nil
	}
	if r, err := s.Recheck(t.Context(), back, Look{}); err != nil || r.Returned != len(names) {
		t.Fatalf("%+v, %v", r, err)
	}
	if n := query[int](t, s, "SELECT count(*) FROM images WHERE missing_at IS NOT NULL"); n != 0 {
		t.Errorf("%d are still on record as missing", n)
	}
}
