package target

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/assay-llmops/assay/internal/llm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func request(id string) *Request {
	return &Request{Assay: Protocol, CaseID: id, Input: map[string]any{"question": "q of " + id}, DeadlineMS: 1000}
}

// shell is a target of a shell script.
func shell(t *testing.T, script string, lines bool, timeout time.Duration) Target {
	t.Helper()
	tgt := Open(Spec{Command: []string{"sh", "-c", script}, Lines: lines, Dir: t.TempDir(), Timeout: timeout})
	t.Cleanup(func() {
		if err := tgt.Close(); err != nil {
			t.Error(err)
		}
	})
	return tgt
}

func TestOneShot(t *testing.T) {
	tgt := shell(t, `in=$(cat); case "$in" in *'"case_id":"a"'*) echo '{"output":"yes","usage":{"input_tokens":3},"cost_usd":0.001}';; *) echo '{"output":{"n":1}}';; esac`, false, 5*time.Second)
	r, err := tgt.Ask(t.Context(), request("a"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Text() != "yes" || r.Usage.InputTokens != 3 || r.CostUSD != "0.001" {
		t.Errorf("%+v", r)
	}
	if r, err = tgt.Ask(t.Context(), request("b")); err != nil || r.Text() != `{"n":1}` {
		t.Errorf("%v, %v", r, err)
	}
}

func TestFailuresAreErrorsOfTheCase(t *testing.T) {
	for _, c := range []struct {
		name, script string
		lines        bool
		kind         llm.ErrorKind
		says         string
	}{
		{"crash", "echo why >&2; exit 3", false, llm.TargetFailed, "exit status 3\nstandard error: why"},
		{"killed", "kill -9 $$", false, llm.TargetFailed, "was ended by killed"},
		{"nonsense", "echo hello", false, llm.TargetFailed, `it begins with "hello"`},
		{"empty reply", "echo '{}'", false, llm.TargetFailed, `neither "output" nor "error"`},
		{"hang", "sleep 60", false, llm.Timeout, "no answer within"},
		{"lines crash", "read x; echo why >&2; exit 4", true, llm.TargetFailed, "exit status 4\nstandard error: why"},
		{"lines end", "read x", true, llm.TargetFailed, "ended before it answered"},
		{"lines without id", `read x; echo '{"output":"a"}'; sleep 60`, true, llm.TargetFailed, `no "id"`},
		{"lines nonsense", `read x; echo hello; sleep 60`, true, llm.TargetFailed, `it begins with "hello"`},
		{"lines hang", "read x; sleep 60", true, llm.Timeout, "no answer within"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			timeout := 20 * time.Second // long: a slow machine must not turn a crash into a timeout
			if c.kind == llm.Timeout {
				timeout = 300 * time.Millisecond
			}
			tgt := shell(t, c.script, c.lines, timeout)
			_, err := tgt.Ask(t.Context(), request("a"))
			var failure *llm.Error
			if !errors.As(err, &failure) || failure.Kind != c.kind || !strings.Contains(failure.Message, c.says) {
				t.Errorf("got %v, want %s: …%s…", err, c.kind, c.says)
			}
		})
	}
}

func TestLinesAnswersInAnyOrderAndStartsAgain(t *testing.T) {
	script := `while read -r line; do
		id=$(printf %s "$line" | sed 's/.*"id":"\([0-9]*\)".*/\1/')
		case "$line" in *'"case_id":"die"'*) exit 1;; esac
		(case "$line" in *'"case_id":"c0"'*) sleep 0.2;; esac; echo "{\"id\":\"$id\",\"output\":\"$id\"}") &
	done; wait`
	tgt := shell(t, script, true, 10*time.Second)
	var wg sync.WaitGroup
	for _, id := range []string{"c0", "c1", "c2", "c3"} {
		wg.Go(func() {
			if _, err := tgt.Ask(t.Context(), request(id)); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	wg.Wait()
	if _, err := tgt.Ask(t.Context(), request("die")); err == nil {
		t.Error("a process that died answered")
	}
	if _, err := tgt.Ask(t.Context(), request("after")); err != nil {
		t.Errorf("the process was not started again: %v", err)
	}
}

func TestEndpoint(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req Request
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil || r.Header.Get("Traceparent") == "" {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		if req.CaseID == "broken" {
			http.Error(w, "out of order", http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"output": "ok " + req.CaseID}) //nolint:errcheck // a test's answer
	}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	tgt := Open(Spec{URL: server.URL, Timeout: 5 * time.Second})
	req := request("a")
	req.Traceparent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
	if r, err := tgt.Ask(t.Context(), req); err != nil || r.Text() != "ok a" {
		t.Errorf("%v, %v", r, err)
	}
	req.CaseID = "broken"
	var failure *llm.Error
	if _, err := tgt.Ask(t.Context(), req); !errors.As(err, &failure) || failure.Status != 500 {
		t.Errorf("got %v", err)
	}
	server.Close()
	if _, err := tgt.Ask(t.Context(), req); !errors.As(err, &failure) || failure.Kind != llm.Network {
		t.Errorf("got %v", err)
	}
}

func TestTheEndOfTheContextIsNoFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tgt := shell(t, "sleep 60", false, time.Minute)
	if _, err := tgt.Ask(ctx, request("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestLongRepliesAreRefused(t *testing.T) {
	var h head
	if _, err := h.Write(make([]byte, 10)); err != nil || h.over {
		t.Error("a short reply is refused")
	}
	h.text = make([]byte, maxReply-1)
	if _, err := h.Write([]byte("ab")); err != nil || !h.over || len(h.text) != maxReply {
		t.Errorf("over %v, %d bytes", h.over, len(h.text))
	}
}

// FuzzDecode: whatever a program writes, decode gives a reply or an error.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"output":"a","documents":[{"id":"x","score":1}],"tool_calls":[{"name":"t","arguments":{}}]}`))
	f.Add([]byte(`{"error":{"type":"t","message":"m"}}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := decode(text)
		if (r == nil) == (err == nil) {
			t.Errorf("reply %v, error %v", r, err)
		}
		if r != nil {
			_ = r.Text()
		}
	})
}
