package llm

import (
	"fmt"
	"time"
)

// ErrorKind says what went wrong with a call.
type ErrorKind string

// The kinds of Error. The first group is what the candidate did: its request
// or its answer was bad, which evaluators count as a failure. The second group
// is what the world did: counted as an error, never as a failure.
const (
	BadRequest    ErrorKind = "bad_request"    // parameters or messages that the model refuses
	ContextLength ErrorKind = "context_length" // the request does not fit the model
	ContentFilter ErrorKind = "content_filter" // the provider filtered the request or the answer
	InvalidOutput ErrorKind = "invalid_output" // structured output that is not what the schema says

	Network      ErrorKind = "network"       // no connection, or one that broke
	Timeout      ErrorKind = "timeout"       // connect, first byte, idle or total time ran out
	RateLimited  ErrorKind = "rate_limited"  // 429 after retries
	Quota        ErrorKind = "quota"         // 429 or 402 that waiting does not help
	Overloaded   ErrorKind = "overloaded"    // 5xx and 529 after retries
	Unauthorized ErrorKind = "unauthorized"  // 401 and 403
	NotFound     ErrorKind = "not_found"     // no such model or address
	BadReply     ErrorKind = "bad_reply"     // a reply that is not the protocol, or a stream that stopped half-way
	TargetFailed ErrorKind = "target_failed" // a target or command that crashed, hung or answered nonsense
)

// Kinds returns every kind, those of the candidate first.
func Kinds() []ErrorKind {
	return []ErrorKind{
		BadRequest, ContextLength, ContentFilter, InvalidOutput,
		Network, Timeout, RateLimited, Quota, Overloaded, Unauthorized, NotFound, BadReply, TargetFailed,
	}
}

// Error is a failed call. Message never contains a key or the prompt.
type Error struct {
	Kind       ErrorKind     `json:"type"`
	Message    string        `json:"message"`
	Status     int           `json:"status,omitempty"` // HTTP status, 0 when there was none
	RetryAfter time.Duration `json:"-"`                // what the provider asked for
	Attempts   int           `json:"attempts,omitempty"`
	Err        error         `json:"-"`
}

func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("%s (HTTP %d): %s", e.Kind, e.Status, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.Kind, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

// OfCandidate reports whether the configuration under test is to blame: such
// a call is a result that evaluators judge, not an error of the world.
func (k ErrorKind) OfCandidate() bool {
	switch k {
	case BadRequest, ContextLength, ContentFilter, InvalidOutput:
		return true
	}
	return false
}

// Systemic reports whether the next call will very likely fail for the same
// reason, so that a run should stop early instead of failing case by case.
func (k ErrorKind) Systemic() bool {
	switch k {
	case Unauthorized, NotFound, Quota:
		return true
	}
	return false
}
