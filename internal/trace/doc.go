// Package trace holds what Assay knows of a request to an LLM application:
// spans, the traces they form, and scores about them.
//
// A span is one step: a model call, a retrieval, a tool, an agent. Spans of one
// trace id form a trace, one request end to end; traces of one session form a
// conversation.
//
// The unit of truth is the span as OpenTelemetry's protocol carried it. The
// types here are meaning derived from it, by package trace/semconv, in two
// depths: a Row is narrow and cheap, made once for every span that arrives, and
// is what an index keeps and queries filter by; a Span is everything, made when
// somebody reads it. Since both are derived, a better mapping applies to old
// traces.
//
// Times are UTC nanoseconds since 1970, durations nanoseconds, money
// nano-dollars, tokens integers.
package trace
