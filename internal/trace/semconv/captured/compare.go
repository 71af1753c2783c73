package captured

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/trace"
)

// Difference is a field of a trace that is not what went over the wire.
type Difference struct {
	Field string // llm[0].usage.cached, tool[1].result, session, total.input
	Got   string // empty where the span says nothing
	Want  string
}

// String is the difference on one line.
func (d Difference) String() string {
	return fmt.Sprintf("%s: %q, on the wire %q", d.Field, d.Got, d.Want)
}

var index = regexp.MustCompile(`\[\d+\]`)

// Split divides differences into defects and those that the instrumentation's
// absences explain: nothing came where the wire had something, or only a part of
// it did.
func Split(all []Difference, absent []Absence, scenario string) (defects, explained []Difference) {
	for _, d := range all {
		field := index.ReplaceAllString(d.Field, "")
		if slices.ContainsFunc(absent, func(a Absence) bool {
			return a.holds(field, scenario) && (d.Got == "" || a.Part && strings.Contains(d.Want, d.Got))
		}) {
			explained = append(explained, d)
		} else {
			defects = append(defects, d)
		}
	}
	return defects, explained
}

// Compare gives every difference between the spans of one scenario and the wire.
func Compare(spans []*trace.Span, w *Wire) []Difference {
	c := &comparison{spans: slices.Clone(spans)}
	slices.SortStableFunc(c.spans, func(a, b *trace.Span) int { return cmp.Compare(a.Start, b.Start) })
	c.calls(w, "chat", "llm", trace.KindLLM)
	c.calls(w, "embeddings", "embedding", trace.KindEmbedding)
	c.toolSpans(w)
	c.retrievals(w)
	c.set(&w.Set)
	c.totals(w)
	return c.found
}

type comparison struct {
	spans []*trace.Span // by start
	found []Difference
}

// same notes a difference; zero numbers and nothing are the same nothing.
func (c *comparison) same(field, got, want string) {
	if got == "0" {
		got = ""
	}
	if want == "0" {
		want = ""
	}
	if got != want {
		c.found = append(c.found, Difference{field, got, want})
	}
}

func (c *comparison) number(field string, got, want int64) {
	c.same(field, fmt.Sprint(got), fmt.Sprint(want))
}

func (c *comparison) of(kind trace.Kind) []*trace.Span {
	return slices.DeleteFunc(slices.Clone(c.spans), func(s *trace.Span) bool { return s.Kind != kind })
}

// innermost are the spans of a kind that have none of that kind below them: the
// AI SDK tells an embedding twice, once around the call.
func (c *comparison) innermost(kind trace.Kind) []*trace.Span {
	spans := c.of(kind)
	over := c.above(func(s *trace.Span) bool { return s.Kind == kind })
	return slices.DeleteFunc(spans, func(s *trace.Span) bool { return over[s.Span] })
}

// above are the spans above any span that is such.
func (c *comparison) above(such func(*trace.Span) bool) map[trace.SpanID]bool {
	over, parents := map[trace.SpanID]bool{}, map[trace.SpanID]trace.SpanID{}
	for _, s := range c.spans {
		parents[s.Span] = s.Parent
	}
	for _, s := range c.spans {
		if !such(s) {
			continue
		}
		for up := s.Parent; !up.IsZero() && !over[up]; up = parents[up] {
			over[up] = true
		}
	}
	return over
}

// calls pairs the exchanges of an operation with the spans of a kind, in order.
// A refused exchange that was tried again has a span only in some SDKs.
func (c *comparison) calls(w *Wire, operation, name string, kind trace.Kind) {
	spans, n := c.innermost(kind), 0
	for i := range w.Exchanges {
		e := &w.Exchanges[i]
		if e.Operation != operation {
			continue
		}
		if n < len(spans) && e.Status != 200 && !spans[n].Error && i+1 < len(w.Exchanges) {
			continue
		}
		field := fmt.Sprintf("%s[%d]", name, n)
		if n >= len(spans) {
			c.found = append(c.found, Difference{field, "", operation + " " + e.Model})
			continue
		}
		c.call(field, spans[n], e)
		n++
	}
	for ; n < len(spans); n++ {
		c.found = append(c.found, Difference{fmt.Sprintf("%s[%d]", name, n), spans[n].Name, ""})
	}
}

