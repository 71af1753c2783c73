// Package ingest takes in spans and log records over OpenTelemetry's protocol,
// by HTTP (Handler) and by gRPC (Server), and hands them to a store.
//
// What always holds:
//
//   - An answer of success is given after the store has said that the batch is
//     on disk.
//   - A span that cannot be kept is rejected alone, with a reason that the
//     sender is told as partial success; the rest of its request is kept.
//   - The bytes of a span that is kept are those that were sent, unless a rule
//     of Redaction changed them.
//   - Memory is asked for before it is used: the bytes of all requests in hand
//     count against one budget, and a request that does not fit is told to come
//     again later. The budget counts what has arrived, not what a sender
//     announces.
//   - No content is in an error, a log line or a metric.
//
// docs/reference/ingest.md lists every limit and its result.
package ingest
