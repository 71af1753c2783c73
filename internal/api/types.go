package api

import (
	"encoding/json"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/trace"
)

// Span is a span as lists show it.
type Span struct {
	TraceID     string     `json:"trace_id" doc:"32 hex digits."`
	SpanID      string     `json:"span_id" doc:"16 hex digits."`
	ParentID    string     `json:"parent_id,omitempty"`
	Start       time.Time  `json:"start"`
	End         *time.Time `json:"end,omitempty" doc:"Absent while the span goes on."`
	DurationMS  *float64   `json:"duration_ms,omitempty"`
	TTFTMS      *float64   `json:"ttft_ms,omitempty" doc:"Milliseconds to the first token."`
	Kind        string     `json:"kind" enum:"other,llm,embedding,retriever,reranker,tool,agent,chain,guardrail,evaluator,prompt"`
	Name        string     `json:"name"`
	Status      string     `json:"status" enum:"ok,error"`
	Reason      string     `json:"reason,omitempty" doc:"Why it failed: the type of the error."`
	Provider    string     `json:"provider,omitempty"`
	Model       string     `json:"model,omitempty" doc:"The model that answered, else the one asked."`
	ModelAsked  string     `json:"model_asked,omitempty"`
	Config      string     `json:"config,omitempty"`
	Version     string     `json:"version,omitempty"`
	Label       string     `json:"label,omitempty"`
	Feature     string     `json:"feature,omitempty"`
	User        string     `json:"user,omitempty"`
	Session     string     `json:"session,omitempty"`
	Environment string     `json:"environment,omitempty"`
	Service     string     `json:"service,omitempty"`
	Tags        []string   `json:"tags,omitempty"`
	Finish      string     `json:"finish_reason,omitempty"`
	Usage       *llm.Usage `json:"usage,omitempty" doc:"As the span says, parts included."`
	Counted     bool       `json:"counted" doc:"Its usage and cost are in sums; false where a span below it has them."`
	CostUSD     string     `json:"cost_usd,omitempty" doc:"As sent where the span says so, else computed."`
	CostSent    string     `json:"cost_sent_usd,omitempty"`
	CostOurs    string     `json:"cost_computed_usd,omitempty" doc:"At Assay's prices of the span's date."`
	Input       string     `json:"input_preview,omitempty"`
	Output      string     `json:"output_preview,omitempty"`
}

// Damage is what of the project cannot be read any more. Nobody can tell of what
// is lost whether an answer would have it, so every answer says how much that is.
type Damage struct {
	Parts int64 `json:"parts" doc:"Of the log of the project, which assay fsck names."`
	Items int64 `json:"items" doc:"Spans, log records and scores in them, as far as that is known."`
}

// Lacking is the part of an answer that says that it may lack something.
type Lacking struct {
	Damage *Damage `json:"damage,omitempty" doc:"Parts of the project's log are damaged on disk; what they hold may be missing in this answer. Absent where nothing is known to be damaged."`
}

// SpanPage is a page of spans, newest first.
type SpanPage struct {
	Spans []Span `json:"spans"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page."`
	Lacking
}

// Count is how many spans match. A line of a count that goes on is not done.
type Count struct {
	Spans int64      `json:"spans" doc:"Spans that match, so far."`
	Seen  *time.Time `json:"seen,omitempty" doc:"While the count goes on: those that start later are counted."`
	Done  bool       `json:"done"`
	Lacking
}

// Summary is a trace in a list, summed over all of its spans.
type Summary struct {
	TraceID    string     `json:"trace_id"`
	Root       string     `json:"root" doc:"Name of the first root, or of the earliest span where the root never came."`
	Kind       string     `json:"kind"`
	Start      time.Time  `json:"start"`
	End        *time.Time `json:"end,omitempty"`
	DurationMS *float64   `json:"duration_ms,omitempty"`
	Spans      int64      `json:"span_count"`
	Errors     int64      `json:"error_count"`
	Usage      *llm.Usage `json:"usage,omitempty" doc:"Counted once."`
	CostUSD    string     `json:"cost_usd,omitempty" doc:"Counted once; absent when nothing is known."`
	Models     []string   `json:"models,omitempty"`
	User       string     `json:"user,omitempty"`
	Session    string     `json:"session,omitempty"`
	Config     string     `json:"config,omitempty"`
	Version    string     `json:"version,omitempty"`
	Input      string     `json:"input_preview,omitempty"`
	Output     string     `json:"output_preview,omitempty"`
	Orphaned   bool       `json:"orphaned,omitempty" doc:"A span names a parent that is not there."`
}

