package spanstore

import (
	"time"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/trace"
)

// Query asks for spans, or for what they belong to.
type Query struct {
	Where  filter.Expr // nil: all
	Since  int64       // UTC nanoseconds; spans that start at or after it; 0 without bound
	Until  int64       // spans that start before it; 0 without bound
	Limit  int         // of a page; 0 is 50, at most 1,000
	Cursor string      // where the page before ended; empty for the first one
	Text   bool        // give previews of what went in and came out, which reads the bytes
}

// Record is a span as the index knows it.
type Record struct {
	trace.Row
	Counted  bool   // its usage and cost are in sums; false where a span below it has them
	Cost     *int64 // nano-dollars: as sent where the span says so, else computed; nil when unknown
	Computed *int64 // nano-dollars at our prices; nil when unknown
	Input    string // first 200 characters, where the query asked for text
	Output   string
}

// SpanPage is a page of spans.
type SpanPage struct {
	Spans []Record
	Next  string // cursor of the next page; empty at the end
}

// Summary is a trace in a list.
type Summary struct {
	Trace    trace.ID
	Root     string // name of the first root, or of the earliest span where the root never came
	Kind     trace.Kind
	Start    int64
	End      int64 // latest end; 0 while none has ended
	Spans    int64
	Errors   int64
	Usage    llm.Usage // counted once
	Cost     *int64    // nano-dollars, counted once; nil when nothing is known
	Models   []string
	User     string
	Session  string
	Config   string
	Version  string
	Input    string // of the root, where the query asked for text
	Output   string
	Orphaned bool // a span names a parent that is not there
}

// TracePage is a page of traces.
type TracePage struct {
	Traces []Summary
	Next   string
}

// Group is the sum of what a user, session or other value of a dimension did.
type Group struct {
	Value  string
	First  int64 // start of the earliest span
	Last   int64 // start of the latest
	Traces int64
	Spans  int64
	Errors int64
	Usage  llm.Usage
	Cost   *int64
}

// GroupPage is a page of groups.
type GroupPage struct {
	Groups []Group
	Next   string
}

// Trace is a trace as it was sent.
type Trace struct {
	Records []Record // by start, then id
	Spans   []Raw    // the same order
	Scores  []trace.Score
	Lost    []trace.SpanID // left out, since their bytes are damaged on disk
}

// Raw is a span as it was sent.
type Raw struct {
	Resource Resource
	Scope    Scope // its Resource is not set
	Bytes    []byte
	Logs     []RawLog // records that name the span, by time
}

// RawLog is a log record as it was sent.
type RawLog struct {
	Resource Resource
	Scope    Scope
	Bytes    []byte
}

// Dimension is what figures are split by.
type Dimension string

// The dimensions.
const (
	ByModel       Dimension = "model"
	ByProvider    Dimension = "provider"
	ByKind        Dimension = "kind"
	ByName        Dimension = "name"
	ByConfig      Dimension = "config"
	ByVersion     Dimension = "version"
	ByLabel       Dimension = "label"
	ByUser        Dimension = "user"
	ByFeature     Dimension = "feature"
	BySession     Dimension = "session"
	ByTag         Dimension = "tag" // a span counts for each of its tags
	ByEnvironment Dimension = "environment"
	ByService     Dimension = "service"
)

// Metric is a figure over spans.
type Metric string

// The metrics. A percentile is the value of rank ceil(q·n), never between two.
const (
	Count      Metric = "count"
	Traces     Metric = "traces" // distinct traces
	Errors     Metric = "errors"
	ErrorRate  Metric = "error_rate"
	P50        Metric = "p50" // of the duration of ended spans, nanoseconds
	P95        Metric = "p95"
	P99        Metric = "p99"
	TTFT50     Metric = "ttft_p50" // of spans that tell it
	TTFT95     Metric = "ttft_p95"
	TTFT99     Metric = "ttft_p99"
	TokensIn   Metric = "tokens_in"
	TokensOut  Metric = "tokens_out"
	Cost       Metric = "cost"       // nano-dollars, counted once
	ScoreMean  Metric = "score_mean" // with Aggregate.Score
	ScoreCount Metric = "score_count"
)

// Aggregate asks for figures.
type Aggregate struct {
	Where   filter.Expr
	Since   int64
	Until   int64
	Metrics []Metric      // at least one
	By      []Dimension   // at most two
	Every   time.Duration // width of time buckets, aligned to UTC; 0: one
	Order   Metric        // largest first; empty: by time, then by the dimensions
	Limit   int           // rows; 0 is 1,000, at most 100,000
	Score   string        // the name that ScoreMean and ScoreCount are about
}

// Table is the answer to an Aggregate.
type Table struct {
	Rows []AggregateRow
	More bool // rows were left off at the limit
}

// AggregateRow has the figures of one bucket.
type AggregateRow struct {
	Time   int64      // start of the bucket; 0 without Every
	By     []string   // values of the dimensions; empty text where a span has none
	Values []*float64 // in the order of Metrics; nil when nothing is known
}

// ScoreQuery asks for scores.
type ScoreQuery struct {
	Target trace.Target // zero: any
	Name   string
	Since  int64
	Until  int64
	Latest bool // only the latest of each name and target
	Limit  int
	Cursor string
}

// ScorePage is a page of scores.
type ScorePage struct {
	Scores []trace.Score
	Next   string
}
