package api

import (
	"slices"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace"
)

// place is where a span stands in the order that a reader meets it.
type place struct {
	at     int // index into the trace's records
	depth  int
	orphan bool // its parent is not there
}

// nest puts the spans of a trace in order: each is followed by those below it,
// siblings by start. Spans whose parent is not there stand beside the roots. A
// circle of parents, which only a broken sender makes, is entered at its
// earliest span. It is a list and no tree of objects, since a trace may be
// deeper than readers of JSON allow.
func nest(records []spanstore.Record) []place {
	first := make(map[trace.SpanID]int, len(records))
	for i := range records {
		if _, twice := first[records[i].Span]; !twice {
			first[records[i].Span] = i
		}
	}
	below := map[int][]int{}
	var roots []int
	orphan := make([]bool, len(records))
	for i := range records {
		parent := records[i].Parent
		at, there := first[parent]
		if parent.IsZero() || !there || at == i {
			roots = append(roots, i)
			orphan[i] = !parent.IsZero()
			continue
		}
		below[at] = append(below[at], i)
	}
	order := make([]place, 0, len(records))
	seen := make([]bool, len(records))
	walk := func(root int) {
		stack := []place{{root, 0, orphan[root]}}
		for len(stack) > 0 {
			p := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[p.at] {
				continue
			}
			seen[p.at] = true
			order = append(order, p)
			for _, child := range slices.Backward(below[p.at]) {
				stack = append(stack, place{child, p.depth + 1, false})
			}
		}
	}
	for _, root := range roots {
		walk(root)
	}
	for i := range records {
		if !seen[i] {
			orphan[i] = true
			walk(i)
		}
	}
	return order
}

// sum is the summary of a trace whose spans are all at hand.
func sum(t *spanstore.Trace) Summary {
	var s spanstore.Summary
	var cost int64
	known := false
	root := false
	for i := range t.Records {
		r := &t.Records[i]
		if i == 0 {
			s = spanstore.Summary{Trace: r.Trace, Root: r.Name, Kind: r.Kind, Start: r.Start}
		}
		if r.Parent.IsZero() && !root {
			root, s.Root, s.Kind = true, r.Name, r.Kind
		}
		s.Start, s.End = min(s.Start, r.Start), max(s.End, r.End)
		s.Spans++
		if r.Error {
			s.Errors++
		}
		if r.Counted {
			add(&s.Usage, r.Usage)
			if r.Cost != nil {
				cost, known = cost+*r.Cost, true
			}
		}
		if r.Model != "" && !slices.Contains(s.Models, r.Model) {
			s.Models = append(s.Models, r.Model)
		}
		for to, from := range map[*string]string{&s.User: r.User, &s.Session: r.Session, &s.Config: r.Config, &s.Version: r.Version} {
			if *to == "" {
				*to = from
			}
		}
	}
	slices.Sort(s.Models)
	if known {
		s.Cost = &cost
	}
	return summaryOf(&s)
}

func add(sum *llm.Usage, u llm.Usage) {
	sum.InputTokens += u.InputTokens
	sum.CachedTokens += u.CachedTokens
	sum.CacheWriteTokens += u.CacheWriteTokens
	sum.OutputTokens += u.OutputTokens
	sum.ReasoningTokens += u.ReasoningTokens
	sum.Known = sum.Known || u.Known
}

// load gives the trace that the path names.
func (c *call) load() (*spanstore.Trace, error) {
	id, err := trace.ParseID(c.given["trace_id"])
	if err != nil {
		return nil, wrong("trace_id", problem.Newf("%s", err))
	}
	t, err := c.Store.Trace(c.ctx, c.project, id)
	return t, c.absent(err, "trace "+id.String())
}

func (c *call) trace() (any, error) {
	t, err := c.load()
	if err != nil {
		return nil, err
	}
	whole := true
	if c.given["content"] != "" {
		if whole, err = c.truth("content"); err != nil {
			return nil, err
		}
	}
	out := Trace{Summary: sum(t), List: []Step{}, Scores: each(t.Scores, scoreOf), Lost: each(t.Lost, func(id *trace.SpanID) string { return id.String() }), Lacking: c.lacking()}
	for _, p := range nest(t.Records) {
		out.Orphaned = out.Orphaned || p.orphan
		out.List = append(out.List, c.step(t, p, !whole))
	}
	return out, nil
}

func (c *call) span() (any, error) {
	id, err := trace.ParseSpanID(c.given["span_id"])
	if err != nil {
		return nil, wrong("span_id", problem.Newf("%s", err))
	}
	t, err := c.load()
	if err != nil {
		return nil, err
	}
	for _, p := range nest(t.Records) {
		if t.Records[p.at].Span == id {
			return c.step(t, p, false), nil
		}
	}
	if slices.Contains(t.Lost, id) {
		return nil, spanstore.ErrDamaged
	}
	return nil, c.absent(spanstore.ErrNotFound, "span "+id.String()+" of trace "+c.given["trace_id"])
}

func (s *server) step(t *spanstore.Trace, p place, bare bool) Step {
	step := Step{Span: spanOf(&t.Records[p.at]), Depth: p.depth, Orphan: p.orphan}
	if !bare && p.at < len(t.Spans) {
		step.Content = s.content(&t.Spans[p.at])
	}
	return step
}
