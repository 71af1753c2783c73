// Package api is the JSON API over a span store: what was sent is read, asked
// for, summed, scored and erased under /api/v1.
//
// Every endpoint is a row of one table (routes): its path, its parameters, what
// it reads and answers, and the scope that a key needs. The OpenAPI document at
// /api/v1/openapi.json is made of the same table and of the Go types of the
// answers, so neither can say what the other does not.
//
// At this edge ids are hex, times RFC 3339 with nanoseconds, durations
// milliseconds with up to six decimals, and money decimal strings of US
// dollars. What is unknown is left out, never zero. An error is
// {"error": {"code", "message", "column", "expected", "fix"}}; it never repeats
// what a span holds.
package api
