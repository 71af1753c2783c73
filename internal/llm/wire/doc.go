// Package wire is the lower layer of a call to a model: raw request bytes out,
// raw reply bytes or events in, as they come. It knows HTTP and nothing of any
// vendor's JSON.
//
// An Exchange belongs to one provider. It owns:
//
//   - the timers: connect, first byte, idle between bytes, and total, each of
//     one attempt;
//   - the retries, with full jitter, within a number of attempts and a budget
//     of time; what a provider asks for (Retry-After, retry-after-ms,
//     x-should-retry) is honoured, and what waiting does not help is not
//     retried;
//   - the ceiling: how many attempts may be under way at once. It falls by half
//     on 429, 529 and timeouts and rises by about one for each full round of
//     successes. Latency alone never lowers it;
//   - the observer, which hears of every attempt.
//
// An attempt is retried only while nothing of its answer has been handed on.
// Send returns when the answer's status is known: a body with a status of
// success is then read by the caller as it arrives; a body with any other
// status has been read whole, so that it can be passed on byte for byte.
//
// Headers, bodies and the query of the address are in no error and no Attempt.
package wire
