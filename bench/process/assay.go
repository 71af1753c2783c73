//go:build linux

package process

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Assay is a running `assay serve` over a folder of its own.
type Assay struct {
	*Server
	Dir    string // its data
	base   string
	grpc   string
	client *http.Client
}

// StartAssay starts `assay serve --data DIR` on free ports of the loopback address.
func StartAssay(ctx context.Context, binary, dir string) (*Assay, time.Duration, error) {
	web, err := Address()
	if err != nil {
		return nil, 0, err
	}
	grpc, err := Address()
	if err != nil {
		return nil, 0, err
	}
	a := &Assay{Dir: dir, base: "http://" + web, grpc: grpc, client: &http.Client{}}
	var took time.Duration
	a.Server, took, err = Start(ctx, Spec{
		Command: []string{binary, "serve", "--data", dir, "--listen", web, "--grpc", grpc},
		Log:     filepath.Clean(dir) + ".log",
		Ready:   a.base + "/readyz",
		Within:  30 * time.Minute, // which making an index of many spans anew takes its part of
	})
	return a, took, err
}

// Traces is the URL of OTLP over HTTP.
func (a *Assay) Traces() string { return a.base + "/v1/traces" }

// Address is the host and port of HTTP.
func (a *Assay) Address() string { return strings.TrimPrefix(a.base, "http://") }

// GRPC is the host and port of OTLP over gRPC.
func (a *Assay) GRPC() string { return a.grpc }

// Get asks the API and gives the body of its answer.
func (a *Assay) Get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	address := a.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	reply, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		return nil, err
	}
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s answered %s: %.300s", address, reply.Status, body)
	}
	return body, nil
}

// Count asks how many spans there are in the days before and after now.
func (a *Assay) Count(ctx context.Context) (int64, error) {
	now := time.Now().UTC()
	body, err := a.Get(ctx, "/api/v1/stats", url.Values{
		"metric": {"count"},
		"since":  {now.AddDate(0, 0, -60).Format(time.RFC3339)},
		"until":  {now.AddDate(0, 0, 2).Format(time.RFC3339)},
	})
	if err != nil {
		return 0, err
	}
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, fmt.Errorf("reading the answer to a count: %w", err)
	}
	if n, ok := find(answer, "count"); ok {
		return n, nil
	}
	return 0, fmt.Errorf("no count in the answer %.300s", body)
}

// find looks for a number under a key, at any depth.
func find(value any, key string) (int64, bool) {
	switch v := value.(type) {
	case map[string]any:
		if n, ok := v[key].(float64); ok {
			return int64(n), true
		}
		for _, inner := range v {
			if n, ok := find(inner, key); ok {
				return n, true
			}
		}
	case []any:
		for _, inner := range v {
			if n, ok := find(inner, key); ok {
				return n, true
			}
		}
	}
	return 0, false
}

// Metrics are the samples of /metrics, by their name with labels.
func (a *Assay) Metrics(ctx context.Context) (map[string]float64, error) {
	body, err := a.Get(ctx, "/metrics", nil)
	if err != nil {
		return nil, err
	}
	samples := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(string(body))); lines.Scan(); {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if value, err := strconv.ParseFloat(line[at+1:], 64); err == nil {
			samples[line[:at]] = value
		}
	}
	return samples, nil
}