// TracePage is a page of traces, newest first.
type TracePage struct {
	Traces []Summary `json:"traces"`
	Next   string    `json:"next,omitempty"`
	Lacking
}

// Group is the sum of what a user or a session did.
type Group struct {
	ID      string     `json:"id"`
	First   time.Time  `json:"first" doc:"Start of its earliest span."`
	Last    time.Time  `json:"last" doc:"Start of its latest span."`
	Traces  int64      `json:"trace_count"`
	Spans   int64      `json:"span_count"`
	Errors  int64      `json:"error_count"`
	Usage   *llm.Usage `json:"usage,omitempty"`
	CostUSD string     `json:"cost_usd,omitempty"`
}

// SessionPage is a page of sessions, latest first.
type SessionPage struct {
	Sessions []Group `json:"sessions"`
	Next     string  `json:"next,omitempty"`
	Lacking
}

// UserPage is a page of users, latest first.
type UserPage struct {
	Users []Group `json:"users"`
	Next  string  `json:"next,omitempty"`
	Lacking
}

// Session is one conversation: its traces, newest first.
type Session struct {
	ID     string    `json:"id"`
	Traces []Summary `json:"traces"`
	Next   string    `json:"next,omitempty"`
	Lacking
}

// Trace is a whole trace. Its spans stand as a reader meets them: every span is
// followed by those below it, depth says how far down it is.
type Trace struct {
	Summary
	List   []Step   `json:"spans"`
	Scores []Score  `json:"scores"`
	Lost   []string `json:"lost_spans,omitempty" doc:"Ids of spans that are left out, since their bytes are damaged on disk."`
	Lacking
}

// Step is a span in its trace.
type Step struct {
	Span
	Depth  int  `json:"depth"`
	Orphan bool `json:"orphan,omitempty" doc:"Its parent is not there."`
	*Content
}

// Content is what a span holds, read from its bytes.
type Content struct {
	InputMessages  []trace.Message  `json:"input_messages,omitempty" doc:"The assembled prompt, system instructions first."`
	OutputMessages []trace.Message  `json:"output_messages,omitempty"`
	InputText      string           `json:"input_text,omitempty" doc:"Of spans without messages: what went in, as sent."`
	OutputText     string           `json:"output_text,omitempty"`
	Params         map[string]any   `json:"params,omitempty"`
	Tools          []trace.Tool     `json:"tools,omitempty"`
	ToolCall       *trace.ToolCall  `json:"tool_call,omitempty"`
	Query          string           `json:"query,omitempty"`
	Documents      []trace.Document `json:"documents,omitempty"`
	Prompt         *trace.PromptRef `json:"prompt,omitempty"`
	Variables      json.RawMessage  `json:"variables,omitempty"`
	ResponseID     string           `json:"response_id,omitempty"`
	Evaluations    []Score          `json:"evaluations,omitempty"`
	StatusText     string           `json:"status_message,omitempty"`
	Exceptions     []Exception      `json:"exceptions,omitempty"`
	Metadata       map[string]any   `json:"metadata,omitempty"`
	Events         []Event          `json:"events,omitempty"`
	Links          []trace.Link     `json:"links,omitempty"`
	Attributes     map[string]any   `json:"attributes,omitempty"`
	Resource       map[string]any   `json:"resource,omitempty"`
	ScopeName      string           `json:"scope,omitempty"`
	ScopeVersion   string           `json:"scope_version,omitempty"`
	Dropped        uint32           `json:"dropped_attributes,omitempty"`
	Problem        string           `json:"content_problem,omitempty" doc:"Why the content could not be read."`
}

// Exception is an error that a span recorded.
type Exception struct {
	Time    time.Time `json:"time"`
	Type    string    `json:"type,omitempty"`
	Message string    `json:"message,omitempty"`
	Stack   string    `json:"stack,omitempty"`
}

