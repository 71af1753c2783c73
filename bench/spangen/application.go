package spangen

import (
	"fmt"
	"math"
	"strings"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Users is how many people use the application.
const Users = 10_000

// RareWord is in the answer of about one trace in fifty, which is in 0.4 % of the
// spans of the mixes of five spans; RarestWord in one of five thousand traces.
// Neither is in the vocabulary.
const (
	RareWord   = "demurrage"
	RarestWord = "quitclaim"
)

// model is one of the models that the application calls, the most used first.
type model struct {
	provider, asked, answered string
}

// An application makes traces. Which model, user, feature and version a trace has
// is drawn by Zipf-like laws too: a few have most of the traffic.
type application struct {
	*Writer
	sessions []session
	opened   uint64 // sessions so far
}

// session is a person's visit: some traces that follow one another.
type session struct {
	number uint64
	user   int
	left   int // traces to come
	// history is what was said, for conversations.
	history string
}

// recent is how many sessions are open at a time.
const recent = 400

// skewed draws a number below n; low ones come more often.
func (a *application) skewed(n int) int {
	return int(math.Pow(float64(n)+1, a.rand.Float64())) - 1
}

// visit picks an open session, and opens another in place of a finished one.
func (a *application) visit(traces int) *session {
	if len(a.sessions) < recent {
		a.sessions = append(a.sessions, session{})
	}
	s := &a.sessions[a.rand.IntN(len(a.sessions))]
	if s.left == 0 {
		a.opened++
		*s = session{number: a.opened, user: a.skewed(Users), left: 1 + a.rand.IntN(2*traces)}
	}
	s.left--
	return s
}

// request is what the spans of one trace have in common.
type request struct {
	index   int // of the trace in its payload
	session *session
	feature string
	version string
	spans   []*trace.Span
}

func (a *application) request(index, traces int) *request {
	features := []string{"support-answer", "order-status", "summarise-thread", "draft-reply", "classify-ticket", "search-help"}
	versions := []string{"3f9c2a71b0d4", "a81e0d5c7b36", "5d20cf9914ae"}
	return &request{
		index:   index,
		session: a.visit(traces),
		feature: features[a.skewed(len(features))],
		version: versions[a.skewed(len(versions))],
	}
}

func (a *application) model() model {
	models := []model{
		{"openai", "gpt-5-mini", "gpt-5-mini-2025-08-07"},
		{"anthropic", "claude-sonnet-5", "claude-sonnet-5-20260301"},
		{"openai", "gpt-5", "gpt-5-2025-08-07"},
		{"gcp.gemini", "gemini-2.5-flash", "gemini-2.5-flash"},
		{"anthropic", "claude-haiku-4-5", "claude-haiku-4-5-20251001"},
		{"openai", "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"},
		{"openai", "gpt-4o", "gpt-4o-2024-08-06"},
		{"gcp.gemini", "gemini-2.5-pro", "gemini-2.5-pro"},
	}
	return models[a.skewed(len(models))]
}

// span adds a span that lasts from start to end, in milliseconds of its trace. Ids
// and times are placeholders until the payload is stamped; parent is a number of
// a span in the trace, 0 for none.
func (r *request) span(number, parent int, name string, kind trace.Span_SpanKind, start, end int, attributes ...*common.KeyValue) *trace.Span {
	s := &trace.Span{
		TraceId: markTrace(r.index), SpanId: markSpan(number),
		Name: name, Kind: kind, Flags: 1,
		StartTimeUnixNano: markTime(start), EndTimeUnixNano: markTime(end),
		Attributes: append(attributes,
			text("gen_ai.conversation.id", markSession(r.session.number)),
			text("user.id", fmt.Sprintf("user-%05d", r.session.user)),
			text("assay.feature", r.feature),
			text("assay.config.name", r.feature),
			text("assay.config.version", r.version)),
		Status: &trace.Status{},
	}
	if parent != 0 {
		s.ParentSpanId = markSpan(parent)
	}
	r.spans = append(r.spans, s)
	return s
}

// chat adds a model call.
func (a *application) chat(r *request, number, parent, start, end int, system, input, output, finish string) {
	m := a.model()
	s := r.span(number, parent, "chat "+m.asked, trace.Span_SPAN_KIND_CLIENT, start, end,
		text("gen_ai.operation.name", "chat"),
		text("gen_ai.provider.name", m.provider),
		text("gen_ai.request.model", m.asked),
		text("gen_ai.response.model", m.answered),
		number64("gen_ai.request.max_tokens", 800),
		double("gen_ai.request.temperature", 0.2),
		text("gen_ai.response.id", markResponse),
		texts("gen_ai.response.finish_reasons", finish),
		double("gen_ai.response.time_to_first_chunk", float64(100+a.skewed(max(2, end-start-100)))/1000),
		number64("gen_ai.usage.input_tokens", (len(system)+len(input))/4),
		number64("gen_ai.usage.output_tokens", len(output)/4),
		number64("gen_ai.usage.cache_read.input_tokens", len(system)/4),
		text("gen_ai.system_instructions", `[{"type":"text","content":"`+system+`"}]`),
		text("gen_ai.input.messages", input),
		text("gen_ai.output.messages", output),
		text("server.address", "api."+m.provider+".example"))
	if a.rand.IntN(100) == 0 {
		s.Status = &trace.Status{Code: trace.Status_STATUS_CODE_ERROR, Message: "the upstream answered 529"}
		s.Attributes = append(s.Attributes, text("error.type", "overloaded_error"))
	}
}

// question answers one question from documents: five spans, in the order in which
// they end. Each size is a mean in bytes; together they are about 17,000 at scale 1.
func (a *application) question(index int, scale float64) *request {
	size := func(mean float64) int { return max(8, a.about(int(mean*scale))) }
	r := a.request(index, 4)
	// A trace lasts 1 to 8 seconds, most of them the shorter.
	first := 20 + a.rand.IntN(60)
	plan := first + 200 + a.skewed(1800)
	tool := plan + 30 + a.skewed(700)
	end := tool + 400 + a.skewed(4500)

	query := a.Text(size(160))
	var documents strings.Builder
	for i := range 4 {
		if i > 0 {
			documents.WriteByte(',')
		}
		fmt.Fprintf(&documents, `{"id":"help/page-%05d.md#%d","score":%.4f,"content":"%s"}`,
			a.rand.IntN(100_000), i, 1-a.rand.Float64()/2, a.Text(size(1300)))
	}
	r.span(2, 1, "retrieval help-centre", trace.Span_SPAN_KIND_CLIENT, 2, first,
		text("gen_ai.operation.name", "retrieval"),
		text("gen_ai.data_source.id", "help-centre"),
		number64("gen_ai.retrieval.top_k", 4),
		text("gen_ai.retrieval.query.text", query),
		text("gen_ai.retrieval.documents", "["+documents.String()+"]"))

	call := fmt.Sprintf("call_%016x", a.rand.Uint64())
	arguments := fmt.Sprintf(`{"order":"%08d","reason":"%s"}`, a.rand.IntN(1e8), a.Text(size(60)))
	result := a.Text(size(850))
	a.chat(r, 3, 1, first+1, plan, a.Text(size(600)),
		message("user", a.Text(size(4000))),
		`[{"role":"assistant","parts":[{"type":"tool_call","id":"`+call+`","name":"lookup_order","arguments":`+arguments+`}],"finish_reason":"tool_calls"}]`,
		"tool_calls")
	s := r.span(4, 1, "execute_tool lookup_order", trace.Span_SPAN_KIND_INTERNAL, plan+1, tool,
		text("gen_ai.operation.name", "execute_tool"),
		text("gen_ai.tool.name", "lookup_order"),
		text("gen_ai.tool.type", "function"),
		text("gen_ai.tool.call.id", call),
		text("gen_ai.tool.call.arguments", arguments),
		text("gen_ai.tool.call.result", `{"status":"`+result+`"}`))
	if a.rand.IntN(50) == 0 {
		s.Status = &trace.Status{Code: trace.Status_STATUS_CODE_ERROR, Message: "no such order"}
		s.Attributes = append(s.Attributes, text("error.type", "tool_error"))
	}
	answer := a.Text(size(1100))
	if a.rand.IntN(50) == 0 {
		answer += " " + RareWord + "."
	}
	if a.rand.IntN(5000) == 0 {
		answer += " " + RarestWord + "."
	}
	a.chat(r, 5, 1, tool+1, end-1, a.Text(size(500)), message("user", a.Text(size(2400))), message("assistant", answer), "stop")
	r.span(1, 0, "invoke_agent "+r.feature, trace.Span_SPAN_KIND_INTERNAL, 0, end,
		text("gen_ai.operation.name", "invoke_agent"),
		text("gen_ai.agent.name", r.feature),
		texts("tag.tags", "bench", "tier-"+string(rune('a'+a.skewed(3)))),
		text("gen_ai.input.messages", message("user", a.Text(size(180)))),
		text("gen_ai.output.messages", message("assistant", a.Text(size(1100)))))
	return r
}

// turn is one turn of a growing conversation: the call of the model repeats all
// that was said before, and the span around it has the new question and answer.
func (a *application) turn(index int) *request {
	r := a.request(index, 10)
	end := 500 + a.skewed(6000)
	asked := `{"role":"user","parts":[{"type":"text","content":"` + a.Text(a.about(250)) + `"}]}`
	answer := a.Text(a.about(1100))
	said := asked
	if r.session.history != "" {
		said = r.session.history + "," + asked
	}
	a.chat(r, 2, 1, 1, end-1, a.Text(a.about(600)), "["+said+"]", message("assistant", answer), "stop")
	r.span(1, 0, "invoke_agent "+r.feature, trace.Span_SPAN_KIND_INTERNAL, 0, end,
		text("gen_ai.operation.name", "invoke_agent"),
		text("gen_ai.agent.name", r.feature),
		text("gen_ai.input.messages", "["+asked+"]"),
		text("gen_ai.output.messages", message("assistant", answer)))
	r.session.history = said + `,{"role":"assistant","parts":[{"type":"text","content":"` + answer + `"}]}`
	return r
}

// origin is the process that the spans of one payload come from.
func (a *application) origin() *resource.Resource {
	environments := []string{"production", "staging", "development"}
	return &resource.Resource{Attributes: []*common.KeyValue{
		text("service.name", "shop-assistant"),
		text("service.version", "2026.11.2"),
		text("deployment.environment.name", environments[a.skewed(len(environments))]),
		text("telemetry.sdk.language", "python"),
		text("telemetry.sdk.name", "opentelemetry"),
		text("telemetry.sdk.version", "1.38.0"),
		text("host.name", fmt.Sprintf("node-%03d", a.rand.IntN(40))),
	}}
}

func message(role, content string) string {
	return `[{"role":"` + role + `","parts":[{"type":"text","content":"` + content + `"}]}]`
}

func text(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

func texts(key string, values ...string) *common.KeyValue {
	list := &common.ArrayValue{}
	for _, v := range values {
		list.Values = append(list.Values, &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: v}})
	}
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: list}}}
}

func number64(key string, value int) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: int64(value)}}}
}

func double(key string, value float64) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: value}}}
}
