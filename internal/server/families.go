package server

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// family is a figure at /metrics: docs/serve.md lists them all.
type family struct{ name, kind, help string }

func families() []family {
	return []family{
		{"assay_store_spans", "gauge", "Spans that are kept and indexed."},
		{"assay_store_bytes", "gauge", "Bytes of the logs on disk."},
		{"assay_store_acknowledged_total", "counter", "Spans that senders were told are kept, since the start."},
		{"assay_store_indexed_total", "counter", "Spans that were written to the index, since the start."},
		{"assay_store_commits_total", "counter", "Groups of requests that were brought to disk together, since the server began to write the logs that it has open."},
		{"assay_store_commit_seconds_total", "counter", "Time spent on that."},
		{"assay_store_index_lag_seconds", "gauge", "Age of the oldest span that is kept and not in the index file yet; answers have it all the same."},
		{"assay_store_damaged_blocks_total", "counter", "Parts of logs that were found damaged, since the start. Above 0: assay fsck."},
		{"assay_store_full", "gauge", "1: the disk is full and nothing is taken in."},
		{"assay_ingest_requests_total", "counter", "Requests with spans or log records, by signal and by how they ended (code): ok, malformed, unauthenticated, forbidden, method, too_large, unsupported, overload, unavailable, full."},
		{"assay_ingest_items_total", "counter", "Spans or log records that were kept, by signal."},
		{"assay_ingest_rejected_total", "counter", "Those that were refused within requests that were taken."},
		{"assay_ingest_redacted_total", "counter", "Matches that were replaced by the rules of --redact."},
		{"assay_ingest_bytes_total", "counter", "Bytes of requests, unpacked."},
		{"assay_ingest_request_seconds", "histogram", "How long requests took, until they were on disk and answered."},
		{"assay_ingest_in_hand_bytes", "gauge", "Memory that requests hold which are being taken in."},
		{"assay_ingest_oldest_write_seconds", "gauge", "How long the longest write has been going on; /readyz is 503 above 30."},
		{"assay_api_requests_total", "counter", "Requests to /api/v1, by status: 401 and 403 are keys that do not fit."},
		{"assay_connections", "gauge", "Open connections, by listener."},
		{"assay_connections_shed_total", "counter", "Connections that were closed to make room, by listener."},
	}
}

// annotate writes figures with the kind and the meaning of each before it. All
// lines of a family stand together.
func annotate(w io.Writer, figures []byte) {
	known := map[string]family{}
	for _, f := range families() {
		known[f.name] = f
		if f.kind == "histogram" {
			for _, part := range []string{"_bucket", "_sum", "_count"} {
				known[f.name+part] = f
			}
		}
	}
	last := ""
	for line := range bytes.Lines(figures) {
		name := string(line)
		if end := strings.IndexAny(name, "{ "); end >= 0 {
			name = name[:end]
		}
		if f, ok := known[name]; ok && f.name != last {
			last = f.name
			fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		}
		_, _ = w.Write(line) // there is nobody left to tell
	}
}
