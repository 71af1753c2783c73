// Package spanstore is the contract of a place that keeps spans: what is
// acknowledged is on disk, what was acknowledged is seen by the next read, and
// what is read is what was sent.
//
// A store takes batches as they came over the wire (Batch), derives a narrow
// row from each span (trace.Row, by trace/semconv) and answers queries from the
// rows; the bytes are read when somebody opens a span. Package local is the
// embedded store: a log and an index derived from it. Package storetest holds
// every implementation to this contract.
//
// A project is the boundary of a tenant. Every call names one; nothing of
// another is ever seen through it.
package spanstore
