package api

import (
	"time"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace"
)

func when(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

// ended is a time that is unknown when zero.
func ended(nanos int64) *time.Time {
	if nanos == 0 {
		return nil
	}
	t := when(nanos)
	return &t
}

// between is the milliseconds from start to end, unknown while it goes on.
func between(start, end int64) *float64 {
	if end == 0 {
		return nil
	}
	ms := float64(end-start) / 1e6
	return &ms
}

func used(u llm.Usage) *llm.Usage {
	if !u.Known {
		return nil
	}
	return &u
}

func usd(nanos *int64) string {
	if nanos == nil {
		return ""
	}
	return price.FormatUSD(*nanos)
}

func spanOf(r *spanstore.Record) Span {
	s := Span{
		TraceID: r.Trace.String(), SpanID: r.Span.String(), ParentID: r.Parent.String(),
		Start: when(r.Start), End: ended(r.End), DurationMS: between(r.Start, r.End), Kind: r.Kind.String(), Name: r.Name,
		Status: "ok", Reason: r.Reason, Provider: r.Provider, Model: r.Model, ModelAsked: r.ModelAsked,
		Config: r.Config, Version: r.Version, Label: r.Label, Feature: r.Feature, User: r.User, Session: r.Session,
		Environment: r.Environment, Service: r.Service, Tags: r.Tags, Finish: r.Finish,
		Usage: used(r.Usage), Counted: r.Counted, CostUSD: usd(r.Cost), CostOurs: usd(r.Computed), Input: r.Input, Output: r.Output,
	}
	if r.Error {
		s.Status = "error"
	}
	if r.TTFT > 0 {
		s.TTFTMS = between(0, r.TTFT)
	}
	if r.HasCost {
		s.CostSent = usd(&r.CostSent)
	}
	return s
}

func summaryOf(t *spanstore.Summary) Summary {
	return Summary{
		TraceID: t.Trace.String(), Root: t.Root, Kind: t.Kind.String(), Start: when(t.Start), End: ended(t.End),
		DurationMS: between(t.Start, t.End), Spans: t.Spans, Errors: t.Errors, Usage: used(t.Usage), CostUSD: usd(t.Cost),
		Models: t.Models, User: t.User, Session: t.Session, Config: t.Config, Version: t.Version,
		Input: t.Input, Output: t.Output, Orphaned: t.Orphaned,
	}
}

func groupOf(g *spanstore.Group) Group {
	return Group{
		ID: g.Value, First: when(g.First), Last: when(g.Last), Traces: g.Traces, Spans: g.Spans, Errors: g.Errors,
		Usage: used(g.Usage), CostUSD: usd(g.Cost),
	}
}

func scoreOf(s *trace.Score) Score {
	out := Score{
		ID: s.ID, Target: Target{Span: s.Target.Span.String(), Session: s.Target.Session, Case: s.Target.Case},
		Name: s.Name, Value: s.Value, Label: s.Label, Text: s.Text, Source: s.Source, Comment: s.Comment, Time: when(s.Time),
	}
	if !s.Target.Trace.IsZero() {
		out.Target.Trace = s.Target.Trace.String()
	}
	return out
}

// each converts a list; it is never null in JSON.
func each[A, B any](list []A, convert func(*A) B) []B {
	out := make([]B, len(list))
	for i := range list {
		out[i] = convert(&list[i])
	}
	return out
}
