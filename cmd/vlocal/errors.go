package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"vlocal/store"
	"vlocal/vision"
)

// Exit codes.
const (
	exitDone   = 0 // all rows that were asked are done
	exitError  = 1 // something could not be run, or the run stopped early
	exitUsage  = 2 // wrong usage
	exitFailed = 3 // the run went through, but rows failed
)

// usageError is a fault in how the program was called.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// errRowsFailed ends a run that went through and left failed rows. The summary
// has said so already.
var errRowsFailed = errors.New("rows failed")

// errTold ends a command with exit code 1 after the person was told why.
var errTold = errors.New("already told")

// report tells what went wrong and what to do, and gives the exit code.
func report(stderr io.Writer, err error) int {
	_, usage := errors.AsType[usageError](err)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errRowsFailed):
		return exitFailed
	case errors.Is(err, errTold):
		return exitError
	case usage:
		fmt.Fprintf(stderr, "vlocal: %s\nSee 'vlocal help' and 'vlocal COMMAND --help'.\n", printable(err.Error()))
		return exitUsage
	}
	fmt.Fprintf(stderr, "vlocal: %s\n", printable(err.Error()))
	if todo := advice(err); todo != "" {
		fmt.Fprintln(stderr, todo)
	}
	return exitError
}

// advice says what to do about the errors of the rooms below, which know nothing
// of flags.
func advice(err error) string {
	if _, inUse := errors.AsType[*store.InUseError](err); inUse {
		return "Wait until it is through, or stop it. Meanwhile status, list, show and export work."
	}
	if displaced, ok := errors.AsType[*store.DisplacedError](err); ok {
		return displacedAdvice(displaced)
	}
	switch {
	case errors.Is(err, store.ErrDiskFull):
		return "Make room there (a run wants some 50 MB), and run again to go on. Nothing that was recorded is lost."
	case errors.Is(err, store.ErrExists):
		return "Name another file, or replace an earlier backup with --force."
	case errors.Is(err, store.ErrOpenElsewhere):
		return "Close the program that has it open, or name another file."
	case errors.Is(err, store.ErrNoDatabase):
		return `Make one with: vlocal run FOLDER --prompt "What is in this photo?"   (or name another file with --db)`
	case errors.Is(err, store.ErrNotDatabase), errors.Is(err, store.ErrForeign):
		return "The file was left as it is. Name another one with --db FILE; if there is none of that name yet, it is made."
	case errors.Is(err, store.ErrStrange):
		return "The file was left as it is. If it is not yours, do not use it; if it is, take that out with a database tool and try again."
	case errors.Is(err, store.ErrNewer):
		return "The file was left as it is. Use the newer vlocal, or start another database with --db FILE."
	case errors.Is(err, store.ErrBusy):
		return "See whether another vlocal or a database tool has it open and stands still; end that, and try again."
	case errors.Is(err, store.ErrNoImage):
		return "See 'vlocal list' for what is on record, or 'vlocal scan FOLDER' to add to it."
	case errors.Is(err, vision.ErrNoModelList):
		return "Its models can be asked all the same, by the names in its documentation: --model NAME."
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "Check who may read and write there."
	}
	return ""
}

// displacedAdvice says how to go on where the database was taken away under a run.
func displacedAdvice(e *store.DisplacedError) string {
	switch e.Saved {
	case "":
		return "See whether its drive is there, and run again."
	case e.Path:
		return "Run again to go on."
	}
	return "Go on with it: vlocal --db " + e.Saved + " run"
}
