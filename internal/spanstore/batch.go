package spanstore

import "github.com/assay-llmops/assay/internal/trace"

// Batch is what one request brought for one project, already checked: every
// span has valid ids and can be walked. Its bytes are the store's from the call
// on and must not change.
type Batch struct {
	Received  int64 // UTC nanoseconds
	Resources []Resource
	Scopes    []Scope
	Spans     []Item // messages Span
	Logs      []Item // messages LogRecord
	Scores    []trace.Score
}

// Resource is what sent something.
type Resource struct {
	Bytes     []byte // the message Resource of OTLP
	SchemaURL string
}

// Scope is the instrumentation that made something.
type Scope struct {
	Resource  int    // index into Batch.Resources
	Bytes     []byte // the message InstrumentationScope
	SchemaURL string
}

// Item is a span or a log record as sent, but for redaction.
type Item struct {
	Scope int // index into Batch.Scopes
	Bytes []byte
}
