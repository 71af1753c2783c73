// Package captured holds what real SDKs sent against what went over the wire.
//
// testdata/captured has a folder for each instrumentation and scenario, made by
// e2e/instrumentations: the OTLP requests as they were sent, and in wire.json
// every exchange between the SDK and the model's server, kept by a proxy that
// stood between them. Compare asks of the spans that Assay derived whether they
// say the same: kind, provider, models, messages, tools, usage, finish, error,
// documents, and that the trace's totals are what the server billed.
//
// What an SDK never sends cannot be derived. absent.json lists it, field by
// field with the reason; a value that is there and wrong is never excused by it.
package captured
