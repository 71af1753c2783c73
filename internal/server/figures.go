package server

import (
	"bytes"
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
	told map[string]time.Time
}

func newFigures(store spanstore.Store, w *writes, inHand func() int64, crowds map[string]*crowd, log *slog.Logger) *figures {
	f := &figures{set: metrics.NewSet(), log: log, told: map[string]time.Time{}}
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
	switch e.Code {
	case ingest.Unavailable, ingest.Exhausted:
		if e.Err != nil && f.worthTelling(string(e.Code), 10*time.Second) {
			f.log.Error("requests fail", "signal", e.Signal, "code", e.Code, "error", e.Err)
		}
	case ingest.Unauthenticated:
		f.refused("/v1/"+string(e.Signal), http.StatusUnauthorized)
	case ingest.Forbidden:
		f.refused("/v1/"+string(e.Signal), http.StatusForbidden)
	default: // a mistake of the sender, who is told
	}
}

// refused tells the log that keys do not fit.
func (f *figures) refused(where string, status int) {
	if f.worthTelling(fmt.Sprint(where, status), time.Minute) {
		f.log.Info("requests are refused: they have no key, a wrong one, or one that does not allow it; told once a minute", "where", where, "status", status)
	}
}

// watched counts the requests to the API.
func (f *figures) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &statusOf{w, http.StatusOK}
		next.ServeHTTP(answer, r)
		f.set.GetOrCreateCounter(fmt.Sprintf(`assay_api_requests_total{status="%d"}`, answer.status)).Inc()
		if answer.status == http.StatusUnauthorized || answer.status == http.StatusForbidden {
			f.refused("/api/v1", answer.status)
		}
	})
}

// statusOf remembers the status of an answer.
type statusOf struct {
	http.ResponseWriter
	status int
}

// WriteHeader begins the answer.
func (s *statusOf) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (s *statusOf) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// worthTelling lets one line of each kind through in a while: when all requests
// fail, the log must not be what fills the disk.
func (f *figures) worthTelling(what string, pause time.Duration) bool {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.told[what]) < pause {
		return false
	}
	f.told[what] = now
	return true
}

func (f *figures) serve(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	var own bytes.Buffer
	f.set.WritePrometheus(&own)
	annotate(w, own.Bytes())
	metrics.WriteProcessMetrics(w)
}
