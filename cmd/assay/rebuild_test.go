package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/assay-llmops/assay/internal/trace/semconv/captured"
)

// post sends a body and wants it taken.
func (s *served) post(t *testing.T, path, kind string, body []byte) {
	t.Helper()
	reply, err := http.Post(s.http+path, kind, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, reply.Status)
	}
}

// erase erases a trace, a session or a user.
func (s *served) erase(t *testing.T, path string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.http+"/api/v1"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		t.Fatalf("erasing %s: %s", path, reply.Status)
	}
}

// fill sends what every instrumentation sent when it was captured, a part of it
// twice, scores, and erases a trace, a session and a user.
func (s *served) fill(t *testing.T) {
	t.Helper()
	all, _, err := captured.Load("../../internal/trace/semconv/testdata/captured")
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		for k := range all[i].Requests {
			r := &all[i].Requests[k]
			path := "/v1/traces"
			if r.Logs() {
				path = "/v1/logs"
			}
			times := 1
			if i%5 == 0 {
				times = 2 // a sender that had no answer sends again
			}
			for range times {
				s.post(t, path, r.ContentType, r.Body)
			}
		}
	}
	s.sendTraces(t, 12)
	s.sendTraces(t, 2)
	_, list := s.overHTTP(t)("/traces?limit=1000")
	traces := names([][]byte{list}, "traces", "trace_id")
	for i, id := range traces {
		for _, value := range []float64{0.25, 0.75} { // the second replaces the first
			s.post(t, "/api/v1/scores", "application/json", fmt.Appendf(nil,
				`[{"id":"s%d","target":{"trace":"%s"},"name":"grounded","value":%v,"source":"person"},{"id":"c%d","target":{"case":"case-%d"},"name":"ok","label":"yes"}]`, i, id, value, i, i%3))
		}
	}
	s.erase(t, "/traces/"+traces[len(traces)/2])
	for _, kind := range []string{"session", "user"} {
		_, list := s.overHTTP(t)("/" + kind + "s")
		if some := names([][]byte{list}, kind+"s", "id"); len(some) > 1 {
			s.erase(t, "/"+kind+"s/"+some[len(some)-1])
		} else {
			t.Errorf("the data has %d %ss", len(some), kind)
		}
	}
}

// TestRebuiltAnswersAreTheSame asks a server everything, deletes its index, and
// asks it again: every answer is the same to the byte. The data are those of
// every instrumentation, sent twice in part, with scores and after erasures.
func TestRebuiltAnswersAreTheSame(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	s.fill(t)
	want := everything(s.overHTTP(t), "default")
	s.end(t, syscall.SIGTERM)
	good, bytes := 0, 0
	for _, a := range want {
		bytes += len(a.Body)
		if a.Status == http.StatusOK {
			good++
		} else {
			t.Errorf("%s: %d %s", a.Path, a.Status, a.Body)
		}
	}
	for _, what := range []string{"opened again", "without its index"} {
		if what == "without its index" {
			if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
				t.Fatal(err)
			}
		}
		s = serve(t, dir)
		if list := differ(everything(s.overHTTP(t), "default"), want); len(list) > 0 {
			t.Errorf("%s, %d answers of %d are others:\n%.4000s", what, len(list), len(want), strings.Join(list, "\n"))
		}
		s.end(t, syscall.SIGTERM)
	}
	t.Logf("%d answers, %d bytes, the same after a restart and from a new index", good, bytes)
}
