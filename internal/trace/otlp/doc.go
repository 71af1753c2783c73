// Package otlp walks the bytes of OpenTelemetry's protocol (OTLP 1.x, protobuf
// encoding) without decoding them into objects.
//
// A server that keeps what was sent byte for byte needs to look at few fields
// of each span: its ids, its times, some attributes. A View finds them in
// place; nothing is copied, so views and the texts they give alias the bytes
// they were made of, which must not change.
//
// Field numbers are those of opentelemetry-proto v1: trace/v1/trace.proto,
// logs/v1/logs.proto, common/v1/common.proto. Unknown fields are passed over
// and stay in the bytes. Bytes that are not protobuf are an error, never a
// panic, and nesting deeper than MaxDepth is one too.
package otlp
