package server

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/assay-llmops/assay/internal/ingest"
	"github.com/assay-llmops/assay/internal/spanstore"
)

// stuckAfter is how long a write may take before the server counts as stuck.
const stuckAfter = 30 * time.Second

// writes watches what is being appended to a store.
type writes struct {
	store ingest.Store
	now   func() time.Time

	mu    sync.Mutex
	last  int64
	began map[int64]time.Time
}

// Append appends, and is watched while it does.
func (w *writes) Append(ctx context.Context, project string, b *spanstore.Batch) error {
	w.mu.Lock()
	w.last++
	id := w.last
	w.began[id] = w.now()
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.began, id)
	}()
	return w.store.Append(ctx, project, b)
}

// oldest is how long the longest write has been going on.
func (w *writes) oldest() (age time.Duration) {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.began {
		age = max(age, now.Sub(t))
	}
	return age
}

// health answers whether the process lives and whether it takes in and
// answers.
type health struct {
	store    spanstore.Store
	writes   *writes
	stopping atomic.Bool
	patience time.Duration // for the store to say that it is ready
	asking   chan struct{} // room for one: a store that hangs is not asked again and again
}

// ready is nil when requests are welcome; else it says why not.
func (h *health) ready(ctx context.Context) error {
	if h.stopping.Load() {
		return fmt.Errorf("stopping")
	}
	if age := h.writes.oldest(); age > stuckAfter {
		return fmt.Errorf("a write has not ended for %s", age.Truncate(time.Second))
	}
	ctx, cancel := context.WithTimeout(ctx, h.patience)
	defer cancel()
	silent := fmt.Errorf("the store has not answered for %s", h.patience)
	select {
	case h.asking <- struct{}{}:
	case <-ctx.Done():
		return silent
	}
	answer := make(chan error, 1)
	go func() {
		answer <- h.store.Ready(ctx)
		<-h.asking
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return silent
	}
}

func (h *health) serveHealthz(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "ok")
}

func (h *health) serveReadyz(w http.ResponseWriter, r *http.Request) {
	if err := h.ready(r.Context()); err != nil {
		plain(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
		return
	}
	plain(w, http.StatusOK, "ready")
}

// about tells who opens the address in a browser what is there.
func about(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, `This is Assay: it takes in traces over OTLP, keeps them, and answers about them.

  POST /v1/traces, /v1/logs   OTLP over HTTP
  GET  /api/v1/openapi.json   the API
  GET  /readyz, /metrics      health and figures

assay trace ls lists what came; docs/serve.md says how to point an application here.`)
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}
