package ingest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
)

// The limits that hold where Options names none.
const (
	DefaultMaxBody  = 64 << 20  // bytes of a request, once decompressed
	DefaultMaxItems = 200_000   // spans or log records of a request
	DefaultInHand   = 128 << 20 // bytes of all requests in hand
)

// Store is the part of a store that ingest needs.
type Store interface {
	Append(ctx context.Context, project string, b *spanstore.Batch) error
}

// Options are the surroundings of an Ingest. Store is required.
type Options struct {
	Store Store
	// Project gives the project that a request may write to, from its headers.
	// The text is empty where the sender may choose it. An error refuses the
	// request: a *Denied as it says, any other one as unauthenticated.
	Project func(header func(name string) string) (string, error)
	Redact  *Redaction // nil: nothing is redacted
	Now     func() time.Time
	Observe func(Event) // told of every request that was answered

	MaxBody  int64
	MaxItems int
	InHand   int64
}

// Event is what an operator may know of a request: no content.
type Event struct {
	Signal   Signal
	Code     Code
	Accepted int64
	Rejected int64
	Redacted int64 // matches that were replaced
	Bytes    int64 // decompressed
	Took     time.Duration
	Err      error // the cause of a failure, for the operator; nil where Code says all
}

// Signal is what a request carries.
type Signal string

// The signals.
const (
	Traces Signal = "traces"
	Logs   Signal = "logs"
)

// Ingest takes in requests. It is safe for concurrent use.
type Ingest struct {
	Options
	budget *budget
	inflaters
}

// New makes an Ingest.
func New(o Options) *Ingest {
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxItems <= 0 {
		o.MaxItems = DefaultMaxItems
	}
	if o.InHand <= 0 {
		o.InHand = DefaultInHand
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Project == nil {
		o.Project = func(func(string) string) (string, error) { return "", nil }
	}
	if o.Observe == nil {
		o.Observe = func(Event) {}
	}
	in := &Ingest{Options: o, budget: newBudget(o.InHand, o.MaxBody)}
	in.fill(o.MaxBody)
	return in
}

// InHand is how many bytes of requests are held at the moment.
func (in *Ingest) InHand() int64 { return in.budget.inHand() }

// take keeps a decoded request: its body is in protobuf and the ingest's own.
// header gives the request's headers, by names in lower case.
func (in *Ingest) take(ctx context.Context, signal Signal, project string, header func(string) string, body []byte) (Event, string, error) {
	event := Event{Signal: signal, Bytes: int64(len(body))}
	chosen := project
	if chosen == "" {
		chosen = headerProject(header)
	}
	s := sorter{in: in, signal: signal, now: in.Now(), fixed: chosen, batches: map[string]*spanstore.Batch{}}
	if err := s.read(body); err != nil {
		return event, "", err
	}
	event.Redacted = s.redacted
	for _, name := range slices.Sorted(maps.Keys(s.batches)) {
		b := s.batches[name]
		if err := in.Store.Append(ctx, name, b); err != nil {
			return event, "", stored(err)
		}
		event.Accepted += int64(len(b.Spans) + len(b.Logs))
	}
	event.Rejected = s.rejected()
	return event, s.reasons(), nil
}

// stored says what an error of the store means to a sender.
func stored(err error) error {
	switch {
	case errors.Is(err, spanstore.ErrBusy):
		return &failure{Unavailable, retryBusy, "more arrives than can be written; send it again later", err}
	case errors.Is(err, spanstore.ErrFull):
		return &failure{Exhausted, retryFull, "the disk of the server is full; nothing new is kept until there is room", err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &failure{Unavailable, retryBusy, "the request ended before it was on disk", err}
	default:
		return &failure{Unavailable, retryFull, "the server could not write it", fmt.Errorf("appending to the store: %w", err)}
	}
}
