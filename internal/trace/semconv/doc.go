// Package semconv reads meaning out of spans: what each instrumentation calls a
// model, a token count, a message, in Assay's own words.
//
// Nobody agrees on names. OpenTelemetry's conventions for generative AI changed
// theirs four times, and OpenInference, OpenLLMetry, the Vercel AI SDK,
// Langfuse, LangSmith, Pydantic AI and Logfire each have their own; one span
// often carries two sets. So every fact has a list of attributes in order of
// trust, in keys.go for the facts of a Row and beside the code for content, and
// the first that says something counts. Alternatives are never added up: they
// are the same tokens, the same messages, under another name.
//
// Row is the narrow reading, made once for every span that arrives, and decodes
// no content. Whole is everything, made when somebody opens the span. Both are
// derived from the bytes as sent, so a mapping that gets better applies to old
// spans as well. docs/reference/semconv.md is the table for users; a test holds
// it to the code.
package semconv

// Reading is the number of the way in which spans are read. What is derived from
// spans and kept, as the index of a store is, has it beside it and is derived anew
// when it is another: raise it when a span reads otherwise than before. A test
// tells when that is so.
const Reading = 1
