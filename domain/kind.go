package domain

import "slices"

// ErrorKind says why an attempt did not end ok. The list is closed: the
// database refuses any other value, and it is what a person filters on.
type ErrorKind string

// Kinds that are about the image. Asking again changes nothing until the file
// does.
const (
	// Unreadable: the file cannot be opened or read (permissions, vanished, I/O),
	// or its URL is refused or does not give it.
	Unreadable ErrorKind = "unreadable"
	// Unsupported: the bytes are sound, or not a picture at all, but no decoder
	// here takes them.
	Unsupported ErrorKind = "unsupported"
	// Corrupt: the bytes claim to be a known format and break its rules.
	Corrupt ErrorKind = "corrupt"
	// TooLarge: decoding, or sending, would pass a size bound.
	TooLarge ErrorKind = "too_large"
)

// Kinds that pass with time.
const (
	// RateLimited: the server said 429, or asked for a slower pace.
	RateLimited ErrorKind = "rate_limited"
	// Timeout: no whole answer within the time allowed.
	Timeout ErrorKind = "timeout"
	// Network: no HTTP answer came (refused, reset, no such host, TLS).
	Network ErrorKind = "network"
	// Server: the server failed by its own account (5xx).
	Server ErrorKind = "server"
)

// Kinds that are about the whole run. No job fails for them: the run stops and
// its jobs stay pending.
const (
	// Auth: the key is missing, wrong or not allowed to do this.
	Auth ErrorKind = "auth"
	// Quota: the account has no money or allowance left.
	Quota ErrorKind = "quota"
	// Model: the server does not know the model, or is not a model server at all.
	Model ErrorKind = "model"
)

// Kinds that are about this image under this question.
const (
	// BadRequest: the server understood the request and will not take it (4xx).
	BadRequest ErrorKind = "bad_request"
	// Refused: the model declined to answer.
	Refused ErrorKind = "refused"
	// Filtered: the provider's content filter stopped the question or the answer.
	Filtered ErrorKind = "filtered"
	// Truncated: the answer was cut at the token limit.
	Truncated ErrorKind = "truncated"
	// InvalidAnswer: an answer came that is empty or cannot be understood.
	InvalidAnswer ErrorKind = "invalid_answer"
)

// Interrupted: the process ended, or was told to stop at once, while the
// attempt was under way. It may have been paid for.
const Interrupted ErrorKind = "interrupted"

// ErrorKinds is the closed list, in the order of the declarations above.
var ErrorKinds = []ErrorKind{
	Unreadable, Unsupported, Corrupt, TooLarge,
	RateLimited, Timeout, Network, Server,
	Auth, Quota, Model,
	BadRequest, Refused, Filtered, Truncated, InvalidAnswer,
	Interrupted,
}

// Passes reports whether waiting can cure the error, so that the job is worth
// another attempt later.
func (k ErrorKind) Passes() bool {
	return slices.Contains([]ErrorKind{RateLimited, Timeout, Network, Server, Interrupted}, k)
}

// StopsRun reports whether the error is about the account or the server as a
// whole, so that every other request would end the same way.
func (k ErrorKind) StopsRun() bool {
	return slices.Contains([]ErrorKind{Auth, Quota, Model}, k)
}
