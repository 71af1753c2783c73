package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/llm/script"
)

func exitCodeOf(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}

// upstream is a scripted server that counts requests by body.
type upstream struct {
	*httptest.Server
	mu    sync.Mutex
	seen  map[string]int
	total int
	free  int           // with hold: requests that are answered at once
	hold  chan struct{} // later ones wait until it is closed, or their client is gone
}

func newUpstream(t *testing.T, text string) *upstream {
	t.Helper()
	parsed, err := script.Parse("script.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{seen: map[string]int{}}
	inner := script.Handler(parsed)
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		if _, err := body.ReadFrom(r.Body); err != nil {
			return // the client was killed while it sent
		}
		u.mu.Lock()
		u.seen[body.String()]++
		u.total++
		held := u.hold != nil && u.total > u.free
		u.mu.Unlock()
		if held {
			select {
			case <-u.hold:
			case <-r.Context().Done():
				return
			}
		}
		r.Body = readCloser{&body}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(u.Close)
	return u
}

type readCloser struct{ *bytes.Buffer }

func (readCloser) Close() error { return nil }

func (u *upstream) counts() (total, distinct int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.total, len(u.seen)
}

// echoProject writes a project of n cases that asks an upstream.
func echoProject(t *testing.T, url string, n int) string {
	t.Helper()
	dir := t.TempDir()
	var cases bytes.Buffer
	for i := range n {
		fmt.Fprintf(&cases, `{"id":"c%d","input":{"question":"what is %d"},"expected":{"answer":"%d"}}`+"\n", i, i, i)
	}
	files := map[string]string{
		"assay.yaml":         "providers:\n  fake: {type: openai, base_url: \"" + url + "/v1\", stream: false, concurrency: 8}\npin: {fake: exact}\nrun: {concurrency: 8}\n",
		"configs/echo.yaml":  "model: fake/m\nmessages: [{role: user, content: \"{{ question }}\"}]\n",
		"evals/echo.yaml":    "config: echo\ndataset: ../cases.jsonl\nevaluators:\n  - {name: right, type: contains, expected: \"{{ expected.answer }}\"}\n",
		"cases.jsonl":        cases.String(),
		"configs/other.yaml": "model: fake/m\nmessages: [{role: user, content: \"Please: {{ question }}\"}]\n",
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const echoScript = "rules:\n  - reply: {content: \"You said {{ last_user }}\"}\n    delay: 2ms\n"

// TestKilledRunResumes kills a run at random moments, resumes it, and compares
// the end with a run that was left alone.
func TestKilledRunResumes(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	const cases, kills = 2000, 10
	u := newUpstream(t, echoScript)
	dir := echoProject(t, u.URL, cases)
	random := rand.New(rand.NewPCG(1, 2))
	for range kills {
		cmd := exec.Command("assay", "eval", "--project", dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+random.IntN(100)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait() //nolint:errcheck // it was killed
	}
	out := filepath.Join(t.TempDir(), "run.jsonl")
	if text, err := exec.Command("assay", "eval", "--project", dir, "--out", out).CombinedOutput(); err != nil {
		t.Fatalf("resuming: %v\n%s", err, text)
	}
	total, distinct := u.counts()
	if distinct != cases {
		t.Errorf("%d distinct requests, want %d", distinct, cases)
	}
	// At each kill at most the calls under way are lost and asked again.
	if total > cases+kills*8 {
		t.Errorf("%d requests for %d cases and %d kills: answers were paid for twice", total, cases, kills)
	}
	t.Logf("%d requests, %d distinct, %d kills", total, distinct, kills)

	other := echoProject(t, u.URL, cases)
	alone := filepath.Join(t.TempDir(), "run.jsonl")
	if text, err := exec.Command("assay", "eval", "--project", other, "--out", alone).CombinedOutput(); err != nil {
		t.Fatalf("undisturbed: %v\n%s", err, text)
	}
	if a, b := content(t, out), content(t, alone); a != b {
		t.Error("the resumed run's records differ from the undisturbed run's")
	}
}

// content is a results file without what differs between two equal runs: ids,
// times and where the answers came from.
func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		for _, name := range []string{"id", "started", "finished", "totals", "timing", "cached", "attempts"} {
			delete(record, name)
		}
		clean, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(clean)
		out.WriteByte('\n')
	}
	return out.String()
}
