//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/assay-llmops/assay/bench/load"
	"github.com/assay-llmops/assay/bench/process"
)

// phoenixSpans is how many spans Phoenix is sent at once: less than its queue of
// 20,000, so that it refuses none.
const phoenixSpans = 5_000

// measurePhoenix sends Phoenix the same requests and counts, by its own API, what
// it has stored. It answers before it stores, so there are two speeds.
func (m *measurement) measurePhoenix(ctx context.Context) error {
	if m.phoenix == "" {
		fmt.Println("Phoenix is not measured: --phoenix names its program")
		return nil
	}
	dir := filepath.Join(m.dir, "phoenix")
	web, err := process.Address()
	if err != nil {
		return err
	}
	grpc, err := process.Address()
	if err != nil {
		return err
	}
	_, port, _ := bytes.Cut([]byte(web), []byte(":"))
	_, grpcPort, _ := bytes.Cut([]byte(grpc), []byte(":"))
	server, ready, err := process.Start(ctx, process.Spec{
		Command: []string{m.phoenix, "serve"},
		Env: []string{"PHOENIX_HOST=127.0.0.1", "PHOENIX_PORT=" + string(port), "PHOENIX_GRPC_PORT=" + string(grpcPort),
			"PHOENIX_WORKING_DIR=" + dir, "PHOENIX_TELEMETRY_ENABLED=false"},
		Log: dir + ".log", Ready: "http://" + web + "/healthz", Within: 2 * time.Minute,
	})
	if err != nil {
		return err
	}
	figure("Phoenix: ready after", float64(ready.Milliseconds()), "ms")
	stored, err := m.loadPhoenix(ctx, server, "http://"+web)
	if err := errors.Join(err, server.Stop(time.Minute)); err != nil {
		return err
	}
	size, err := process.Size(dir) // after the stop, which folds SQLite's journal into its file
	if err != nil {
		return err
	}
	figure("Phoenix: on disk", float64(size)/float64(max(1, stored)), "bytes/span")
	return nil
}

func (m *measurement) loadPhoenix(ctx context.Context, server *process.Server, base string) (stored int64, err error) {
	before, err := server.Use()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	r, err := load.Run(ctx, m.payloads, load.Options{
		URL: base + "/v1/traces", Connections: 2, Gzip: m.gzip, Spans: min(phoenixSpans, m.pool), First: m.traces,
	})
	if err != nil {
		return 0, err
	}
	figure("Phoenix: answered 200", r.PerSecond(), "spans/s")
	for stored < r.Spans && time.Since(begin) < 2*time.Minute && ctx.Err() == nil {
		time.Sleep(250 * time.Millisecond)
		if stored, err = phoenixCount(ctx, base); err != nil {
			return 0, err
		}
	}
	rate := float64(stored) / time.Since(begin).Seconds()
	figure("Phoenix: stored", rate, "spans/s")
	if stored < r.Spans {
		fmt.Printf("Phoenix: %d of %d spans that it answered for are not stored after %.0f s\n", r.Spans-stored, r.Spans, time.Since(begin).Seconds())
	}
	after, err := server.Use()
	if err != nil {
		return stored, err
	}
	figure("Phoenix: processor time", (after.Processor-before.Processor).Seconds()*1e6/float64(max(1, stored)), "µs/span")
	figure("Phoenix: peak resident memory", float64(after.Peak)/1e6, "MB")
	if m.durable > 0 && rate > 0 {
		m.atLeast("Assay durable to Phoenix stored", m.durable/rate, "times", 250)
	}
	return stored, nil
}

// phoenixCount asks Phoenix how many spans it has.
func phoenixCount(ctx context.Context, base string) (int64, error) {
	question := []byte(`{"query":"{projects{edges{node{recordCount}}}}"}`)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/graphql", bytes.NewReader(question))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer reply.Body.Close()
	var answer struct {
		Data struct {
			Projects struct {
				Edges []struct{ Node struct{ RecordCount int64 } }
			}
		}
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(reply.Body).Decode(&answer); err != nil {
		return 0, fmt.Errorf("reading Phoenix's count: %w", err)
	}
	if len(answer.Errors) > 0 {
		return 0, fmt.Errorf("asking Phoenix for a count: %s", answer.Errors[0].Message)
	}
	var sum int64
	for _, e := range answer.Data.Projects.Edges {
		sum += e.Node.RecordCount
	}
	return sum, nil
}
