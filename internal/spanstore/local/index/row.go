package index

import (
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

// Ref is where an item is in its project's log.
type Ref struct {
	Segment uint32
	Ordinal uint32
}

// Before reports whether r comes earlier in the log than o.
func (r Ref) Before(o Ref) bool {
	if r.Segment != o.Segment {
		return r.Segment < o.Segment
	}
	return r.Ordinal < o.Ordinal
}

// Span is a row of a span.
type Span struct {
	trace.Row
	Ref      Ref
	Cost     int64 // nano-dollars at our prices
	HasPrice bool  // Cost is known
}

// Log is a row of a log record that names a span.
type Log struct {
	Trace trace.ID
	Span  trace.SpanID
	Time  int64
	Ref   Ref
}

// Score is a row of a score.
type Score struct {
	trace.Score
	Ref Ref
}

// Rows are what one record of the log holds.
type Rows struct {
	Spans  []Span
	Logs   []Log
	Scores []Score
	End    Ref // of the item after the last one
}

// spanRow is a span's row with its texts in the dictionary: it has no pointers
// and aliases nothing.
type spanRow struct {
	project                 uint32
	id                      trace.ID
	span, parent            uint64
	start, dur, ttft        int64 // dur -1: the span goes on; ttft 0: unknown
	kind                    uint8
	failed, counted         bool
	hasUsage, hasSent, hasC bool
	usage                   [5]int64 // in, cached, write, out, reasoning
	sent, calc              int64
	texts                   [textColumns]uint32
	ref                     Ref
}

type logRow struct {
	Log
	project uint32
}

type scoreRow struct {
	Score
	project uint32
}

// spanRow makes the row of s, adding its texts to the dictionary.
func (d *dict) spanRow(project uint32, s *Span) spanRow {
	u := &s.Usage
	r := spanRow{
		project: project, id: s.Trace, span: s.Span.Num(), parent: s.Parent.Num(), start: s.Start, dur: -1, ttft: s.TTFT,
		kind: uint8(s.Kind), failed: s.Error, hasUsage: u.Known, hasSent: s.HasCost, hasC: s.HasPrice, sent: s.CostSent, calc: s.Cost, ref: s.Ref,
		usage: [5]int64{u.InputTokens, u.CachedTokens, u.CacheWriteTokens, u.OutputTokens, u.ReasoningTokens},
	}
	if s.End != 0 {
		r.dur = max(0, s.End-s.Start)
	}
	for i, t := range [textColumns]struct {
		dim  sqlquery.Dim
		text string
	}{
		{sqlquery.Name, s.Name}, {sqlquery.Reason, s.Reason}, {sqlquery.Provider, s.Provider}, {sqlquery.Model, s.Model}, {sqlquery.Model, s.ModelAsked}, {sqlquery.Config, s.Config},
		{sqlquery.Version, s.Version}, {sqlquery.Label, s.Label}, {sqlquery.Feature, s.Feature}, {sqlquery.User, s.User}, {sqlquery.Session, s.Session},
		{sqlquery.Environment, s.Environment}, {sqlquery.Service, s.Service}, {sqlquery.Finish, s.Finish}, {sqlquery.Tags, tagSet(s.Tags)},
	} {
		r.texts[i] = d.id(t.dim, t.text)
	}
	return r
}

// reports says that the span tells usage or cost, which is counted once.
func (r *spanRow) reports() bool { return r.hasUsage || r.hasSent }

// values are the columns of table spans, in order.
func (r *spanRow) values(to []any) []any {
	to = append(to[:0], r.project, r.id.Hi(), r.id.Lo(), r.span, r.parent, r.start,
		known(r.dur, r.dur >= 0), known(r.ttft, r.ttft != 0), r.kind, r.failed, r.counted)
	for _, n := range r.usage {
		to = append(to, known(n, r.hasUsage))
	}
	to = append(to, known(r.sent, r.hasSent), known(r.calc, r.hasC))
	for _, id := range r.texts {
		to = append(to, id)
	}
	return append(to, r.ref.Segment, r.ref.Ordinal)
}

// known is n, or NULL.
func known(n int64, ok bool) any {
	if !ok {
		return nil
	}
	return n
}
