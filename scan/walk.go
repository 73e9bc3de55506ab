package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"vlocal/domain"
	"vlocal/preprocess"
)

// Walk yields the candidates at and below root, an absolute clean path, in the
// order of the byte strings of their domain.PathText, then of their paths; so a
// caller can lay them beside a sorted list without holding either. It holds one
// folder's names at a time, and those of the folders above it. Options must be
// valid. A root that is a file is looked at whatever the options say.
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
	// first takes the first bytes of a file whose name does not tell.
	first [preprocess.SniffLen]byte
}

func (w *walk) start(ctx context.Context) error {
	unreadable := func(err error) error {
		return &domain.Error{
			Kind: domain.Unreadable, Op: "read", Object: domain.PathText(w.root), Err: withoutPath(err),
			Hint: "check that it is there and that you may open it",
		}
	}
	info, err := os.Stat(w.root)
	if err != nil {
		return unreadable(err)
	}
	if !info.IsDir() {
		return w.found(w.root, info)
	}
	real, err := filepath.EvalSymlinks(w.root)
	if err != nil {
		return unreadable(err)
	}
	w.covered = []string{real}
	list, err := w.list(ctx, w.root)
	if err != nil {
		return unreadable(err)
	}
	return w.merge(ctx, []*names{list})
}

// folders walks, side by side, folders whose paths have the same text; they come
// in the order of their paths. That is one folder, unless one's name has a byte
// ff where another's has a literal \xff.
func (w *walk) folders(ctx context.Context, paths []string) error {
	var lists []*names
	for _, p := range paths {
		list, err := w.list(ctx, p)
		if err != nil {
			w.report.problem(p, err) // and go on with what was listed
		}
		lists = append(lists, list)
	}
	return w.merge(ctx, lists)
}

// merge walks what is listed, in the order of the paths.
func (w *walk) merge(ctx context.Context, lists []*names) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var least *names
		for _, l := range lists {
			if l.more() && (least == nil || l.head().compare(least.head()) < 0) {
				least = l
			}
		}
		if least == nil {
			return nil
		}
		e := least.head()
		if e.kind != folder {
			least.next++
			if err := w.file(least.path(e), e.kind); err != nil {
				return err
			}
			continue
		}
		var paths []string
		for _, l := range lists {
			for ; l.more() && l.head().besides(e); l.next++ {
				paths = append(paths, l.path(l.head()))
			}
		}
		if err := w.folders(ctx, paths); err != nil {
			return err
		}
	}
}

// list gives what is to be walked in a folder, in order. With an error it gives
// what could be read.
func (w *walk) list(ctx context.Context, path string) (*names, error) {
	list := namesIn(path)
	f, err := os.Open(path)
	if err != nil {
		return list, err
	}
	defer f.Close()
	links := false
	// A walk whose time is over meets the end of ctx again, in merge.
	for err == nil && ctx.Err() == nil {
		var part []fs.DirEntry
		part, err = f.ReadDir(512)
		for _, d := range part {
			switch {
			case strings.HasPrefix(d.Name(), ".") || hidden(d):
				w.report.Hidden++
			case len(w.options.Exclude) > 0 && matches(w.options.Exclude, w.below(list.prefix+d.Name())):
				w.report.Excluded++
			default:
				k := kindOf(d.Type())
				links = links || k == link
				if err := list.add(d.Name(), k); err != nil {
					list.sort()
					return list, err
				}
			}
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	list.sort()
	if links {
		w.follow(list)
	}
	return list, err
}

func kindOf(mode fs.FileMode) kind {
	switch {
	case mode.IsRegular():
		return file
	case mode.IsDir():
		return folder
	case mode&fs.ModeSymlink != 0:
		return link
	}
	return other
}

// below is a path as seen from the root.
func (w *walk) below(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, w.root), string(os.PathSeparator))
}

// file looks at a file below the root, or at what a link leads to.
func (w *walk) file(path string, k kind) error {
	if k == other {
		w.report.NotImages++
		return nil
	}
	if len(w.options.Include) > 0 && !matches(w.options.Include, w.below(path)) {
		w.report.Excluded++
		return nil
	}
	stat := os.Lstat
	if k == link {
		stat = os.Stat
	}
	info, err := stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // it vanished just now
	case err != nil:
		w.report.problem(path, err)
		return nil
	}
	return w.found(path, info)
}

// found yields a file if it may be an image.
func (w *walk) found(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		w.report.NotImages++
		return nil
	}
	if !preprocess.NamedLikeImage(path) {
		image, err := w.looksLikeImage(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // it vanished just now
		case err != nil:
			w.report.problem(path, err)
			return nil
		case !image:
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

// looksLikeImage judges a regular file by its first bytes.
func (w *walk) looksLikeImage(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	n, err := io.ReadFull(f, w.first[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, fmt.Errorf("read its first bytes: %w", withoutPath(err))
	}
	_, ok := preprocess.Sniff(w.first[:n])
	return ok, nil
}
