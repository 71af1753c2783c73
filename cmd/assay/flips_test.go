package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/access"
	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/server"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	logblock "github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/local/token"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
	"github.com/assay-llmops/assay/internal/trace/semconv/captured"
	"github.com/assay-llmops/assay/internal/vfs"
)

// probe is what a folder says of itself: to assay fsck, and to who starts a
// server on it.
type probe struct {
	Fsck    int    // its exit code
	Checked string // what it printed
	Refused string // why the folder could not be opened
	Told    []string
	Answers []answer
}

// probeFolders is a program that reads names of folders and answers with a probe
// of each. It is a process of its own because damage may end it.
func probeFolders() {
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if err := out.Encode(probeOf(in.Text())); err != nil {
			os.Exit(1)
		}
	}
}

func probeOf(dir string) *probe {
	p := &probe{}
	var stdout, stderr bytes.Buffer
	p.Fsck = run(context.Background(), []string{"fsck", "--data", dir}, &stdout, &stderr)
	p.Checked = stdout.String() + stderr.String()
	if err := p.ask(dir); err != nil {
		p.Refused = err.Error()
	}
	return p
}

// ask starts what a server is made of on a folder, and asks it everything.
func (p *probe) ask(dir string) (err error) {
	folder, err := server.OpenFolder(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	keys, err := access.Open(server.KeysPath(dir))
	if err != nil {
		return err
	}
	key, err := os.ReadFile(dir + ".key")
	if err != nil {
		return err
	}
	id, err := keys.Check(string(key))
	if err != nil {
		return fmt.Errorf("the key: %w", err)
	}
	p.Answers = append(p.Answers, answer{"who has the key", http.StatusOK, fmt.Sprint(id)})
	prices, err := price.Load()
	if err != nil {
		return err
	}
	store, err := local.Open(context.Background(), dir, local.Options{
		Prices: prices,
		Index:  index.Options{Threads: 1}, Damage: func(project string, d seglog.Damage) { p.Told = append(p.Told, project+": "+d.String()) },
	})
	if err != nil {
		return err
	}
	handler := api.New(api.Options{Store: store, Who: func(*http.Request) (string, []string, error) {
		return "default", []string{api.ScopeRead}, nil
	}})
	p.Answers = append(p.Answers, mostOf(func(path string) (int, []byte) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, api.Prefix+path, nil))
		return w.Code, w.Body.Bytes()
	}, "default")...)
	if err := store.Close(); err != nil { // after which all is open again all the same
		p.Told = append(p.Told, err.Error())
	}
	return nil
}

// prober runs probeFolders.
type prober struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    chan *probe
	stderr *bytes.Buffer
}

func newProber(t *testing.T) *prober {
	p := &prober{cmd: exec.Command("assay-probe"), out: make(chan *probe), stderr: &bytes.Buffer{}}
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.out)
		for d := json.NewDecoder(out); ; {
			var answer probe
			if d.Decode(&answer) != nil {
				return
			}
			p.out <- &answer
		}
	}()
	return p
}

func (p *prober) end() {
	p.in.Close()
	for range p.out { //nolint:revive // until it has ended
	}
	_ = p.cmd.Wait()
}

// probe asks for a probe. It is nil where the process died or hangs.
func (p *prober) probe(dir string) (*probe, string) {
	if _, err := fmt.Fprintln(p.in, dir); err != nil {
		return nil, err.Error()
	}
	select {
	case answer := <-p.out:
		if answer == nil {
			return nil, "the process died: " + fmt.Sprint(p.cmd.Wait()) + "\n" + p.stderr.String()
		}
		return answer, ""
	case <-time.After(2 * time.Minute):
		_ = p.cmd.Process.Kill()
		return nil, "no answer within two minutes"
	}
}

