package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// served is a process of assay serve.
type served struct {
	cmd  *exec.Cmd
	http string
	logs *bytes.Buffer
}

// serve starts a server on free ports over a folder and waits until it listens.
func serve(t *testing.T, dir string) *served {
	t.Helper()
	s := &served{cmd: exec.Command("assay", "serve", "--json", "--data", dir, "--listen", "127.0.0.1:0", "--grpc", "127.0.0.1:0"), logs: &bytes.Buffer{}}
	s.cmd.Stderr = s.logs
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			s.cmd.Process.Kill()
			s.cmd.Wait()
		}
	})
	var started struct {
		HTTP string `json:"http"`
	}
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&started); err != nil {
		s.cmd.Wait()
		t.Fatalf("the server did not start: %v\n%s", err, s.logs)
	}
	go io.Copy(io.Discard, out)
	s.http = "http://" + started.HTTP
	return s
}

// end stops the server with a signal and waits for it.
func (s *served) end(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil && signal == syscall.SIGTERM {
		t.Errorf("a server that was asked to stop: %v\n%s", err, s.logs)
	}
}

const spansOfTrace = 20

// request is an export of one trace, the n-th, in OTLP JSON.
func request(n int) []byte {
	var spans []string
	for i := range spansOfTrace {
		parent := ""
		if i > 0 {
			parent = fmt.Sprintf(`"parentSpanId":"%016x",`, 1)
		}
		spans = append(spans, fmt.Sprintf(`{"traceId":"%032x","spanId":"%016x",%s"name":"step","startTimeUnixNano":"%d","endTimeUnixNano":"%d",
			"attributes":[{"key":"note","value":{"stringValue":"trace %d, step %d"}},{"key":"user.id","value":{"stringValue":"user-%d"}},{"key":"session.id","value":{"stringValue":"session-%d"}}]}`,
			n+1, i+1, parent, 1_700_000_000_000_000_000+n, 1_700_000_001_000_000_000+n, n, i, n%7, n/3))
	}
	return []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Join(spans, ",") + `]}]}]}`)
}

// spans gives how many spans the server has of a trace.
func (s *served) spans(t *testing.T, n int) int {
	t.Helper()
	reply, err := http.Get(fmt.Sprintf("%s/api/v1/traces/%032x", s.http, n+1))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	var tr struct {
		Spans []json.RawMessage `json:"spans"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&tr); err != nil {
		t.Fatal(err)
	}
	return len(tr.Spans)
}

// TestWhatIsAcknowledgedIsInTheNextAnswer reads 200 traces back, by id and in a
// list, each as soon as it is acknowledged and while others are sent. For 10,000
// of them: bench/readback.
func TestWhatIsAcknowledgedIsInTheNextAnswer(t *testing.T) {
	s := serve(t, t.TempDir())
	var sent, beside atomic.Int64
	sent.Store(1_000_000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for gone := false; !gone; {
			var ok bool
			if ok, gone = s.request(http.DefaultClient, http.MethodPost, "/v1/traces", request(int(sent.Add(1)))); ok {
				beside.Add(1)
			}
		}
	}()
	for n := range 200 {
		reply, err := http.Post(s.http+"/v1/traces", "application/json", bytes.NewReader(request(n)))
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != http.StatusOK {
			t.Fatal(reply.Status)
		}
		// All traces that begin within a nanosecond of it are this one alone.
		var list struct {
			Traces []struct {
				ID    string `json:"trace_id"`
				Spans int    `json:"span_count"`
			} `json:"traces"`
		}
		start := time.Unix(0, 1_700_000_000_000_000_000+int64(n)).UTC()
		reply, err = http.Get(fmt.Sprintf("%s/api/v1/traces?q=name=step&since=%s&until=%s", s.http, start.Format(time.RFC3339Nano), start.Add(1).Format(time.RFC3339Nano)))
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(reply.Body).Decode(&list)
		reply.Body.Close()
		if err != nil || len(list.Traces) != 1 || list.Traces[0].ID != fmt.Sprintf("%032x", n+1) || list.Traces[0].Spans != spansOfTrace {
			t.Fatalf("trace %d was acknowledged, the list has %+v (%v)", n, list, err)
		}
		if got := s.spans(t, n); got != spansOfTrace {
			t.Fatalf("trace %d was acknowledged with %d spans, %d are there", n, spansOfTrace, got)
		}
	}
	s.end(t, syscall.SIGTERM)
	<-ended
	t.Logf("%d traces were sent beside them", beside.Load())
}

// TestRunsAreTraces evaluates a project, hands what was asked to a server, and
// reads it there.
func TestRunsAreTraces(t *testing.T) {
	u := newUpstream(t, echoScript)
	dir := echoProject(t, u.URL, 3)
	if text, err := exec.Command("assay", "eval", "--project", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	calls, err := exec.Command("assay", "calls", "export", "--project", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	file := dir + "/calls.jsonl"
	if err := os.WriteFile(file, calls, 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, t.TempDir())
	ask := func(args ...string) string {
		text, err := exec.Command("assay", append(args, "--server", s.http)...).CombinedOutput()
		if err != nil {
			t.Fatalf("assay %v: %v\n%s", args, err, text)
		}
		return string(text)
	}
	for range 2 { // importing twice changes nothing
		if got := ask("trace", "import", file); !strings.Contains(got, "3 requests sent, 0 items rejected") {
			t.Errorf("import says %q", got)
		}
	}
	list := ask("trace", "ls", "config=echo text:\"what is 1\"")
	if strings.Count(list, "case c1") != 1 || strings.Contains(list, "case c2") {
		t.Errorf("traces of the case c1:\n%s", list)
	}
	if got := ask("trace", "ls", "--count", "config=echo", "NOT text:\"what is 1\""); !strings.HasSuffix(strings.TrimSpace(got), "spans") || strings.HasPrefix(got, "0 ") {
		t.Errorf("counted %q", got)
	}
	id := strings.Fields(strings.SplitN(list, "\n", 2)[1])[0]
	if got := ask("trace", "show", id, "--span", "2"); !strings.Contains(got, "You said what is 1") || !strings.Contains(got, "what is 1") {
		t.Errorf("the model's span shows\n%s", got)
	}
	if got := ask("stats", "--by", "kind", "--metric", "count"); !strings.Contains(got, "llm") {
		t.Errorf("figures by kind:\n%s", got)
	}
	s.end(t, syscall.SIGTERM)
}
