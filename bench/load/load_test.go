package load_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/assay-llmops/assay/bench/load"
	"github.com/assay-llmops/assay/bench/spangen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server counts the spans that it acknowledges and refuses every third request.
type server struct {
	mu    sync.Mutex
	calls int
	spans int
	ids   map[string]bool
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	data, _ := io.ReadAll(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls++; s.calls%3 == 0 {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	var sent trace.TracesData
	if proto.Unmarshal(data, &sent) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, span := range sent.ResourceSpans[0].ScopeSpans[0].Spans {
		s.spans++
		s.ids[string(span.TraceId)+string(span.SpanId)] = true
	}
}

func payloads(t *testing.T) []*spangen.Payload {
	t.Helper()
	p, err := spangen.NewPool(spangen.Options{Mix: spangen.Short, Spans: 300, Batch: 50})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatIsCountedIsWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	for _, gzip := range []bool{false, true} {
		s := &server{ids: map[string]bool{}}
		listener := httptest.NewServer(s)
		r, err := load.Run(t.Context(), payloads(t), load.Options{URL: listener.URL, Connections: 3, Spans: 1000, Gzip: gzip})
		listener.Close()
		if err != nil {
			t.Fatal(err)
		}
		if r.Spans != 1000 || s.spans != 1000 || len(s.ids) != 1000 {
			t.Errorf("counted %d, the server has %d, of which %d differ", r.Spans, s.spans, len(s.ids))
		}
		if r.Requests != 20 || len(r.Latencies) != 20 || r.Refused != 9 && r.Refused != 10 || r.Traces != 200 {
			t.Errorf("%d requests, %d latencies, %d refused, %d traces", r.Requests, len(r.Latencies), r.Refused, r.Traces)
		}
	}
}

func TestWhatGoesWrongIsTold(t *testing.T) {
	t.Parallel()
	partial := "\x0a\x0b\x08\x03\x12\x07no room" // rejected_spans: 3, error_message
	for answer, want := range map[string]string{partial: "3 spans of a request were rejected", "": "answered 500"} {
		listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if answer == "" {
				w.WriteHeader(http.StatusInternalServerError)
			}
			io.WriteString(w, answer)
		}))
		r, err := load.Run(t.Context(), payloads(t), load.Options{URL: listener.URL, Connections: 2, Spans: 100})
		listener.Close()
		if err == nil || !strings.Contains(err.Error(), want) || r.Spans != 0 {
			t.Errorf("%v, with %d spans counted; want %q", err, r.Spans, want)
		}
	}
}

func TestPercentileIsByNearestRank(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := range 100 {
		all = append(all, time.Duration(i+1))
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 50, 0.501: 51, 0.99: 99, 1: 100} {
		if got := load.Percentile(all, q); got != want {
			t.Errorf("percentile %g is %d, want %d", q, got, want)
		}
	}
	if load.Percentile(nil, 0.5) != 0 {
		t.Error("the percentile of nothing")
	}
}