// folderOfEveryKind is the data folder of a server that was stopped, with every
// kind of file: of its log a segment that is stored smaller, with a sidecar, one
// that is not and one that is written to; and beside it, as it was left by kill -9, the same with
// more in the write-ahead log of the index, and an erasure to carry out.
func folderOfEveryKind(t *testing.T) (stopped, killed string) {
	dir := t.TempDir()
	stopped, killed = filepath.Join(dir, "stopped"), filepath.Join(dir, "killed")
	s := serve(t, stopped)
	all, _, err := captured.Load("../../internal/trace/semconv/testdata/captured")
	if err != nil {
		t.Fatal(err)
	}
	part := func(from, to int, scenarios ...string) {
		for n := from; n < to; n++ {
			s.post(t, "/v1/traces", "application/json", request(n))
			s.post(t, "/api/v1/scores", "application/json", fmt.Appendf(nil, `{"id":"s%d","target":{"trace":"%032x"},"name":"grounded","value":%v}`, n, n+1, float64(n)/40))
		}
		for i := range all {
			if !slices.Contains(scenarios, all[i].String()) {
				continue
			}
			for _, r := range all[i].Requests {
				path := "/v1/traces"
				if r.Logs() {
					path = "/v1/logs"
				}
				s.post(t, path, r.ContentType, r.Body)
			}
		}
	}
	part(0, 5, "openai-v2/chat")
	s.erase(t, fmt.Sprintf("/traces/%032x", 2))
	part(5, 8, "openinference-openai/rag")
	s.erase(t, "/users/user-6")
	part(8, 11, "openai-v2-latest/agent")
	s.end(t, syscall.SIGTERM)
	log, err := seglog.Open(filepath.Join(stopped, "projects", "default", "log"), seglog.Options{Tokens: searchedTokens})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first segment is stored smaller, then has a sidecar
		if _, err := log.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	keys, err := access.Open(server.KeysPath(stopped))
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := keys.Create("someone", "default", access.Scopes())
	if err != nil {
		t.Fatal(err)
	}
	// As it is while a store has it open that moves every row into the file.
	copyFolder(t, stopped, killed+".live")
	prices, err := price.Load()
	if err != nil {
		t.Fatal(err)
	}
	store, err := local.Open(t.Context(), killed+".live", local.Options{
		Prices: prices, Index: index.Options{Threads: 1, MergeRows: 1}, Log: seglog.Options{FS: &killer{t: t, dir: killed + ".live", to: killed}},
	})
	if err != nil {
		t.Fatal(err)
	}
	fill := api.New(api.Options{Store: store, Who: func(*http.Request) (string, []string, error) {
		return "default", []string{api.ScopeWrite}, nil
	}})
	for i := range 30 {
		r := httptest.NewRequest(http.MethodPost, api.Prefix+"/scores", strings.NewReader(fmt.Sprintf(`{"id":"late%d","target":{"trace":"%032x"},"name":"late","value":1}`, i, i%10+1)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		if fill.ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Fatal(w.Body)
		}
	}
	waitFor(t, "write-ahead log", func() bool {
		info, err := os.Stat(filepath.Join(killed+".live", "index", "index.duckdb.wal"))
		return err == nil && info.Size() > 0
	})
	if _, err := store.Erase(t.Context(), "default", spanstore.Erasure{Trace: trace.IDOf(0, 6)}); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{stopped, killed} {
		if err := os.WriteFile(dir+".key", []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return stopped, killed
}

// searchedTokens are the tokens of what a search looks at.
func searchedTokens(it *logblock.Item, visit func([]byte)) {
	each := func(text []byte) error {
		token.Each(text, visit)
		return nil
	}
	if it.Type == logblock.Log {
		if l, err := otlp.ReadLog(it.Bytes); err == nil {
			_ = semconv.EachLogText(&l, each)
		}
	} else if span, err := otlp.ReadSpan(it.Bytes); err == nil {
		_ = semconv.EachText(&span, each)
	}
}

// killer copies a folder at the moment at which an erasure is decided upon, and
// not yet carried out.
type killer struct {
	vfs.OS
	t       *testing.T
	dir, to string
}

func (k *killer) Rename(from, to string) error {
	err := k.OS.Rename(from, to)
	if filepath.Base(to) == "erasing.json" {
		copyFolder(k.t, k.dir, k.to)
	}
	return err
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// filesIn lists the files of a folder that have something in them.
func filesIn(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Size() > 0 {
			name, err = filepath.Rel(dir, name)
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// tally counts how flips of one kind of file ended.
type tally struct{ flips, same, named, refused int }

// TestFlippedBits flips one bit of a file, of every file in turn, and asks a
// server on that folder everything: each answer is as before, or the loss is
// named. ASSAY_FLIPS sets how many bits of each file.
func TestFlippedBits(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many stores")
	}
	flips := 2
	if text := os.Getenv("ASSAY_FLIPS"); text != "" {
		var err error
		if flips, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	const seed = 11
	random := rand.New(rand.NewPCG(seed, seed))
	stopped, killed := folderOfEveryKind(t)
	p := newProber(t)
	defer func() { p.end() }()
	for _, from := range []string{stopped, killed} {
		copyFolder(t, from, from+".whole") // to be opened changes it
		if err := os.Link(from+".key", from+".whole.key"); err != nil {
			t.Fatal(err)
		}
		want, died := p.probe(from + ".whole")
		if want == nil {
			t.Fatal(died)
		}
		if from == killed && slices.ContainsFunc(want.Answers, func(a answer) bool { return strings.HasPrefix(a.Path, fmt.Sprintf("/traces/%032x", 6)) }) {
			t.Fatal("an erasure was not carried out")
		}
		if want.Refused != "" || want.Fsck != exitOK || len(want.Told) > 0 {
			t.Fatalf("of whole data: %s %s %q", want.Refused, want.Checked, want.Told)
		}
		for _, file := range filesIn(t, from) {
			if from == killed && !strings.HasPrefix(file, "index") && filepath.Base(file) != "erasing.json" {
				continue
			}
			count := tally{}
			whole, err := os.ReadFile(filepath.Join(from, file))
			if err != nil {
				t.Fatal(err)
			}
			for range flips {
				at, bit := random.IntN(len(whole)), random.IntN(8)
				where := fmt.Sprintf("%s/%s, bit %d of byte %d (seed %d)", filepath.Base(from), file, bit, at, seed)
				dir := from + ".flipped"
				copyFolder(t, from, dir)
				if err := os.Link(from+".key", dir+".key"); err != nil {
					t.Fatal(err)
				}
				bad := slices.Clone(whole)
				bad[at] ^= 1 << bit
				if err := os.WriteFile(filepath.Join(dir, file), bad, 0o600); err != nil {
					t.Fatal(err)
				}
				count.flips++
				got, died := p.probe(dir)
				if got == nil {
					t.Errorf("%s: %s", where, died)
					p.end()
					p = newProber(t)
				} else {
					p.judge(t, where, file, dir, got, want, &count)
				}
				if err := errors.Join(os.RemoveAll(dir), os.Remove(dir+".key")); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%s/%s (%d bytes): %d flips: %d changed no answer, %d losses named, %d refusals", filepath.Base(from), file, len(whole), count.flips, count.same, count.named, count.refused)
		}
	}
}

// judge says whether a flip ended as it may.
func (p *prober) judge(t *testing.T, where, file, dir string, got, want *probe, count *tally) {
	t.Helper()
	base := filepath.Base(file)
	if base == "format" {
		base = "layout" // of which the file is the number
	}
	others := differ(got.Answers, want.Answers)
	if filepath.Ext(file) == ".side" { // derived: it is not used, and fsck says so
		if len(others) > 0 || got.Refused != "" || !strings.Contains(got.Checked, base) {
			t.Errorf("%s: %s, %d answers are others; fsck: %s", where, got.Refused, len(others), got.Checked)
		}
	}
	switch {
	case got.Refused != "":
		count.refused++
		if !strings.Contains(got.Refused, base) || got.Fsck == exitOK || !strings.Contains(got.Checked, base) {
			t.Errorf("%s: refused as %q; fsck: %s", where, got.Refused, got.Checked)
		}
		return
	case len(others) == 0:
		count.same++
		return
	}
	count.named++
	if got.Fsck != exitDamaged || !strings.Contains(got.Checked, filepath.Base(file)) || len(got.Told) == 0 {
		t.Errorf("%s: %d answers are others, and it tells %q; fsck: %s\n%.2000s", where, len(others), got.Told, got.Checked, others[0])
	}
	if strings.HasPrefix(file, "index") {
		for _, a := range got.Answers {
			if a.Status != http.StatusOK && !strings.Contains(a.Body, `"code":"damaged"`) {
				t.Errorf("%s: %s: %d %s", where, a.Path, a.Status, a.Body)
			}
		}
		again, died := p.probe(dir)
		if again == nil {
			t.Fatalf("%s, at the next start: %s", where, died)
		}
		if others := differ(again.Answers, want.Answers); again.Refused != "" || len(others) > 0 {
			t.Errorf("%s: at the next start: %s, %d answers are others", where, again.Refused, len(others))
		}
		return
	}
	// A request is a record and each is about one trace: no other may have changed.
	// In the segment that is stored smaller they are one record.
	most := 1
	if filepath.Base(file) == "00000001.seg" {
		most = 5
	}
	changed := map[string]bool{}
	for _, a := range got.Answers {
		if strings.HasPrefix(a.Path, "/traces/") && !slices.Contains(want.Answers, a) {
			changed[a.Path] = true
			if a.Status != http.StatusOK && !strings.Contains(a.Body, `"code":"damaged"`) {
				t.Errorf("%s: %s: %d %s", where, a.Path, a.Status, a.Body)
			}
		}
	}
	if len(changed) > most {
		t.Errorf("%s: %d traces changed: %v", where, len(changed), changed)
	}
}
