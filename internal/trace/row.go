package trace

import "github.com/assay-llmops/assay/internal/llm"

// Row is what is known of a span without reading its content: what an index
// keeps and queries filter by. It is made once for every span that arrives, so
// its texts may alias the bytes of the span; who keeps a Row longer than the
// span clones them.
type Row struct {
	Trace  ID
	Span   SpanID
	Parent SpanID // zero for a root

	Start int64 // UTC nanoseconds
	End   int64 // UTC nanoseconds; 0 while the span goes on
	TTFT  int64 // nanoseconds to the first token; 0 when unknown

	Kind   Kind
	Name   string
	Error  bool
	Reason string // error.type, or a finish that is one; short

	Provider   string // normalised: openai, anthropic, gcp.gemini, ...
	Model      string // the model that answered, else the one asked
	ModelAsked string

	Config  string // name of the config (or of the prompt, where a peer's SDK names one)
	Version string // its version, NAME@DIGEST shortened or as sent
	Label   string
	Feature string

	User        string
	Session     string
	Environment string
	Service     string
	Tags        []string

	Finish string // finish reason, normalised: stop, length, tool_calls, content_filter, error, or as sent

	Usage    llm.Usage // what this span says it used, parts included; Known is false when it says nothing
	CostSent int64     // nano-dollars that the span itself claims; valid when HasCost
	HasCost  bool
}

// Duration is how long the span took, 0 while it goes on.
func (r *Row) Duration() int64 {
	if r.End == 0 {
		return 0
	}
	return r.End - r.Start
}