// Event is something that happened within a span.
type Event struct {
	Time       time.Time      `json:"time"`
	Name       string         `json:"name"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Body       any            `json:"body,omitempty"`
}

// Target is what a score is about: a trace, a span of it, a session or a case.
type Target struct {
	Trace   string `json:"trace,omitempty"`
	Span    string `json:"span,omitempty" doc:"With its trace."`
	Session string `json:"session,omitempty"`
	Case    string `json:"case,omitempty"`
}

// Score is a number, a label or a text about a target.
type Score struct {
	ID      string    `json:"id" doc:"Writing the same id again replaces the score."`
	Target  Target    `json:"target"`
	Name    string    `json:"name"`
	Value   *float64  `json:"value,omitempty"`
	Label   string    `json:"label,omitempty"`
	Text    string    `json:"text,omitempty"`
	Source  string    `json:"source,omitempty" doc:"evaluator, person, user, sdk, or a word of yours."`
	Comment string    `json:"comment,omitempty"`
	Time    time.Time `json:"time,omitzero" doc:"When it was made; now where a new one does not say."`
}

// ScorePage is a page of scores, newest first.
type ScorePage struct {
	Scores []Score `json:"scores"`
	Next   string  `json:"next,omitempty"`
	Lacking
}

// Written says how many scores were kept.
type Written struct {
	Scores int `json:"scores"`
}

// Stats is a table of figures.
type Stats struct {
	Metrics []string          `json:"metrics"`
	Units   map[string]string `json:"units" doc:"Of each metric: count, ratio, ms, tokens, usd or score."`
	By      []string          `json:"by"`
	Every   string            `json:"every,omitempty"`
	Rows    []StatsRow        `json:"rows"`
	More    bool              `json:"more,omitempty" doc:"Rows were left off at the limit."`
	Lacking
}

// StatsRow has the figures of one bucket.
type StatsRow struct {
	Time   *time.Time        `json:"time,omitempty" doc:"Start of the bucket."`
	By     map[string]string `json:"by,omitempty" doc:"Empty text where a span has no value."`
	Values map[string]any    `json:"values" doc:"A number, for usd a decimal string, null where nothing is known."`
}

// Erased is the proof of an erasure.
type Erased struct {
	Traces   []string `json:"traces" doc:"That had something removed."`
	Sessions []string `json:"sessions" doc:"That have no span any more."`
	Spans    int64    `json:"spans"`
	Logs     int64    `json:"logs"`
	Scores   int64    `json:"scores"`
	Blobs    []string `json:"blobs" doc:"SHA-256 of large bodies that nothing else named."`
	Files    int      `json:"files_rewritten" doc:"Files of the log that had some of it."`
	Checked  int64    `json:"bytes_checked" doc:"Of files of the log, read afterwards: none of it is there."`
}

// Retention is what a project keeps.
type Retention struct {
	MaxAge   int64 `json:"max_age_seconds,omitempty" minimum:"0" doc:"What came longer ago is removed; absent: nothing is too old."`
	MaxBytes int64 `json:"max_bytes,omitempty" minimum:"0" doc:"The oldest is removed of what takes more on disk; absent: nothing is too much."`
}

// Kept is what a project keeps, and who decided it.
type Kept struct {
	Project string `json:"project"`
	Retention
	Own     bool     `json:"own" doc:"Decided for this project; false: as the server keeps of all."`
	Removed *Removed `json:"removed,omitempty" doc:"What was removed because of the change."`
}

// Removed is what a retention removed.
type Removed struct {
	Spans int64 `json:"spans"`
	Bytes int64 `json:"bytes"`
}

// Recost asks for costs to be computed again.
type Recost struct {
	Since string `json:"since,omitempty" doc:"Of spans that started then or later: an age (24h, 7d), a date or an RFC 3339 time; absent: of all." example:"30d"`
}

// Recosted is a line of the answer: how far it is, and in the last line what came
// of it.
type Recosted struct {
	Looked  int64  `json:"looked" doc:"Spans with usage that were looked at."`
	Changed *int64 `json:"changed,omitempty" doc:"In the last line: costs that are others now."`
}
