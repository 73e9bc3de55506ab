package domain

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Error is what a person meets when an attempt, or the whole run, goes wrong:
// what was done, to which object, why it failed and what to do now.
//
// It never holds a key, and never a picture.
type Error struct {
	Kind ErrorKind
	// Op is the operation in plain words, such as "decode" or "ask".
	Op string
	// Object is the file, the URL or the model the operation was about. It may
	// be empty where the reader knows it from the context.
	Object string
	// Err is the cause. It is never nil.
	Err error
	// Hint says what to do now, as a sentence without its full stop. It may be
	// empty.
	Hint string
	// HTTPStatus is the status of the server's answer; 0 if none came.
	HTTPStatus int
	// Unreachable says that no connection to the server could be made, so that
	// the error cannot be about the image that was to be sent.
	Unreachable bool
	// Elsewhere says of an error of the account that another key is left to ask
	// with, so that the run can go on.
	Elsewhere bool
	// Source says that the trouble is with the server of the image, from which its
	// URL was to be fetched, be it by us or by the model's server. It tells nothing
	// about the model's server.
	Source bool
	// Away says that the folder of the image cannot be reached, as when its drive was
	// unplugged. It tells nothing about the image.
	Away bool
	// Misfit says that a whole answer came and does not fit the task's schema; the
	// model may better it when it is told what is wrong.
	Misfit bool
	// RetryAfter is how long the server asked to wait; 0 if it did not say.
	RetryAfter time.Duration
}

// Error gives operation, object, cause and hint on one line.
func (e *Error) Error() string {
	if e.Object == "" {
		return e.Reason()
	}
	return strings.TrimSpace(e.Op+" "+e.Object) + ": " + e.because()
}

// Reason is Error without the object, for where that stands beside it.
func (e *Error) Reason() string {
	if e.Op == "" {
		return e.because()
	}
	return e.Op + ": " + e.because()
}

// because gives cause and hint.
func (e *Error) because() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v", e.Err)
	if e.Hint != "" {
		b.WriteString(" (")
		b.WriteString(e.Hint)
		b.WriteByte(')')
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf gives the kind of the first *Error in err's chain, and "" when there
// is none.
func KindOf(err error) ErrorKind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}
