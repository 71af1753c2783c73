//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/assay-llmops/assay/bench/process"
)

// honest are three users of the server: an application that sends a span every 20
// milliseconds over HTTP, each over a connection of its own, which is the hardest;
// another that sends one over gRPC as often; and somebody who lists traces five
// times a second. Each tries again after a second, up to five times, as SDKs do.
type honest struct {
	server *process.Assay
	users  []*user
}

// user is one of them, and what became of its requests.
type user struct {
	name  string
	every time.Duration
	ask   func(ctx context.Context, n uint64) error

	mu                     sync.Mutex
	asked, first, answered int
	took                   []time.Duration // of answered requests, with the pauses
	last                   error
}

func newHonest(server *process.Assay) *honest {
	h := &honest{server: server}
	h.users = []*user{
		{name: "sending over HTTP", every: 20 * time.Millisecond, ask: h.send},
		{name: "sending over gRPC", every: 20 * time.Millisecond, ask: h.call},
		{name: "listing traces", every: 200 * time.Millisecond, ask: h.list},
	}
	return h
}

func (h *honest) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, u := range h.users {
		all.Go(func() {
			ticks := time.NewTicker(u.every)
			defer ticks.Stop()
			for n := uint64(1); ctx.Err() == nil; n++ {
				all.Go(func() { u.request(n) })
				select {
				case <-ticks.C:
				case <-ctx.Done():
				}
			}
		})
	}
	all.Wait()
}

// request makes a request until it is answered.
func (u *user) request(n uint64) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	began := time.Now()
	var err error
	for try := range 5 {
		if try > 0 {
			time.Sleep(time.Second)
		}
		if err = u.ask(ctx, n); err == nil {
			u.mu.Lock()
			defer u.mu.Unlock()
			u.asked++
			u.answered++
			if try == 0 {
				u.first++
			}
			u.took = append(u.took, time.Since(began))
			return
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked++
	u.last = err
}

// print says what they experienced, and whether all were served.
func (h *honest) print(w io.Writer) bool {
	served := true
	for _, u := range h.users {
		slices.Sort(u.took)
		fmt.Fprintf(w, "  %-22s  %.2f %% of %d answered, %.2f %% at once; p50 %s, p99 %s", u.name,
			100*float64(u.answered)/float64(u.asked), u.asked, 100*float64(u.first)/float64(u.asked), percentile(u.took, 0.5), percentile(u.took, 0.99))
		if u.answered < u.asked {
			served = false
			fmt.Fprintf(w, ": MISSED, the last by %v", u.last)
		}
		fmt.Fprintln(w)
	}
	return served
}

func span(who byte, n uint64) ptraceotlp.ExportRequest {
	data := ptrace.NewTraces()
	s := data.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	id := pcommon.TraceID{who}
	binary.BigEndian.PutUint64(id[8:], n)
	s.SetTraceID(id)
	s.SetSpanID(pcommon.SpanID(id[8:]))
	s.SetName("honest")
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-time.Second)))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	return ptraceotlp.NewExportRequestFromTraces(data)
}

func (h *honest) send(ctx context.Context, n uint64) error {
	body, err := span(1, n).MarshalProto()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.server.Traces(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	return answered(request)
}

func (h *honest) list(ctx context.Context, _ uint64) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.server.Address()+"/api/v1/traces?limit=10", nil)
	if err != nil {
		return err
	}
	return answered(request)
}

// answered makes a request over a connection of its own.
func answered(request *http.Request) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := client.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200s", reply.Status, text)
	}
	return err
}

func (h *honest) call(ctx context.Context, n uint64) error {
	conn, err := grpc.NewClient(h.server.GRPC(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = ptraceotlp.NewGRPCClient(conn).Export(ctx, span(2, n))
	return err
}