func (c *comparison) call(field string, s *trace.Span, e *Exchange) {
	c.same(field+".provider", s.Provider, "openai")
	asked, answered := models(s, e)
	c.same(field+".model_asked", asked, e.Model)
	if e.Operation == "chat" {
		c.lines(field+".input", flatSpan(s.Input), flatWire(e.Messages))
		c.tools(field+".tools", s.Tools, e.Tools)
	}
	if e.Status != 200 {
		c.same(field+".error", fmt.Sprint(s.Error), "true")
		if !strings.Contains(told(s), e.Error.Message) {
			c.same(field+".error.message", told(s), e.Error.Message)
		}
		return
	}
	c.same(field+".error", fmt.Sprint(s.Error), "false")
	c.same(field+".model", answered, e.ResponseModel)
	c.same(field+".response_id", s.ResponseID, e.ResponseID)
	c.usage(field+".usage", s.Usage, e.Usage)
	if e.Output != nil {
		output := flatSpan(s.Output)
		if len(output) == 0 && s.OutputText != "" {
			output = textLine("assistant", s.OutputText)
		}
		c.lines(field+".output", output, flatWire([]Message{*e.Output}))
		c.same(field+".finish", s.Finish, e.FinishReason)
	}
	if e.Stream && (s.TTFT <= 0 || s.TTFT > s.Duration()) {
		got := ""
		if s.TTFT != 0 {
			got = fmt.Sprintf("%d ns of %d", s.TTFT, s.Duration())
		}
		c.same(field+".ttft", got, "more than nothing, at most the duration")
	}
}

// models are the two names as the span tells them. Where it knows one name only,
// that stands for both; the one that it does not know is then nothing, not wrong.
func models(s *trace.Span, e *Exchange) (asked, answered string) {
	if s.Model != s.ModelAsked || e.Status != 200 {
		return s.ModelAsked, s.Model
	}
	switch s.Model {
	case e.Model:
		if e.Model != e.ResponseModel {
			return e.Model, ""
		}
	case e.ResponseModel:
		return "", e.ResponseModel
	}
	return s.ModelAsked, s.Model
}

// told is all that a span says of its error.
func told(s *trace.Span) string {
	all := []string{s.StatusText}
	for i := range s.Exceptions {
		all = append(all, s.Exceptions[i].Message)
	}
	return strings.TrimSpace(strings.Join(all, "\n"))
}

func (c *comparison) usage(field string, got llm.Usage, want Usage) {
	c.number(field+".input", got.InputTokens, want.Input)
	c.number(field+".cached", got.CachedTokens, want.Cached)
	c.number(field+".output", got.OutputTokens, want.Output)
	c.number(field+".reasoning", got.ReasoningTokens, want.Reasoning)
}

func (c *comparison) lines(field string, got, want []string) {
	c.same(field, strings.Join(got, "\n"), strings.Join(want, "\n"))
}

func (c *comparison) tools(field string, got []trace.Tool, want []Tool) {
	names, wanted := make([]string, len(got)), make([]string, len(want))
	for i := range got {
		names[i] = got[i].Name
	}
	for i := range want {
		wanted[i] = want[i].Function.Name
	}
	c.lines(field, names, wanted)
	for i := range min(len(got), len(want)) {
		c.same(field+".description", got[i].Description, want[i].Function.Description)
		c.same(field+".parameters", loose(string(got[i].Parameters)), loose(string(want[i].Function.Parameters)))
	}
}

