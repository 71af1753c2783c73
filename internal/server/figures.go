package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/assay-llmops/assay/internal/ingest"
	"github.com/assay-llmops/assay/internal/spanstore"
)

// figures are what an operator sees at /metrics, and of requests in the log: no
// content, no names of users.
type figures struct {
	set *metrics.Set
	log *slog.Logger

	mu   sync.Mutex
	told map[ingest.Code]time.Time
}

func newFigures(store spanstore.Store, w *writes, inHand func() int64, crowds map[string]*crowd, log *slog.Logger) *figures {
	f := &figures{set: metrics.NewSet(), log: log, told: map[ingest.Code]time.Time{}}
	gauge := func(name string, value func() float64) { f.set.NewGauge(name, value) }
	of := func(pick func(spanstore.Metrics) int64) func() float64 {
		return func() float64 { return float64(pick(store.Metrics())) }
	}
	gauge("assay_store_spans", of(func(m spanstore.Metrics) int64 { return m.Spans }))
	gauge("assay_store_bytes", of(func(m spanstore.Metrics) int64 { return m.Bytes }))
	gauge("assay_store_acknowledged_total", of(func(m spanstore.Metrics) int64 { return m.Acknowledged }))
	gauge("assay_store_indexed_total", of(func(m spanstore.Metrics) int64 { return m.Indexed }))
	gauge("assay_store_commits_total", of(func(m spanstore.Metrics) int64 { return m.Commits }))
	gauge("assay_store_damaged_blocks_total", of(func(m spanstore.Metrics) int64 { return m.DamagedBlocks }))
	gauge("assay_store_commit_seconds_total", func() float64 { return time.Duration(store.Metrics().CommitNanos).Seconds() })
	gauge("assay_store_index_lag_seconds", func() float64 { return time.Duration(store.Metrics().LagNanos).Seconds() })
	gauge("assay_store_full", func() float64 {
		if store.Metrics().Full {
			return 1
		}
		return 0
	})
	gauge("assay_ingest_in_hand_bytes", func() float64 { return float64(inHand()) })
	gauge("assay_ingest_oldest_write_seconds", func() float64 { return w.oldest().Seconds() })
	for name, c := range crowds {
		gauge(fmt.Sprintf(`assay_connections{listener=%q}`, name), func() float64 { n, _ := c.counts(); return float64(n) })
		gauge(fmt.Sprintf(`assay_connections_shed_total{listener=%q}`, name), func() float64 { _, n := c.counts(); return float64(n) })
	}
	return f
}

// observe counts a request.
func (f *figures) observe(e ingest.Event) {
	count := func(name string, n int64) {
		if n > 0 {
			f.set.GetOrCreateCounter(name).Add(int(n))
		}
	}
	count(fmt.Sprintf(`assay_ingest_requests_total{signal=%q,code=%q}`, e.Signal, e.Code), 1)
	count(fmt.Sprintf(`assay_ingest_items_total{signal=%q}`, e.Signal), e.Accepted)
	count(fmt.Sprintf(`assay_ingest_rejected_total{signal=%q}`, e.Signal), e.Rejected)
	count(fmt.Sprintf(`assay_ingest_redacted_total{signal=%q}`, e.Signal), e.Redacted)
	count(fmt.Sprintf(`assay_ingest_bytes_total{signal=%q}`, e.Signal), e.Bytes)
	f.set.GetOrCreatePrometheusHistogram(fmt.Sprintf(`assay_ingest_request_seconds{signal=%q}`, e.Signal)).Update(e.Took.Seconds())
	if e.Err != nil && f.worthTelling(e.Code) {
		f.log.Error("requests fail", "signal", e.Signal, "code", e.Code, "error", e.Err)
	}
}

// worthTelling lets one line of each code through in ten seconds: when all
// requests fail, the log must not be what fills the disk.
func (f *figures) worthTelling(code ingest.Code) bool {
	if code != ingest.Unavailable && code != ingest.Exhausted {
		return false // a mistake of the sender, who is told
	}
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.told[code]) < 10*time.Second {
		return false
	}
	f.told[code] = now
	return true
}

func (f *figures) serve(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	f.set.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}
