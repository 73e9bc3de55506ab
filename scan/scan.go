// Package scan finds the files in folders that may be images, and reads lists of
// images on the web. It reads names, sizes and times, and the first bytes of
// files whose names do not tell; it fetches nothing and knows nothing of the
// database.
package scan

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"vlocal/domain"
)

// Report counts what a scan came by. It may be shared by the walks of several
// roots, one after the other; only FoundSoFar may be called during a walk.
type Report struct {
	found atomic.Int64
	// NotImages counts files that neither name nor content makes an image, and
	// what is no file at all (pipes, sockets, devices).
	NotImages int
	// Hidden and Excluded count files and folders that were passed over, each
	// folder as one.
	Hidden, Excluded int
	// Links counts links to folders that were not followed, because what they
	// lead to is walked anyway, or holds what is walked.
	Links int
	// NotURLs counts the lines of a list that are no address of an image. They
	// are problems too.
	NotURLs int
	// Problems are the first of the places that could not be looked into.
	Problems []Problem
	problems int
}

// FoundSoFar gives the number of candidates yielded.
func (r *Report) FoundSoFar() int { return int(r.found.Load()) }

// ProblemCount gives the number of all problems, also those not kept.
func (r *Report) ProblemCount() int { return r.problems }

// keptProblems bounds what a report holds: a drive that fails has a problem a
// file.
const keptProblems = 20

func (r *Report) problem(path string, err error) {
	r.problems++
	if len(r.Problems) < keptProblems {
		r.Problems = append(r.Problems, Problem{Path: path, Err: withoutPath(err)})
	}
}

// Problem is a place that could not be looked into. The scan went on without it.
type Problem struct {
	Path string
	Err  error
}

func (p Problem) Error() string {
	return fmt.Sprintf("%s: %v", domain.PathText(p.Path), p.Err)
}

// withoutPath gives the cause of an error of package os. Whoever wraps it has
// named the path.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

func (p Problem) Unwrap() error { return p.Err }

// Roots makes paths absolute and clean, and drops those that lie inside another.
// A path at which there is nothing is an error.
func Roots(paths []string) ([]string, error) {
	var roots []string
	for _, p := range paths {
		abs, err := absolute(p)
		if err != nil {
			return nil, err
		}
		roots = append(roots, abs)
	}
	slices.Sort(roots)
	var outer []string
	for _, r := range roots {
		if !slices.ContainsFunc(outer, func(o string) bool { return within(r, o) }) {
			outer = append(outer, r)
		}
	}
	return outer, nil
}

func absolute(path string) (string, error) {
	if path == "" {
		// Made absolute it would be the current folder, which nobody named.
		return "", errors.New(`the name of a folder is empty (for the current folder write ".")`)
	}
	if u, err := URL(path); err == nil {
		return "", fmt.Errorf("%s is an address on the web (write it into a file, one a line, and name that with --urls FILE)", u)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", domain.PathText(path), err)
	}
	_, err = os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "", fmt.Errorf("there is no file or folder %s (check how it is spelled, or whether its drive is there)",
			domain.PathText(abs))
	case err != nil:
		return "", fmt.Errorf("look at %s: %w (check that you may open it)", domain.PathText(abs), withoutPath(err))
	}
	return abs, nil
}

// within reports whether path is root or lies below it. Both are clean.
func within(path, root string) bool {
	sep := string(os.PathSeparator)
	return path == root || strings.HasPrefix(path, strings.TrimSuffix(root, sep)+sep)
}

// HashFile gives the SHA-256 of a file's bytes.
func HashFile(path string) (sum [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}
