// Package load sends the payloads of a pool to an OTLP/HTTP server and keeps count.
//
// A span counts as acknowledged when the server answered 200 to its request and
// rejected nothing of it. A request that is refused for the moment (429, 503) is
// sent again, unchanged, after the pause that the server asked for; that time is
// part of the request's latency, as it would be for an application that waits.
// Anything else that goes wrong ends the load with an error: a benchmark that
// passes over errors measures them.
package load

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/assay-llmops/assay/bench/spangen"
)

// Options say how to send.
type Options struct {
	URL         string // of /v1/traces
	Connections int
	Gzip        bool

	// The load ends after Duration, or when Spans were sent, whichever is set and
	// comes first; and when the context ends.
	Duration time.Duration
	Spans    int

	Rate  float64                  // spans a second; 0 is as fast as they are answered
	First uint64                   // number of the first trace
	Begin func(n uint64) time.Time // when trace n began; nil is ten seconds before it is sent
	Watch func(acknowledged int64) // called after each answer; nil is nobody
}

// Result is what came of a load.
type Result struct {
	Spans, Traces, Requests int64 // acknowledged
	Bytes                   int64 // of acknowledged requests, before compression
	Refused                 int64 // answers 429 and 503
	Took                    time.Duration
	Latencies               []time.Duration // of requests, sorted
}

// PerSecond is how many spans were acknowledged a second.
func (r *Result) PerSecond() float64 { return float64(r.Spans) / r.Took.Seconds() }

// Percentile is the nearest-rank percentile of the latencies.
func Percentile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(q*float64(len(sorted)) + 0.9999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Run sends the payloads round and round. Each connection has its own share of
// them, so that no payload is stamped while it is on its way.
func Run(ctx context.Context, payloads []*spangen.Payload, o Options) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Begin == nil {
		o.Begin = func(uint64) time.Time { return time.Now().Add(-10 * time.Second) }
	}
	o.Connections = min(max(1, o.Connections), len(payloads))
	s := &sender{Options: o, start: time.Now()}
	s.trace.Store(o.First)
	var wait sync.WaitGroup
	failed := make([]error, o.Connections)
	for c := range o.Connections {
		wait.Go(func() {
			if failed[c] = s.connection(ctx, payloads, c); failed[c] != nil {
				cancel()
			}
		})
	}
	wait.Wait()
	s.result.Took = time.Since(s.start)
	slices.Sort(s.result.Latencies)
	return &s.result, errors.Join(failed...)
}

type sender struct {
	Options
	start time.Time
	trace atomic.Uint64 // number of the next
	sent  atomic.Int64  // spans given out

	mu     sync.Mutex
	result Result
}

func (s *sender) connection(ctx context.Context, payloads []*spangen.Payload, c int) error {
	transport := &http.Transport{MaxConnsPerHost: 1, WriteBufferSize: 64 << 10, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var packed bytes.Buffer
	for i := c; ; i += s.Connections {
		if i >= len(payloads) {
			i = c
		}
		p := payloads[i]
		if !s.take(ctx, p) {
			return nil
		}
		p.Stamp(s.trace.Add(uint64(p.Traces))-uint64(p.Traces), s.Begin)
		body := p.Body
		if s.Gzip {
			packed.Reset()
			w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
			if err != nil {
				return err
			}
			if _, err := w.Write(p.Body); err != nil {
				return err
			}
			if err := w.Close(); err != nil {
				return err
			}
			body = packed.Bytes()
		}
		begin := time.Now()
		refused, err := s.deliver(ctx, client, body)
		if ctx.Err() != nil {
			return nil // cut off: whether it was kept is not known, and not counted
		}
		if err != nil {
			return err
		}
		s.count(p, time.Since(begin), refused)
	}
}

// take waits until the payload may be sent, and says false when the load is over.
func (s *sender) take(ctx context.Context, p *spangen.Payload) bool {
	sent := s.sent.Add(int64(p.Spans))
	if s.Spans > 0 && sent-int64(p.Spans) >= int64(s.Spans) {
		return false
	}
	if s.Rate > 0 {
		due := s.start.Add(time.Duration(float64(sent-int64(p.Spans)) / s.Rate * float64(time.Second)))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil && (s.Duration == 0 || time.Since(s.start) < s.Duration)
}

func (s *sender) count(p *spangen.Payload, took time.Duration, refused int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.result
	r.Spans += int64(p.Spans)
	r.Traces += int64(p.Traces)
	r.Requests++
	r.Bytes += int64(len(p.Body))
	r.Refused += refused
	r.Latencies = append(r.Latencies, took)
	if s.Watch != nil {
		s.Watch(r.Spans)
	}
}

// deliver sends a body until it is taken, and says how often it was refused.
func (s *sender) deliver(ctx context.Context, client *http.Client, body []byte) (refused int64, err error) {
	for {
		pause, err := s.post(ctx, client, body)
		if err != nil || pause == 0 {
			return refused, err
		}
		refused++
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return refused, nil
		}
	}
}

// post sends a body once. A pause above 0 means: again after it.
func (s *sender) post(ctx context.Context, client *http.Client, body []byte) (pause time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	if s.Gzip {
		request.Header.Set("Content-Encoding", "gzip")
	}
	reply, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("sending a request: %w", err)
	}
	defer reply.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(reply.Body, 1<<20))
	if err != nil {
		return 0, fmt.Errorf("reading the answer: %w", err)
	}
	switch reply.StatusCode {
	case http.StatusOK:
		return 0, rejected(answer)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		seconds, err := strconv.Atoi(reply.Header.Get("Retry-After"))
		if err != nil || seconds < 1 {
			return 100 * time.Millisecond, nil //nolint:nilerr // a server need not say how long
		}
		return time.Duration(seconds) * time.Second, nil
	default:
		return 0, fmt.Errorf("%s answered %s: %.300s", s.URL, reply.Status, answer)
	}
}

// rejected is the error of a partial success: field 1 of the answer, in which field
// 1 is the number of spans that were not taken and field 2 says why.
func rejected(answer []byte) error {
	for len(answer) > 0 {
		number, kind, n := protowire.ConsumeTag(answer)
		if n < 0 {
			return nil // Phoenix answers with JSON
		}
		size := protowire.ConsumeFieldValue(number, kind, answer[n:])
		if size < 0 {
			return nil
		}
		if number == 1 && kind == protowire.BytesType {
			if part, _ := protowire.ConsumeBytes(answer[n:]); len(part) > 0 && part[0] == 1<<3 {
				if count, _ := protowire.ConsumeVarint(part[1:]); count > 0 {
					return fmt.Errorf("%d spans of a request were rejected: %q", count, part)
				}
			}
		}
		answer = answer[n+size:]
	}
	return nil
}
