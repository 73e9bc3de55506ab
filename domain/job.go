package domain

import (
	"errors"
	"time"
)

// Status is where a job stands. The list is closed.
type Status string

const (
	// Pending: to be asked, now or when its time comes.
	Pending Status = "pending"
	// Running: claimed by a run that is under way.
	Running Status = "running"
	// Done: answered.
	Done Status = "done"
	// Failed: not answered, and not asked again until a person says so.
	Failed Status = "failed"
	// Skipped: there is nothing to ask, such as when the file is gone, or an image
	// that looks alike is asked instead.
	Skipped Status = "skipped"
)

// Statuses is the closed list, in the order a job goes through them.
var Statuses = []Status{Pending, Running, Done, Failed, Skipped}

// Job is one image under one task.
type Job struct {
	ID    int64
	Image Image
	// Tries counts the attempts since a person last queued the job. Attempts
	// that were interrupted, or that ended with an error of the whole run, do
	// not count.
	Tries int
	// Model is the one to ask next, once the first could not answer; "" for the
	// first.
	Model string
	// Released says that this run skipped it for an image that looks alike
	// (ErrAlike), which then could not be answered.
	Released bool
	// Rejected is the last answer, where it did not fit the task's schema; nil for
	// none.
	Rejected *Rejected
}

// Asked is whom an attempt asks.
type Asked struct {
	// Model is the name that is sent; "" when nobody was asked.
	Model string
	// Key is the fingerprint of the API key; "" when there was none.
	Key string
}

// Attempt is one try at a job, on record from before its request leaves.
type Attempt struct {
	ID        int64
	JobID     int64
	StartedAt time.Time
	// SHA256 is of the bytes it is about; all zero when they are not known.
	SHA256 [32]byte
	Asked

	// What follows is known of an attempt that ended.

	EndedAt time.Time
	// Outcome is "ok", an ErrorKind, or "" while the attempt is under way.
	Outcome string
	// Error is what went wrong, for a person.
	Error string
	// HTTPStatus is that of the server's answer; 0 if none came.
	HTTPStatus int
	// Latency is 0 when no request was sent.
	Latency time.Duration
	// Answer is what the model said, as far as it did.
	Answer Answer
}

// Answer is what the model said. With an error it holds as much as came.
type Answer struct {
	// Text is the raw text; may be empty with an error.
	Text string
	// FinishReason is the server's word for why the text ends: "stop",
	// "length"; "" when it gave none.
	FinishReason string
	// Model is the name the server answered under; "" when it gave none.
	Model string
	Usage
	// Cost is what the answer costs; nil when that is not known.
	Cost *Money
	// Fields is a JSON object that fits the task's schema; "" when there is none.
	Fields string
	// Mended says what had to be mended in the text for that; "" for nothing.
	Mended string
}

// Usage counts tokens as the server reports them. All are 0 when it does not.
type Usage struct {
	// TokensCached is the part of TokensIn that the server had in its cache.
	TokensIn, TokensOut, TokensCached int
}

// Add adds the counts of other.
func (u *Usage) Add(other Usage) {
	u.TokensIn += other.TokensIn
	u.TokensOut += other.TokensOut
	u.TokensCached += other.TokensCached
}

// Ending is how an attempt ended and what becomes of its job.
type Ending struct {
	// Err is nil for an attempt that ended ok.
	Err *Error
	// Answer is what the model said, as far as it did. Its text is kept even
	// when Err is not nil: it was paid for.
	Answer Answer
	// Latency is the time from sending the request to having the whole answer;
	// 0 when no request was sent.
	Latency time.Duration
	// Status is what the job becomes: Done, Failed, or Pending to be asked
	// again.
	Status Status
	// NotBefore is when a job that becomes Pending is due again.
	NotBefore time.Time
	// CountTry says whether the attempt counts against the job's tries.
	CountTry bool
	// Model is the one that a job that becomes Pending is to ask next; "" for
	// the first.
	Model string
	// Reject has a job that becomes Pending show the model this answer again, with
	// what is wrong with it.
	Reject bool
	// Release gives a job that becomes Pending back: this run does not claim it
	// again, another one will.
	Release bool
}