// toolSpans compares the tools that ran with the calls that the model made and
// the results that the next request carried.
func (c *comparison) toolSpans(w *Wire) {
	results, spans, n := map[string]string{}, c.of(trace.KindTool), 0
	for i := range w.Exchanges {
		for j := range w.Exchanges[i].Messages {
			if m := &w.Exchanges[i].Messages[j]; m.Role == "tool" {
				results[m.ToolCallID] = contentText(m.Content)
			}
		}
	}
	for i := range w.Exchanges {
		if w.Exchanges[i].Output == nil {
			continue
		}
		for _, call := range w.Exchanges[i].Output.ToolCalls {
			field := fmt.Sprintf("tool[%d]", n)
			n++
			at := match(spans, call.ID, call.Function.Arguments)
			if at < 0 {
				c.found = append(c.found, Difference{field, "", call.Function.Name})
				continue
			}
			var got trace.ToolCall
			if spans[at].Call != nil {
				got = *spans[at].Call
			}
			c.same(field+".name", got.Name, call.Function.Name)
			c.same(field+".id", got.ID, call.ID)
			c.same(field+".arguments", loose(string(got.Arguments)), loose(call.Function.Arguments))
			c.same(field+".result", loose(string(got.Result)), loose(results[call.ID]))
			spans = slices.Delete(spans, at, at+1)
		}
	}
	for _, s := range spans {
		c.found = append(c.found, Difference{fmt.Sprintf("tool[%d]", n), s.Name, ""})
		n++
	}
}

// match finds the span of a tool's call, -1 where there is none: tools that run
// at once start in any order, so that an equal id or equal arguments go first.
func match(spans []*trace.Span, id, arguments string) int {
	for _, fits := range []func(*trace.ToolCall) bool{
		func(c *trace.ToolCall) bool { return c.ID == id },
		func(c *trace.ToolCall) bool { return c.ID == "" && loose(string(c.Arguments)) == loose(arguments) },
	} {
		at := slices.IndexFunc(spans, func(s *trace.Span) bool { return s.Call != nil && fits(s.Call) })
		if at >= 0 {
			return at
		}
	}
	return min(len(spans), 1) - 1
}

func (c *comparison) retrievals(w *Wire) {
	if len(w.Set.Documents) == 0 {
		return
	}
	spans := c.of(trace.KindRetriever)
	if len(spans) != 1 {
		c.number("retriever", int64(len(spans)), 1)
		return
	}
	got := spans[0].Documents
	if len(got) != len(w.Set.Documents) {
		c.number("retriever.documents", int64(len(got)), int64(len(w.Set.Documents)))
		return
	}
	for i, want := range w.Set.Documents {
		score := ""
		if got[i].Score != nil {
			score = fmt.Sprint(*got[i].Score)
		}
		c.same("retriever.documents.id", got[i].ID, want.ID)
		c.same("retriever.documents.content", got[i].Content, want.Content)
		c.same("retriever.documents.score", score, fmt.Sprint(want.Score))
	}
}

// set compares what the program gave: it must be on some span of the trace.
func (c *comparison) set(want *Set) {
	var session, user, tags string
	for _, s := range c.spans {
		session, user = cmp.Or(session, s.Session), cmp.Or(user, s.User)
		mine := slices.DeleteFunc(slices.Clone(s.Tags), func(t string) bool { return !slices.Contains(want.Tags, t) })
		slices.Sort(mine)
		tags = cmp.Or(tags, strings.Join(slices.Compact(mine), " "))
	}
	c.same("session", session, want.Session)
	c.same("user", user, want.User)
	c.same("tags", tags, strings.Join(want.Tags, " "))
}

// totals adds up the usage that counts: of spans that say one and under which
// no other span does.
func (c *comparison) totals(w *Wire) {
	var got, want Usage
	over := c.above(func(s *trace.Span) bool { return s.Usage.Known })
	for _, s := range c.spans {
		if u := s.Usage; u.Known && !over[s.Span] {
			got = got.plus(Usage{u.InputTokens, u.CachedTokens, u.OutputTokens, u.ReasoningTokens})
		}
	}
	for i := range w.Exchanges {
		want = want.plus(w.Exchanges[i].Usage)
	}
	c.number("total.input", got.Input, want.Input)
	c.number("total.cached", got.Cached, want.Cached)
	c.number("total.output", got.Output, want.Output)
	c.number("total.reasoning", got.Reasoning, want.Reasoning)
}

func (u Usage) plus(v Usage) Usage {
	return Usage{u.Input + v.Input, u.Cached + v.Cached, u.Output + v.Output, u.Reasoning + v.Reasoning}
}
