package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"vlocal/domain"
	"vlocal/scan"
	"vlocal/store"
)

// shownPhotos is how many of the photos with which something is wrong are named.
const shownPhotos = 5

// photoCheck collects what is wrong with photos.
type photoCheck struct {
	looked atomic.Int64

	mu                        sync.Mutex
	gone, changed, unreadable int
	some                      []string
}

// lookers is how many files are looked at at once: a network drive answers slowly,
// and many questions at the same time.
func lookers() int { return 4 * runtime.GOMAXPROCS(0) }

// photos compares every file on record with what is there now, by size and time.
func (d *doctor) photos(ctx context.Context, s *store.Store, _ store.Health) error {
	var p photoCheck
	stop := d.con.followLook("looking at photos", p.looked.Load)
	defer stop()
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(lookers())
	err := s.Files(looking, func(c domain.Candidate) error {
		group.Go(func() error {
			p.look(c)
			return looking.Err()
		})
		return nil
	})
	if err := errors.Join(err, group.Wait()); err != nil {
		return err
	}
	stop()
	v := verdict{check: "photos", fine: number(p.looked.Load()) + " on record, all there and unchanged", some: p.some}
	for _, part := range []struct {
		n    int
		what string
	}{{p.gone, "gone"}, {p.changed, "changed"}, {p.unreadable, "not readable"}} {
		if part.n > 0 {
			v.found += fmt.Sprintf(", %s %s", number(part.n), part.what)
		}
	}
	if v.found == "" {
		_, missing, err := s.Images(ctx)
		if err != nil {
			return err
		}
		if missing > 0 {
			v.fine += "; " + number(missing) + " gone, which is on record"
		}
		return d.tell(v)
	}
	v.found = fmt.Sprintf("%s on record: %s", number(p.looked.Load()), v.found[2:])
	v.do = program(d.c) + " scan FOLDER, or " + program(d.c) + " doctor --mend; if a drive is not plugged in, plug it in first"
	if p.unreadable > 0 {
		v.do += "; see who may read the files that are not readable"
	}
	if d.mend && p.gone+p.changed > 0 {
		if err := d.recheck(ctx, s, &v); err != nil {
			return err
		}
		v.mended = p.unreadable == 0
	}
	return d.tell(v)
}

// recheck puts on record what is gone and what has changed.
func (d *doctor) recheck(ctx context.Context, s *store.Store, v *verdict) error {
	r, err := s.Recheck(ctx, find, store.Look{Hash: scan.HashFile, Gone: gone})
	if err != nil {
		return err
	}
	v.found += fmt.Sprintf("; on record now: %s gone, %s changed, %s only touched", number(r.Missing), number(r.Changed), number(r.Touched))
	return nil
}

// look compares a file with what the last scan saw. It is opened, because whether it
// can be read nobody knows otherwise, and not read.
func (p *photoCheck) look(was domain.Candidate) {
	p.looked.Add(1)
	now, err := find(was.Path)
	if err == nil {
		var f *os.File
		if f, err = os.Open(was.Path); err == nil {
			err = f.Close()
		}
	}
	var counter *int
	what := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		counter, what = &p.gone, "gone"
	case err != nil:
		counter, what = &p.unreadable, cause(err).Error()
	case now.Size != was.Size || !now.ModTime.Equal(was.ModTime):
		counter, what = &p.changed, "changed"
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	*counter++
	if len(p.some) < shownPhotos {
		p.some = append(p.some, domain.PathText(was.Path)+": "+strings.TrimPrefix(what, "open "+was.Path+": "))
	}
}

// find gives what a scan would see of a file.
func find(path string) (domain.Candidate, error) {
	st, err := os.Stat(path)
	if err == nil && !st.Mode().IsRegular() {
		err = errors.New("not a file any more")
	}
	if err != nil {
		return domain.Candidate{}, err
	}
	return domain.Candidate{Path: path, Size: st.Size(), ModTime: st.ModTime()}, nil
}
