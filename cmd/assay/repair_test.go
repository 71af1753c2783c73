package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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
	if code, _, stderr := assay(t, ".", "restore", dir, "--data", filepath.Join(t.TempDir(), "new")); code != exitCannotRun || !strings.Contains(stderr, "another process has the data folder open") {
		t.Errorf("restore from the folder of a server that runs: exit %d, %s", code, stderr)
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
	if code != exitDamaged || !strings.HasPrefix(out, "default: 1 damaged part; 80 items in 4 records") || !strings.Contains(out, "\n  projects/default/log/00000001.seg: segment 1, bytes ") {
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
	if code != exitDamaged || !strings.Contains(out, `"spans": 80`) || !strings.Contains(out, `"file": "projects/default/log/00000001.seg"`) || !strings.Contains(stderr, "the index is without what is damaged") {
		t.Errorf("reindex of damaged data: exit %d, %s%s", code, out, stderr)
	}
	fits(t, "output", out)
	s = serve(t, dir)
	s.namesLoss(t, traces)
	s.end(t, syscall.SIGTERM)
	first := s
	s = serve(t, dir) // the damage is now in a segment that nothing is written to, and the index is whole
	s.namesLoss(t, traces)
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
	for _, ended := range []*served{first, s} {
		if n := strings.Count(ended.logs.String(), "a part of a log is damaged"); n != 1 {
			t.Errorf("the damage is told %d times in the log: %s", n, ended.logs)
		}
	}
}

// namesLoss checks that a server whose index was made without a damaged record of
// a trace says so in its figures and in every answer.
func (s *served) namesLoss(t *testing.T, traces int) {
	t.Helper()
	reply, err := http.Get(s.http + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if text, err := io.ReadAll(reply.Body); err != nil || !strings.Contains(string(text), "\nassay_store_damaged_blocks_total 1\n") {
		t.Errorf("figures: %v, %s", err, text)
	}
	const loss = "a part of the log of the project is damaged on the disk of the server, with 20 items"
	lost := 0
	for i := range traces {
		code, _, stderr := assay(t, ".", "trace", "show", fmt.Sprintf("%032x", i+1), "--server", s.http)
		if !strings.Contains(stderr, loss) {
			t.Errorf("trace %d: exit %d, %s", i, code, stderr)
		}
		if code != 0 {
			lost++
		}
	}
	if lost != 1 {
		t.Errorf("%d traces are not there", lost)
	}
	for args, exit := range map[string]int{
		"trace ls": 0, "trace ls text:step": 0, "trace ls --count text:step": 0, "trace ls --count": 0, "stats": 0, "trace export": exitDamaged, "trace export text:step": exitDamaged,
	} {
		if code, _, stderr := assay(t, ".", append(strings.Fields(args), "--server", s.http)...); code != exit || !strings.Contains(stderr, loss) {
			t.Errorf("%s: exit %d, %s", args, code, stderr)
		}
		if strings.HasPrefix(args, "trace ls") {
			code, out, _ := assay(t, ".", append(strings.Fields(args), "--server", s.http, "--json")...)
			fits(t, "output", out)
			if !strings.Contains(out, `"damage": {`) {
				t.Errorf("%s --json: exit %d, %s", args, code, out)
			}
		}
	}
	for _, path := range []string{"/traces", "/spans", "/spans/count", "/spans/count?q=text:step", "/sessions", "/users", "/scores", "/stats", "/sessions/session-0"} {
		if status, body := s.overHTTP(t)(path); status != http.StatusOK || !strings.Contains(string(body), `"damage":{"parts":1,"items":20}`) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// TestBackup copies the data of a server under load: the copy holds all that was
// acknowledged before, and a server starts on it.
func TestBackup(t *testing.T) {
	const before = 20
	dir, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	s := serve(t, dir)
	s.sendTraces(t, before)
	var sender sync.WaitGroup
	stop := make(chan struct{})
	more := make(chan struct{})
	sender.Go(func() {
		defer close(more)
		for n := before; ; n++ {
			reply, err := http.Post(s.http+"/v1/traces", "application/json", bytes.NewReader(request(n)))
			if err != nil {
				t.Error(err)
				return
			}
			reply.Body.Close()
			select {
			case more <- struct{}{}:
			case <-stop:
				return
			}
		}
	})
	for range 10 {
		<-more
	}
	code := make(chan string)
	go func() {
		out, err := exec.Command("assay", "backup", "--data", dir, "--to", to, "--json").CombinedOutput()
		if err != nil {
			out = append(out, err.Error()...)
		}
		code <- string(out)
	}()
	out := ""
	for out == "" {
		select {
		case <-more:
		case out = <-code:
		}
	}
	close(stop)
	sender.Wait()
	s.end(t, syscall.SIGTERM)
	fits(t, "output", out)
	if !strings.Contains(out, `"whole": true`) {
		t.Fatal(out)
	}
	if _, err := os.Stat(filepath.Join(to, "index")); !os.IsNotExist(err) {
		t.Errorf("the index is in the backup: %v", err)
	}
	data := filepath.Join(t.TempDir(), "data")
	if code, out, stderr := assay(t, ".", "restore", to, "--data", data, "--json"); code != exitOK || !strings.Contains(out, `"whole": true`) {
		t.Fatalf("restore: exit %d, %s%s", code, out, stderr)
	} else {
		fits(t, "output", out)
	}
	for name, folder := range map[string]string{"the backup": to, "what was restored": data} {
		restored := serve(t, folder)
		for n := range before + 10 {
			if got := restored.spans(t, n); got != spansOfTrace {
				t.Errorf("trace %d has %d spans in %s", n, got, name)
			}
		}
		restored.end(t, syscall.SIGTERM)
	}
	if code, _, stderr := assay(t, ".", "backup", "--data", dir, "--to", to); code != exitCannotRun || !strings.Contains(stderr, "name a new folder by --to") {
		t.Errorf("over a folder that is there: exit %d, %s", code, stderr)
	}
}

// TestRestoreRefuses a folder that is in use, a backup that was never finished,
// and one that is damaged, of which the rest is restored when asked for.
func TestRestoreRefuses(t *testing.T) {
	top := t.TempDir()
	in := func(name string) string { return filepath.Join(top, name) }
	s := serve(t, in("data"))
	s.sendTraces(t, 3)
	s.end(t, syscall.SIGTERM)
	if code, out, stderr := assay(t, ".", "backup", "--data", in("data"), "--to", in("copies/monday")); code != exitOK {
		t.Fatalf("backup: %s%s", out, stderr)
	}
	refused := func(what, backup, to, says string) {
		t.Helper()
		code, out, stderr := assay(t, ".", "restore", backup, "--data", to)
		if code != exitCannotRun || !strings.Contains(stderr, says) {
			t.Errorf("%s: exit %d, %s%s", what, code, out, stderr)
		}
	}
	refused("a folder that is in use", in("copies/monday"), in("data"), "is not empty: it has ")
	refused("no backup", top, in("new"), "name the folder that assay backup made")
	copyFolder(t, in("copies/monday"), in("begun"))
	if err := os.WriteFile(in("begun/unfinished"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused("a backup that was never finished", in("begun"), in("new"), "was never finished")
	if code, _, stderr := assay(t, ".", "serve", "--data", in("begun")); code != exitCannotRun || !strings.Contains(stderr, "was never finished") {
		t.Errorf("a server on a backup that was never finished: exit %d, %s", code, stderr)
	}

	segment := in("copies/monday/projects/default/log/00000001.seg")
	text, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(segment, text, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := assay(t, ".", "restore", in("copies/monday"), "--data", in("new"))
	if _, err := os.Stat(in("new")); code != exitDamaged || !os.IsNotExist(err) || !strings.Contains(out, "00000001.seg: segment 1, bytes ") || !strings.Contains(stderr, "--damaged") {
		t.Errorf("a damaged backup: exit %d, %v, %s%s", code, err, out, stderr)
	}
	if code, out, stderr := assay(t, ".", "restore", in("copies/monday"), "--data", in("new"), "--damaged"); code != exitDamaged || !strings.Contains(out, "40 items") {
		t.Errorf("the rest of it: exit %d, %s%s", code, out, stderr)
	}
	s = serve(t, in("new"))
	if got := s.spans(t, 0) + s.spans(t, 2); got != 2*spansOfTrace {
		t.Errorf("of the rest, %d spans are there", got)
	}
	s.end(t, syscall.SIGTERM)
}
