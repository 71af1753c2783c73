package semconv

import (
	"math"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// Whole reads everything that is known of a span, together with the log records
// that name it: instrumentations of OpenTelemetry 1.28 to 1.36 send the
// messages there, before the span or after it.
func Whole(o *Origin, s *otlp.Span, logs []Log) (*trace.Span, error) {
	row, err := Row(o, s)
	if err != nil {
		return nil, err
	}
	c := &content{at: decode(s.Attributes), kind: row.Kind}
	c.readEvents(s, logs)

	span := &trace.Span{
		Row: row, Attributes: c.at, Resource: decode(o.resource.Attributes), Events: c.events, Dropped: s.Dropped,
		StatusText: firstOf(s.StatusMessage, c.text(statusKeys)), ResponseID: c.text(responseKeys),
		Params: c.params(), Metadata: c.metadata(), Tools: c.tools(), Prompt: c.prompt(), Variables: raw(c.first(variableKeys)),
		Exceptions: c.exceptions(), Evaluations: SpanScores(o, s),
	}
	span.Scope, span.ScopeVersion, _ = o.scope.Name() // a scope that cannot be read has no name
	_ = s.Links(func(l otlp.Link) error {             // as decode
		link := trace.Link{Attributes: decode(l.Attributes)}
		copy(link.Trace[:], l.TraceID)
		copy(link.Span[:], l.SpanID)
		span.Links = append(span.Links, link)
		return nil
	})
	span.Input, span.InputText = c.read(inputReaders, inputTextKeys)
	span.Output, span.OutputText = c.read(outputReaders, outputTextKeys)
	if span.Finish == "" && len(span.Output) > 0 {
		span.Finish = span.Output[0].Finish
	}
	switch row.Kind {
	case trace.KindTool:
		span.Call = c.call(s.Name)
	case trace.KindRetriever, trace.KindReranker:
		span.Query, span.Documents = c.query(), c.documents()
	default:
		if docs := c.documents(); row.Kind != trace.KindLLM && docs != nil {
			span.Documents = docs
		}
	}
	for i := range logs {
		if score, ok := LogScore(logs[i].Origin, &logs[i].Log); ok {
			span.Evaluations = append(span.Evaluations, score)
		}
	}
	return span, nil
}

// finder finds a list in one place.
type finder struct {
	key  string // the attribute, for docs/reference/semconv.md
	find func(*content) any
}

// toolFinders are where the definitions of tools may be.
var toolFinders = []finder{
	{"gen_ai.tool.definitions", func(c *content) any { return structure(c.at["gen_ai.tool.definitions"]) }},
	{"gen_ai.tool.definitions.N", func(c *content) any { return unflatten(c.at, "gen_ai.tool.definitions") }},
	{"llm.tools.N", func(c *content) any { return unflatten(c.at, "llm.tools") }},
	{"llm.request.functions.N", func(c *content) any { return unflatten(c.at, "llm.request.functions") }},
	{"ai.prompt.tools", func(c *content) any { return structure(c.at["ai.prompt.tools"]) }},
	{"langfuse.observation.input", func(c *content) any {
		m, _ := structure(c.at["langfuse.observation.input"]).(map[string]any)
		return m["tools"]
	}},
}

// tools are the definitions offered to the model.
func (c *content) tools() (list []trace.Tool) {
	for i := range toolFinders {
		entries, _ := toolFinders[i].find(c).([]any)
		for _, e := range entries {
			if t, ok := toolDefinition(e); ok {
				list = append(list, t)
			}
		}
		if list != nil {
			break
		}
	}
	return list
}

// call is the call that a tool span is. Langfuse and MCP name the tool in the
// span's name alone.
func (c *content) call(spanName string) *trace.ToolCall {
	name := c.text(callNameKeys)
	if name == "" {
		name = strings.TrimPrefix(strings.TrimPrefix(spanName, "execute_tool "), "tools/call ")
	}
	id, result := toolAnswer(c.first(callResultKeys))
	return &trace.ToolCall{
		ID: firstOf(c.text(callIDKeys), id), Name: name, Arguments: raw(keywords(c.first(callArgumentsKeys))), Result: raw(result),
	}
}

// keywords takes the named arguments out of what decorators of Python
// functions send, {"args": [], "kwargs": {...}}, where there are no others.
func keywords(v any) any {
	m, ok := structure(v).(map[string]any)
	if !ok || len(m) != 2 {
		return v
	}
	args, isList := m["args"].([]any)
	kwargs, isMap := m["kwargs"].(map[string]any)
	if !isList || !isMap || len(args) > 0 {
		return v
	}
	return kwargs
}

// toolAnswer takes the result out of LangChain's message of a tool, with the id
// of the call that it answers.
func toolAnswer(v any) (id string, result any) {
	m, ok := structure(v).(map[string]any)
	if !ok {
		return "", v
	}
	for _, wrapper := range []string{"output", "data", "kwargs"} {
		if inner, ok := m[wrapper].(map[string]any); ok {
			m = inner
		}
	}
	if pickText(m, "type") != "tool" || m["tool_call_id"] == nil {
		return "", v
	}
	return pickText(m, "tool_call_id"), m["content"]
}

// query is what a retriever or reranker was asked.
func (c *content) query() string {
	if q := c.text(queryKeys); q != "" {
		return q
	}
	v := c.first(inputTextKeys)
	if m, ok := structure(v).(map[string]any); ok {
		if q, ok := m["query"].(string); ok {
			return q
		}
	}
	return textOf(v)
}

// documentFinders are where retrieved documents may be.
var documentFinders = []finder{
	{"gen_ai.retrieval.documents", func(c *content) any { return structure(c.at["gen_ai.retrieval.documents"]) }},
	{"retrieval.documents.N", func(c *content) any { return unflatten(c.at, "retrieval.documents") }},
	{"reranker.output_documents.N", func(c *content) any { return unflatten(c.at, "reranker.output_documents") }},
	{"event db.query.result", func(c *content) any { return c.documentEvents("db.query.result") }},
	{"event db.search.result", func(c *content) any { return c.documentEvents("db.search.result") }},
	{"ai.ranking", (*content).ranking},
	{"langfuse.observation.output", func(c *content) any { return c.answered("langfuse.observation.output") }},
	{"gen_ai.completion", func(c *content) any { return c.answered("gen_ai.completion") }},
}

// documents are what was retrieved, in the order sent.
func (c *content) documents() (list []trace.Document) {
	for i := range documentFinders {
		entries, _ := documentFinders[i].find(c).([]any)
		for _, e := range entries {
			if m, ok := unwrap(e, "document").(map[string]any); ok {
				list = append(list, document(m))
			}
		}
		if list != nil {
			break
		}
	}
	return list
}

// answered is the list of documents that a retriever answered; of spans of
// other kinds an answer is any list.
func (c *content) answered(key string) any {
	if c.kind != trace.KindRetriever && c.kind != trace.KindReranker {
		return nil
	}
	v := structure(c.at[key])
	if m, ok := v.(map[string]any); ok {
		return m["documents"]
	}
	return v
}

// documentEvents reads OpenLLMetry's events of vector databases.
func (c *content) documentEvents(name string) any {
	var list []any
	for i := range c.events {
		if c.events[i].Name == name {
			m := map[string]any{}
			for key, v := range c.events[i].Attributes {
				m[strings.TrimPrefix(key, name+".")] = v
			}
			if content, ok := m["document"]; ok {
				m["content"] = content
				delete(m, "document")
			}
			list = append(list, m)
		}
	}
	return list
}

// ranking reads the Vercel AI SDK's reranking: documents, and their new order.
func (c *content) ranking() any {
	order, _ := structure(c.at["ai.ranking"]).([]any)
	docs, _ := structure(c.at["ai.documents"]).([]any)
	var list []any
	for _, e := range order {
		m, _ := structure(e).(map[string]any)
		i, ok := countOf(m["index"])
		if !ok || i >= int64(len(docs)) {
			continue
		}
		list = append(list, map[string]any{"content": unquote(docs[i]), "score": pick(m, "relevanceScore", "score")})
	}
	return list
}

func document(m map[string]any) trace.Document {
	if inner, ok := m["kwargs"].(map[string]any); ok { // LangChain
		m = inner
	}
	meta, _ := structure(m["metadata"]).(map[string]any)
	return trace.Document{
		ID: pickText(m, "id", "document_id"), Content: pickText(m, "content", "page_content", "text"),
		Source: firstOf(pickText(m, "source"), pickText(meta, "source", "url")),
		Score:  finite(pick(m, "score", "relevance_score"), pick(meta, "score", "relevance_score")), Distance: finite(pick(m, "distance"), nil),
		Metadata: raw(m["metadata"]),
	}
}

// finite is the first of the values that is a number.
func finite(values ...any) *float64 {
	for _, v := range values {
		if x, ok := floatOf(v); ok && !math.IsNaN(x) && !math.IsInf(x, 0) {
			return &x
		}
	}
	return nil
}

func (c *content) exceptions() (list []trace.Exception) {
	for i := range c.events {
		e := &c.events[i]
		if slices.Contains(exceptionKeys, "event "+e.Name) {
			m := fields(e)
			list = append(list, trace.Exception{
				Time: e.Time, Type: pickText(m, "exception.type"), Message: pickText(m, "exception.message"), Stack: pickText(m, "exception.stacktrace"),
			})
		}
	}
	return list
}
