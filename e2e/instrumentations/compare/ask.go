package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/semconv/captured"
)

// ask reads the traces of a run and compares them: each span's fields, and the
// trace's own sums of tokens and cost with what the upstream billed.
func ask(j *job, r *run, book *price.Book) (found []captured.Difference, spans int, err error) {
	if len(r.Traces) == 0 {
		return []captured.Difference{{Field: "trace", Want: "at least one"}}, 0, nil
	}
	var (
		all  []*trace.Span
		sum  llm.Usage
		cost int64
		ours int64 // of the spans that count, at our prices, from what they say
		at   = time.Now()
	)
	for _, id := range r.Traces {
		t, err := get(j, r, id)
		if err != nil {
			return nil, 0, err
		}
		if t.Usage != nil {
			sum.InputTokens += t.Usage.InputTokens
			sum.CachedTokens += t.Usage.CachedTokens
			sum.OutputTokens += t.Usage.OutputTokens
			sum.ReasoningTokens += t.Usage.ReasoningTokens
		}
		if t.CostUSD != "" {
			nanos, err := price.ParseUSD(t.CostUSD)
			if err != nil {
				return nil, 0, fmt.Errorf("the cost of trace %s: %w", id, err)
			}
			cost += nanos
		}
		for i := range t.List {
			s, err := span(&t.List[i])
			if err != nil {
				return nil, 0, err
			}
			all = append(all, s)
			if t.List[i].Counted {
				nanos, _ := book.Cost(s.Provider, s.Model, t.List[i].Start, s.Usage)
				ours += nanos
			}
		}
	}
	found = captured.Compare(all, &r.Wire)
	var want captured.Usage
	var billed int64
	for i := range r.Wire.Exchanges {
		e := &r.Wire.Exchanges[i]
		want.Input, want.Cached = want.Input+e.Usage.Input, want.Cached+e.Usage.Cached
		want.Output, want.Reasoning = want.Output+e.Usage.Output, want.Reasoning+e.Usage.Reasoning
		if e.Status == http.StatusOK {
			nanos, known := book.Cost("openai", cmp.Or(e.ResponseModel, e.Model), at, llm.Usage{InputTokens: e.Usage.Input,
				CachedTokens: e.Usage.Cached, OutputTokens: e.Usage.Output, ReasoningTokens: e.Usage.Reasoning, Known: true})
			if !known {
				return nil, 0, fmt.Errorf("the price book does not know %s", e.ResponseModel)
			}
			billed += nanos
		}
	}
	number := func(field string, got, want int64) {
		d := captured.Difference{Field: field, Got: fmt.Sprint(got), Want: fmt.Sprint(want)}
		if got == 0 {
			d.Got = ""
		}
		if got != want && !slices.Contains(found, d) { // the spans' own sum may differ in the same way
			found = append(found, d)
		}
	}
	number("total.input", sum.InputTokens, want.Input)
	number("total.cached", sum.CachedTokens, want.Cached)
	number("total.output", sum.OutputTokens, want.Output)
	number("total.reasoning", sum.ReasoningTokens, want.Reasoning)
	if sum.CachedTokens == 0 && want.Cached != 0 {
		billed = ours // what the SDK did not say cannot be priced; what it did say must be
	}
	number("total.cost_nano_usd", cost, billed)
	return found, len(all), nil
}

func get(j *job, r *run, id string) (*api.Trace, error) {
	request, err := http.NewRequest(http.MethodGet, j.API+"/api/v1/traces/"+id+"?project="+url.QueryEscape(r.Project), nil)
	if err != nil {
		return nil, fmt.Errorf("asking for a trace: %w", err)
	}
	if j.Token != "" {
		request.Header.Set("Authorization", "Bearer "+j.Token)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking for a trace: %w", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("trace %s: %s", id, reply.Status)
	}
	var t api.Trace
	if err := json.NewDecoder(reply.Body).Decode(&t); err != nil {
		return nil, fmt.Errorf("reading trace %s: %w", id, err)
	}
	return &t, nil
}

// span is a step of the API as the comparison wants it.
func span(s *api.Step) (*trace.Span, error) {
	out := &trace.Span{Row: trace.Row{
		Start: s.Start.UnixNano(), Name: s.Name, Error: s.Status == "error", Provider: s.Provider, Model: s.Model,
		ModelAsked: s.ModelAsked, User: s.User, Session: s.Session, Tags: s.Tags, Finish: s.Finish,
	}}
	if s.End != nil {
		out.End = s.End.UnixNano()
	}
	if s.TTFTMS != nil {
		out.TTFT = int64(*s.TTFTMS * 1e6)
	}
	if s.Usage != nil {
		out.Usage = *s.Usage
	}
	for text, id := range map[string]*trace.SpanID{s.SpanID: &out.Span, s.ParentID: &out.Parent} {
		if text == "" {
			continue
		}
		if err := id.UnmarshalText([]byte(text)); err != nil {
			return nil, fmt.Errorf("span %q: %w", s.Name, err)
		}
	}
	if err := out.Kind.UnmarshalText([]byte(s.Kind)); err != nil {
		return nil, fmt.Errorf("span %q: %w", s.Name, err)
	}
	if c := s.Content; c != nil {
		if c.Problem != "" {
			return nil, fmt.Errorf("span %q: its content could not be read: %s", s.Name, c.Problem)
		}
		out.Input, out.Output, out.InputText, out.OutputText = c.InputMessages, c.OutputMessages, c.InputText, c.OutputText
		out.Tools, out.Call, out.Documents, out.ResponseID, out.StatusText = c.Tools, c.ToolCall, c.Documents, c.ResponseID, c.StatusText
		if out.Finish == "" && len(c.OutputMessages) > 0 {
			out.Finish = c.OutputMessages[0].Finish // of a stream, openai-v2 tells it with the content alone
		}
		for _, e := range c.Exceptions {
			out.Exceptions = append(out.Exceptions, trace.Exception{Type: e.Type, Message: e.Message})
		}
	}
	return out, nil
}
