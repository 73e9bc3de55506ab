package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vlocal/domain"
	"vlocal/preprocess"
)

// Walk yields the candidates at and below root, an absolute clean path, in the
// order of the byte strings of their domain.PathText, then of their paths; so a
// caller can lay them beside a sorted list without holding either. It holds one
// folder's names at a time, and those of the folders above it.
//
// What cannot be read below root goes into the report; the error that is yielded,
// as the last thing, is the end of ctx or a root that cannot be read. A link to a
// folder is followed unless that would lead to a place that is walked already, so
// there are no loops and no file is met twice by way of folders.
func Walk(ctx context.Context, root string, o Options, report *Report) iter.Seq2[domain.Candidate, error] {
	return func(yield func(domain.Candidate, error) bool) {
		w := &walk{options: o.lower(), report: report, root: root, yield: yield}
		if err := w.start(ctx); err != nil && !errors.Is(err, errEnough) {
			yield(domain.Candidate{}, err)
		}
	}
}

// errEnough unwinds a walk whose caller wants no more.
var errEnough = errors.New("enough")

type walk struct {
	options Options // in lower case
	report  *Report
	root    string
	yield   func(domain.Candidate, error) bool
	// covered has the real paths of the folders whose insides are walked: the
	// root, and where links were followed to.
	covered []string
}

// entry is a name in a folder. A link has what it leads to.
type entry struct {
	name string
	mode fs.FileMode
	// info is set for links only; others are looked at when their turn comes.
	info fs.FileInfo
}

func (w *walk) start(ctx context.Context) error {
	info, err := os.Stat(w.root)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return w.file(w.root, entry{name: filepath.Base(w.root), mode: info.Mode().Type(), info: info})
	}
	real, err := filepath.EvalSymlinks(w.root)
	if err != nil {
		return err
	}
	w.covered = []string{real}
	entries, err := w.list(w.root)
	if err != nil {
		return fmt.Errorf("read the folder %s: %w", w.root, err)
	}
	return w.entries(ctx, w.root, entries)
}

func (w *walk) folder(ctx context.Context, path string) error {
	entries, err := w.list(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it vanished just now
	}
	if err != nil {
		w.report.problem(path, err) // and go on with what was listed
	}
	return w.entries(ctx, path, entries)
}

func (w *walk) entries(ctx context.Context, folder string, entries []entry) error {
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		path := filepath.Join(folder, e.name)
		var err error
		switch {
		case matches(w.options.Exclude, w.below(path)):
			w.report.Excluded++
		case e.mode.IsDir():
			err = w.folder(ctx, path)
		default:
			err = w.file(path, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list gives what is to be walked in a folder, in order. With an error it gives
// what could be read.
func (w *walk) list(folder string) (entries []entry, err error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for err == nil {
		var part []fs.DirEntry
		// In parts: a folder of a million files is held as names only.
		part, err = f.ReadDir(1024)
		for _, d := range part {
			if strings.HasPrefix(d.Name(), ".") || hidden(d) {
				w.report.Hidden++
				continue
			}
			entries = append(entries, entry{name: d.Name(), mode: d.Type()})
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return w.follow(folder, entries), err
}

// follow replaces links by what they lead to, drops those that are not to be
// followed, and gives the rest in order. Links are taken by name, so that of two
// to one place it is always the same that is followed.
func (w *walk) follow(folder string, entries []entry) []entry {
	inOrder(entries)
	isLink := func(e entry) bool { return e.mode&fs.ModeSymlink != 0 }
	if !slices.ContainsFunc(entries, isLink) {
		return entries
	}
	kept := entries[:0]
	for _, e := range entries {
		ok := true
		if isLink(e) {
			e, ok = w.resolve(filepath.Join(folder, e.name), e)
		}
		if ok {
			kept = append(kept, e)
		}
	}
	inOrder(kept) // a link to a folder has its place among folders
	return kept
}

// inOrder sorts the names of a folder so that the paths of everything below come
// in order: what stands in a folder begins with its name and a separator.
func inOrder(entries []entry) {
	sep := string(os.PathSeparator)
	slices.SortFunc(entries, func(a, b entry) int {
		if !a.mode.IsDir() && !b.mode.IsDir() {
			return cmp.Or(strings.Compare(domain.PathText(a.name), domain.PathText(b.name)), strings.Compare(a.name, b.name))
		}
		key := func(e entry) string {
			if e.mode.IsDir() {
				return domain.PathText(e.name) + sep
			}
			return domain.PathText(e.name)
		}
		return cmp.Or(strings.Compare(key(a), key(b)), strings.Compare(a.name, b.name))
	})
}

// resolve says what a link leads to, and whether it is to be followed.
func (w *walk) resolve(path string, e entry) (_ entry, follow bool) {
	info, err := os.Stat(path)
	if err != nil {
		w.report.problem(path, fmt.Errorf("a link that leads nowhere: %w", err))
		return e, false
	}
	e.mode, e.info = info.Mode().Type(), info
	if !info.IsDir() {
		return e, true
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		w.report.problem(path, err)
		return e, false
	}
	for _, c := range w.covered {
		if within(real, c) || within(c, real) {
			return e, false
		}
	}
	w.covered = append(w.covered, real)
	return e, true
}

// below is a path as seen from the root.
func (w *walk) below(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, w.root), string(os.PathSeparator))
}

// file yields a file if it may be an image.
func (w *walk) file(path string, e entry) error {
	if !e.mode.IsRegular() {
		w.report.NotImages++
		return nil
	}
	if len(w.options.Include) > 0 && path != w.root && !matches(w.options.Include, w.below(path)) {
		w.report.Excluded++
		return nil
	}
	info := e.info
	if info == nil {
		var err error
		if info, err = os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return nil // it vanished just now
		} else if err != nil {
			w.report.problem(path, err)
			return nil
		}
	}
	if !preprocess.NamedLikeImage(e.name) {
		image, err := looksLikeImage(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.report.problem(path, err)
			return nil
		}
		if !image {
			w.report.NotImages++
			return nil
		}
	}
	w.report.found.Add(1)
	if !w.yield(domain.Candidate{Path: path, Size: info.Size(), ModTime: info.ModTime()}, nil) {
		return errEnough
	}
	return nil
}

// looksLikeImage judges a file by its first bytes.
func looksLikeImage(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, preprocess.SniffLen)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	_, ok := preprocess.Sniff(head[:n])
	return ok, nil
}
