package spanstore

import (
	"context"
	"errors"

	"github.com/assay-llmops/assay/internal/trace"
)

var (
	// ErrBusy says that the store takes in more than it can write; the sender
	// should come again later.
	ErrBusy = errors.New("the store is busy")
	// ErrFull says that the disk is full: nothing new is taken until there is
	// room, reading goes on.
	ErrFull = errors.New("the disk is full")
	// ErrNotFound says that there is no such trace, span or session.
	ErrNotFound = errors.New("not found")
	// ErrCursor says that a cursor was not made by this store for this query.
	ErrCursor = errors.New("the cursor does not fit the query")
	// ErrDamaged says that what is asked for is there and cannot be read: its
	// bytes on the disk are not what was written.
	ErrDamaged = errors.New("damaged on disk")
	// ErrTooMany says that more spans match than such a query goes through; less
	// time, or more conditions, leave fewer.
	ErrTooMany = errors.New("too many spans match")
	// ErrUnsupported says that this store cannot answer such a query.
	ErrUnsupported = errors.New("this query is not supported")
)

// Store keeps spans. It is safe for concurrent use.
type Store interface {
	// Append keeps a batch. When it returns nil the batch is on disk, and the
	// next query sees it. ErrBusy and ErrFull keep nothing of it.
	Append(ctx context.Context, project string, b *Batch) error

	// Projects are the names of all projects that have something, sorted.
	Projects(ctx context.Context) ([]string, error)

	// Trace gives all spans of a trace by start, with what belongs to them.
	// ErrNotFound where there is none.
	Trace(ctx context.Context, project string, id trace.ID) (*Trace, error)
	// Spans are the spans that a query matches, newest first.
	Spans(ctx context.Context, project string, q Query) (*SpanPage, error)
	// Count is how many spans match a query, whatever its limit. While it looks at
	// texts it calls told now and then with how many it has found so far; those
	// that start after seen are counted then. An error of told ends the count.
	Count(ctx context.Context, project string, q Query, told func(spans, seen int64) error) (int64, error)
	// Traces are the traces of which one span matches the query, newest start
	// first, each summed over all of its spans.
	Traces(ctx context.Context, project string, q Query) (*TracePage, error)
	// Groups sums the spans that match the query by a dimension, such as user
	// or session, latest first: the list of users, of sessions.
	Groups(ctx context.Context, project string, by Dimension, q Query) (*GroupPage, error)
	// Aggregate is a table of figures over the spans that match.
	Aggregate(ctx context.Context, project string, q Aggregate) (*Table, error)
	// Scores are scores, newest first.
	Scores(ctx context.Context, project string, q ScoreQuery) (*ScorePage, error)

	// Export calls write for every span that matches, oldest arrival first, in
	// batches as they were sent.
	Export(ctx context.Context, project string, q Query, write func(*Batch) error) error

	// Ready is nil when the store takes in and answers; else it says why not.
	Ready(ctx context.Context) error
	// Metrics are the store's own figures.
	Metrics() Metrics
	// Close writes what is in memory and releases the store.
	Close() error
}

// Eraser is a Store that can forget. It is declared apart because not every
// engine can do so at once.
type Eraser interface {
	// Erase removes all that is kept of a user, a session or a trace, from
	// memory, index and disk, before it returns: every trace that names it, whole,
	// and what is about them. All that was acknowledged before the call goes; what
	// is acknowledged later stays.
	Erase(ctx context.Context, project string, what Erasure) (*Erased, error)
}

// Erasure names what to remove: exactly one member is set.
type Erasure struct {
	User    string
	Session string
	Trace   trace.ID
}

// Erased is the proof of an erasure: what was removed, and that a scan of the
// raw files finds it no more.
type Erased struct {
	Traces   []trace.ID // that had something removed, sorted
	Sessions []string   // that have no span any more, sorted
	Spans    int64
	Logs     int64
	Scores   int64
	Blobs    []string // SHA-256 of large bodies that nothing else named, in hex, sorted
	Files    int      // raw files that had some of it and were written anew
	Checked  int64    // bytes of raw files that were read afterwards and have none of it
}

// Retention is how long and how much a project keeps. Zero is without bound.
type Retention struct {
	MaxAge   int64 `json:"max_age,omitempty"`   // nanoseconds since a span arrived
	MaxBytes int64 `json:"max_bytes,omitempty"` // on disk
}

// Keeper is a Store that keeps of each project what was decided for it. What was
// not decided is as the store was opened.
type Keeper interface {
	// Keeps is what a project keeps, and whether that was decided for it alone.
	Keeps(ctx context.Context, project string) (policy Retention, own bool, err error)
	// Keep decides it, nil: as for all, and removes the rest before it returns.
	Keep(ctx context.Context, project string, policy *Retention) (*Retained, error)
}

// Recoster is a Store that can compute costs again. A cost is computed once, when
// a span arrives, at the prices that the store has then for the span's date; it
// stays what it is when the store is opened with other prices.
type Recoster interface {
	// Recost computes again what the spans cost that have arrived and started at
	// since or later, at the prices that the store has now, and says how many
	// costs that changed. progress is told how many spans were looked at.
	Recost(ctx context.Context, project string, since int64, progress func(done int64)) (changed int64, err error)
}

// Witness is a Store that knows what of it is damaged. It knows what it has met:
// an answer that was damaged is counted when it has been given.
type Witness interface {
	Damage(project string) Damage
}

// Damage is what of a project cannot be read any more, and so may be missing from
// any answer.
type Damage struct {
	Parts int64 // of the disk
	Items int64 // spans, log records and scores in them, as far as that is known
}

// Retained is what a retention removed.
type Retained struct {
	Spans int64
	Bytes int64
}

// Metrics are figures of a store for its operator.
type Metrics struct {
	Spans         int64 // kept
	Bytes         int64 // of everything on disk
	Acknowledged  int64 // spans since the start of the process
	Indexed       int64
	LagNanos      int64 // age of the oldest acknowledged span that is not indexed; 0 when there is none
	Commits       int64 // groups of requests that were synced together
	CommitNanos   int64 // spent writing and syncing
	Full          bool
	DamagedBlocks int64 // found since the start
}
