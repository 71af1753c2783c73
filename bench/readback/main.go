//go:build linux

// Command readback holds a running `assay serve` to a promise: what it acknowledged
// is in the very next answer. Ten thousand times it sends a trace and, as soon as
// that is acknowledged, asks for the trace by its id and for the list of its user's
// traces, while an application sends 5,000 spans a second beside it. One answer
// that misses a span ends it with an error.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/assay-llmops/assay/bench/load"
	"github.com/assay-llmops/assay/bench/process"
	"github.com/assay-llmops/assay/bench/spangen"
)

func main() {
	assay := flag.String("assay", "bin/assay", "the binary to measure")
	times := flag.Int("times", 10_000, "how often something is sent and read")
	at := flag.Int("at-once", 4, "by how many at once")
	rate := flag.Float64("rate", 5_000, "spans a second that are sent beside it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := measure(ctx, *assay, *times, *at, *rate); err != nil {
		fmt.Fprintln(os.Stderr, "bench/readback:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, assay string, times, at int, rate float64) (err error) {
	dir, err := os.MkdirTemp("", "assay-readback-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	server, _, err := process.StartAssay(ctx, assay, filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(time.Minute)) }()
	payloads, err := spangen.NewPool(spangen.Options{Seed: 3, Mix: spangen.Docs, Spans: 50_000})
	if err != nil {
		return err
	}
	loaded, cancel := context.WithCancel(ctx)
	defer cancel()
	var beside *load.Result
	done := make(chan error, 1)
	go func() {
		var err error
		beside, err = load.Run(loaded, payloads, load.Options{URL: server.Traces(), Connections: 4, Rate: rate})
		done <- err
	}()
	r := &reader{server: server}
	err = r.all(ctx, uint64(times), at)
	cancel()
	if err := errors.Join(err, <-done); err != nil {
		return err
	}
	fmt.Printf("%d of %d were readable right after their acknowledgement, by id and in a list; %.0f spans/s beside\n", r.readable.Load(), times, beside.PerSecond())
	for _, step := range []struct {
		name string
		took []time.Duration
	}{{"acknowledged after", r.sent}, {"read by id", r.read}, {"listed", r.listed}} {
		slices.Sort(step.took)
		fmt.Printf("%-20s p50 %v, p99 %v\n", step.name, load.Percentile(step.took, 0.5).Round(10*time.Microsecond), load.Percentile(step.took, 0.99).Round(10*time.Microsecond))
	}
	if n := r.readable.Load(); n != int64(times) {
		return fmt.Errorf("%d were not readable", int64(times)-n)
	}
	return nil
}

// reader sends and reads.
type reader struct {
	server   *process.Assay
	readable atomic.Int64

	mu                 sync.Mutex
	sent, read, listed []time.Duration
}

func (r *reader) all(ctx context.Context, times uint64, at int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Uint64
	var all sync.WaitGroup
	for range at {
		all.Go(func() {
			for n := next.Add(1); n <= times && ctx.Err() == nil; n = next.Add(1) {
				if err := r.one(ctx, n); err != nil {
					cancel(fmt.Errorf("number %d: %w", n, err))
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// one sends a trace of two spans and looks for it.
func (r *reader) one(ctx context.Context, n uint64) error {
	id := pcommon.TraceID{0xbe}
	binary.BigEndian.PutUint64(id[8:], n)
	user := fmt.Sprintf("user-%d", n)
	begin := time.Now()
	if err := r.send(ctx, id, user); err != nil {
		return fmt.Errorf("sending it: %w", err)
	}
	acknowledged := time.Now()
	var trace struct {
		Spans []struct{} `json:"spans"`
	}
	if err := r.ask(ctx, "/api/v1/traces/"+id.String(), nil, &trace); err != nil {
		return err
	}
	read := time.Now()
	var list struct {
		Traces []struct {
			ID    string `json:"trace_id"`
			Spans int    `json:"span_count"`
		} `json:"traces"`
	}
	if err := r.ask(ctx, "/api/v1/traces", url.Values{"q": {"user=" + user}}, &list); err != nil {
		return err
	}
	listed := time.Now()
	if len(trace.Spans) == 2 && len(list.Traces) == 1 && list.Traces[0].ID == id.String() && list.Traces[0].Spans == 2 {
		r.readable.Add(1)
	} else {
		fmt.Fprintf(os.Stderr, "number %d: %d of 2 spans by id, listed as %v\n", n, len(trace.Spans), list.Traces)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, acknowledged.Sub(begin))
	r.read = append(r.read, read.Sub(acknowledged))
	r.listed = append(r.listed, listed.Sub(read))
	return nil
}

func (r *reader) ask(ctx context.Context, path string, query url.Values, into any) error {
	body, err := r.server.Get(ctx, path, query)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func (r *reader) send(ctx context.Context, id pcommon.TraceID, user string) error {
	data := ptrace.NewTraces()
	spans := data.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := range byte(2) {
		s := spans.AppendEmpty()
		s.SetTraceID(id)
		s.SetSpanID(pcommon.SpanID{7: i + 1})
		if i > 0 {
			s.SetParentSpanID(pcommon.SpanID{7: 1})
		}
		s.SetName("step")
		s.Attributes().PutStr("user.id", user)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-time.Second)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(data).MarshalProto()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.server.Traces(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return err
	}
	if reply.StatusCode != http.StatusOK || len(text) > 0 {
		return fmt.Errorf("%s: %.300s", reply.Status, text)
	}
	return nil
}