// Decision is what a run decided by itself and a person may ask about later.
type Decision struct {
	At time.Time
	// What it is about.
	What Subject
	// Text says it in words.
	Text string
}

// Subject is what a decision is about. The list is closed.
type Subject string

const (
	// AboutPace: how many requests a minute a key sends.
	AboutPace Subject = "pace"
	// AboutSlots: how many requests are in flight at most.
	AboutSlots Subject = "slots"
	// AboutPause: the whole run waits, or goes on.
	AboutPause Subject = "pause"
	// AboutKey: a key is set aside, or used again.
	AboutKey Subject = "key"
	// AboutBudget: the money is spent.
	AboutBudget Subject = "budget"
	// AboutRetries: too many requests are tries again.
	AboutRetries Subject = "retries"
	// AboutFormat: how a model is asked for an answer that fits a schema.
	AboutFormat Subject = "format"
)

// Subjects is the closed list.
var Subjects = []Subject{AboutPace, AboutSlots, AboutPause, AboutKey, AboutBudget, AboutRetries, AboutFormat}

// ErrAnswered says that no attempt was begun because the same bytes were
// answered under the same task before. The job is done and shares that answer.
var ErrAnswered = errors.New("the same picture was answered before")

// ErrBeingAsked says that no attempt was begun because the same bytes are being
// asked about right now, for another job. The job is pending and due again in a
// moment.
var ErrBeingAsked = errors.New("the same picture is being asked about")

// ErrAlike says that no attempt was begun because an image that looks alike is asked
// instead, or was. The job is skipped; should that image fail, it is pending again.
var ErrAlike = errors.New("an image that looks alike is asked instead")

// Totals is how far a task is and what it took.
type Totals struct {
	// Jobs counts jobs by status; a status without jobs has no entry.
	Jobs map[Status]int
	// Failures counts the failed and skipped jobs by error kind.
	Failures map[ErrorKind]int
	// Attempts counts every attempt, Interrupted those whose process died.
	Attempts, Interrupted int
	// Alike counts the skipped jobs for which an image that looks alike was asked.
	Alike int
	// Shared counts done jobs whose answer was asked for another file with the
	// same bytes.
	Shared int
	Usage
	// Spent is what the attempts cost, as far as their price is known; Unpriced
	// counts those that were answered for an unknown price.
	Spent    Money
	Unpriced int
	// Keys is what was asked with each key, the most used first.
	Keys []KeyTotals
	// MeanLatency is over the attempts that ended ok.
	MeanLatency time.Duration
	// Asking is the time that runs took, from start to end; runs that were
	// killed count up to their last attempt.
	Asking time.Duration
}

// KeyTotals is what a task took of one API key.
type KeyTotals struct {
	// Key is its fingerprint; "" for asking without a key.
	Key string
	// Attempts counts those that asked with it, Failed those that did not end ok.
	Attempts, Failed int
	Usage
	Spent    Money
	Unpriced int
}

// TaskSpending is what a task cost so far.
type TaskSpending struct {
	Task     Task
	Attempts int
	// Spent is as far as prices are known; Unpriced counts answers whose price is
	// not.
	Spent    Money
	Unpriced int
}

// TaskProgress is how far one task is, and what it cost.
type TaskProgress struct {
	TaskSpending
	// Jobs counts its jobs by status; a status without jobs has no entry.
	Jobs map[Status]int
	// AskedAt is when its last run began; zero if none did.
	AskedAt time.Time
}

// All is how many jobs there are, whatever their status.
func (t Totals) All() int {
	n := 0
	for _, c := range t.Jobs {
		n += c
	}
	return n
}
