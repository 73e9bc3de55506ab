package scan

import (
	"fmt"
	"os"
	"path/filepath"
)

// follow looks at the links in a list: those to folders become folders, those
// that are not to be followed go. Links are taken in the order of their names, so
// that of two to one place it is always the same that is followed.
func (w *walk) follow(list *names) {
	kept := list.order[:0]
	for _, place := range list.order {
		e := list.entry(place)
		if e.kind == link {
			k, ok := w.resolve(list.path(e))
			if !ok {
				continue
			}
			list.setKind(place, k)
		}
		kept = append(kept, place)
	}
	list.order = kept
	list.sort() // a link to a folder has its place among folders
}

// resolve says what a link leads to, and whether it is to be followed.
func (w *walk) resolve(path string) (k kind, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		w.report.problem(path, fmt.Errorf("the link cannot be followed: %w", withoutPath(err)))
		return link, false
	}
	switch {
	case info.Mode().IsRegular():
		return link, true
	case !info.IsDir():
		return other, true
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		w.report.problem(path, fmt.Errorf("the link cannot be followed: %w", withoutPath(err)))
		return link, false
	}
	for _, c := range w.covered {
		if within(real, c) || within(c, real) {
			w.report.Links++
			return link, false
		}
	}
	w.covered = append(w.covered, real)
	return folder, true
}
