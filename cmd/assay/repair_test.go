package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// sendTraces posts traces with the numbers up to n.
func (s *served) sendTraces(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		reply, err := http.Post(s.http+"/v1/traces", "application/json", bytes.NewReader(request(i)))
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != http.StatusOK {
			t.Fatalf("trace %d: %s", i, reply.Status)
		}
	}
}

// answers are what a server says about its traces.
func (s *served) answers(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, args := range []string{"trace ls --limit 100 --json", "stats --by kind --metric count --json", "trace export --since 2023-01-01"} {
		code, out, stderr := assay(t, ".", append(strings.Fields(args), "--server", s.http)...)
		if code != 0 || out == "" {
			t.Fatalf("%s: exit %d, %s", args, code, stderr)
		}
		all.WriteString(out)
	}
	return all.String()
}

// TestRepair flips a byte in the log of a server that is stopped: assay fsck
// names the place and leaves everything as it is, and assay reindex serves the
// rest.
func TestRepair(t *testing.T) {
	const traces = 5
	dir := t.TempDir()
	if code, _, stderr := assay(t, ".", "fsck", "--data", dir); code != exitCannotRun || !strings.Contains(stderr, "is no data folder of a server") {
		t.Errorf("of a folder without data: exit %d, %s", code, stderr)
	}
	s := serve(t, dir)
	s.sendTraces(t, traces)
	want := s.answers(t)
	for _, command := range []string{"fsck", "reindex"} {
		if code, _, stderr := assay(t, ".", command, "--data", dir); code != exitCannotRun || !strings.Contains(stderr, "another process has the data folder open") {
			t.Errorf("%s beside a server: exit %d, %s", command, code, stderr)
		}
	}
	s.end(t, syscall.SIGTERM)

	code, out, stderr := assay(t, ".", "fsck", "--data", dir)
	if code != 0 || !strings.HasPrefix(out, "default: whole; 100 items in 5 records, 1 segment, ") {
		t.Errorf("of whole data: exit %d, %s%s", code, out, stderr)
	}
	code, out, stderr = assay(t, ".", "reindex", "--data", dir)
	if code != 0 || !strings.HasPrefix(out, "indexed 100 spans in ") {
		t.Errorf("reindex: exit %d, %s%s", code, out, stderr)
	}
	s = serve(t, dir)
	if got := s.answers(t); got != want {
		t.Errorf("with a new index the server answers\n%s\nnot\n%s", got, want)
	}
	s.end(t, syscall.SIGTERM)

	segment := filepath.Join(dir, "projects", "default", "log", "00000001.seg")
	text, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	at := len(text) / 2 // in the record of the third trace
	text[at] ^= 1
	if err := os.WriteFile(segment, text, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr = assay(t, ".", "fsck", "--data", dir)
	if code != exitDamaged || !strings.HasPrefix(out, "default: 1 damaged part; 80 items in 4 records") || !strings.Contains(out, "\n  segment 1, bytes ") {
		t.Errorf("of damaged data: exit %d, %s%s", code, out, stderr)
	}
	code, out, _ = assay(t, ".", "fsck", "--data", dir, "--json")
	fits(t, "output", out)
	var told struct {
		Whole    bool
		Projects []struct {
			Damage []struct{ Segment, Offset, Bytes, Items int }
		}
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil || code != exitDamaged || told.Whole || len(told.Projects) != 1 || len(told.Projects[0].Damage) != 1 {
		t.Fatalf("exit %d, %v, %s", code, err, out)
	}
	if d := told.Projects[0].Damage[0]; d.Segment != 1 || d.Offset > at || at >= d.Offset+d.Bytes || d.Items != spansOfTrace {
		t.Errorf("byte %d was flipped, it says %+v", at, d)
	}
	if after, err := os.ReadFile(segment); err != nil || !bytes.Equal(after, text) {
		t.Errorf("fsck changed the segment: %v", err)
	}
	code, out, stderr = assay(t, ".", "reindex", "--data", dir, "--json")
	if code != 0 || !strings.Contains(out, `"spans": 80`) {
		t.Errorf("reindex of damaged data: exit %d, %s%s", code, out, stderr)
	}
	fits(t, "output", out)
	s = serve(t, dir)
	whole := 0
	for i := range traces {
		if s.spans(t, i) == spansOfTrace {
			whole++
		}
	}
	if whole != traces-1 {
		t.Errorf("%d traces of %d are served", whole, traces)
	}
	s.end(t, syscall.SIGTERM)
}
