package calls

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// keyOf is a well-formed key made from a few digits.
func keyOf(digits string) string { return digits + strings.Repeat("0", 64-len(digits)) }

func aCall(key string) *Call {
	cost := int64(1500)
	return &Call{
		Key: key, Config: "support", Version: "support@aaaaaaaaaaaa", Model: "openai/m", Case: "c1", Start: 1_000, End: 2_000, CostNanos: &cost,
		TraceID: strings.Repeat("a", 32), SpanID: strings.Repeat("b", 16),
		Input:     map[string]any{"question": "<b>"},
		Request:   &llm.Request{Model: llm.Ref{Provider: "openai", Name: "m"}, Messages: []llm.Message{{Role: "user", Content: "a <b> & c"}}},
		Documents: []llm.Document{{ID: "d1", Content: "text"}},
		Reply: &llm.Reply{Message: llm.Message{Role: "assistant", Content: "yes"}, Model: "m-1", ID: "r1", FinishReason: "stop",
			Usage: llm.Usage{InputTokens: 7, OutputTokens: 2, Known: true}},
	}
}

func TestPutGet(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	key := keyOf("abc1")
	if c, err := s.Get(key); c != nil || err != nil {
		t.Fatalf("an empty store gave %v, %v", c, err)
	}
	if err := s.Put(aCall(key)); err != nil {
		t.Fatal(err)
	}
	c, err := s.Get(key)
	if err != nil || c == nil {
		t.Fatalf("Get = %v, %v", c, err)
	}
	if c.Reply.Content != "yes" || *c.CostNanos != 1500 || c.Start != 1_000 {
		t.Errorf("Get lost something: %+v", c)
	}
	if c.Request != nil || c.Documents != nil || c.Input != nil {
		t.Error("Get brings what was asked: it should be passed over")
	}
	whole, err := s.GetWhole(key)
	if err != nil || whole == nil {
		t.Fatalf("GetWhole = %v, %v", whole, err)
	}
	if whole.Request.Messages[0].Content != "a <b> & c" || whole.Documents[0].ID != "d1" || whole.Input["question"] != "<b>" {
		t.Errorf("GetWhole lost what was asked: %+v", whole)
	}
	newer := aCall(key)
	newer.Reply.Content = "no"
	if err := s.Put(newer); err != nil {
		t.Fatal(err)
	}
	if c, err = s.Get(key); err != nil || c.Reply.Content != "no" {
		t.Errorf("a second Put did not replace the first: %v, %v", c, err)
	}
}

// A damaged file counts as none: it is asked again and written anew.
func TestDamagedCallIsNone(t *testing.T) {
	t.Parallel()
	whole, err := json.Marshal(aCall(keyOf("ab")))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "cut": string(whole[:len(whole)/2]), "no JSON": "hello", "another call's": strings.Replace(string(whole), keyOf("ab"), keyOf("cd"), 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, dir)
			key := keyOf("ab")
			if err := s.Put(aCall(key)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "calls", "ab", key+".json"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if c, err := s.Get(key); c != nil || err != nil {
				t.Errorf("Get = %v, %v, want none", c, err)
			}
			if c, err := s.GetWhole(key); c != nil || err != nil {
				t.Errorf("GetWhole = %v, %v, want none", c, err)
			}
			if err := s.Put(aCall(key)); err != nil {
				t.Fatal(err)
			}
			if c, err := s.Get(key); c == nil || err != nil {
				t.Errorf("after writing anew: %v, %v", c, err)
			}
		})
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	type score struct{ Value float64 }
	var got score
	if s.GetScore(keyOf("aa"), &got) {
		t.Error("a score that was never kept is found")
	}
	if err := s.PutScore(keyOf("aa"), score{0.5}); err != nil {
		t.Fatal(err)
	}
	if !s.GetScore(keyOf("aa"), &got) || got.Value != 0.5 {
		t.Errorf("the score came back as %v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "scores", "aa", keyOf("aa")+".json"), []byte(`{"Value":`), 0o644); err != nil {
		t.Fatal(err)
	}
	if s.GetScore(keyOf("aa"), &got) {
		t.Error("a damaged score is used")
	}
}

// A key that is no key must not name a file outside the folder.
func TestKeyStaysInside(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for _, key := range []string{"", "ab", "../../etc/passwd", "a/b/c/d", `a\b\c`} {
		if c, err := s.Get(key); c != nil || err != nil {
			t.Errorf("Get(%q) = %v, %v", key, c, err)
		}
		if at := s.path("calls", key); filepath.Dir(at) != s.Dir("calls") {
			t.Errorf("%q lies at %s", key, at)
		}
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir)
	if text, err := os.ReadFile(filepath.Join(dir, ".gitignore")); err != nil || string(text) != "*\n" {
		t.Errorf(".gitignore is %q, %v", text, err)
	}
	open(t, dir) // its own layout is taken
	for _, text := range []string{"2\n", "99", "one"} {
		if err := os.WriteFile(filepath.Join(dir, "format"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(dir)
		var p *problem.Problem
		if !errors.As(err, &p) || !strings.Contains(p.What, "layout") || p.Fix == "" {
			t.Errorf("layout %q: %v", text, err)
		}
	}
}

func TestOpenWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Open(filepath.Join(file, "state"))
	if err == nil || !strings.Contains(err.Error(), "--state DIR") {
		t.Errorf("Open under a file: %v", err)
	}
}

func TestWriteProblemNamesTheRemedy(t *testing.T) {
	t.Parallel()
	for errno, want := range map[error]string{
		syscall.ENOSPC: "free some space", syscall.EDQUOT: "free some space",
		syscall.EROFS: "make the folder writable", syscall.EACCES: "make the folder writable", syscall.EIO: "--state DIR",
	} {
		err := WriteProblem("/x/.assay", &fs.PathError{Op: "write", Path: "/x/.assay/y", Err: errno})
		if !strings.Contains(err.Error(), want) || !errors.Is(err, errno) {
			t.Errorf("%v: %v", errno, err)
		}
	}
}

// writeFile leaves the old file, the new one, and nothing else.
func TestWriteFileIsWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	old, fresh := strings.Repeat("o", 1<<16), strings.Repeat("n", 1<<16)
	if err := writeFile(path, []byte(old)); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		defer close(stop)
		for i := range 200 {
			text := old
			if i%2 == 0 {
				text = fresh
			}
			if err := writeFile(path, []byte(text)); err != nil {
				t.Error(err)
			}
		}
	})
	for running := true; running; {
		select {
		case <-stop:
			running = false
		default:
		}
		text, err := os.ReadFile(path)
		if err != nil || string(text) != old && string(text) != fresh {
			t.Fatalf("a reader saw %d bytes, %v", len(text), err)
		}
	}
	group.Wait()
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 {
		t.Errorf("%d files are left, %v", len(names), err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := writeFile(filepath.Join(dir, "missing", "f"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
}

// Several stores of one folder are what several processes are.
func TestConcurrentWriters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const stores, each = 4, 50
	var group sync.WaitGroup
	for n := range stores {
		s := open(t, dir)
		group.Go(func() {
			for i := range each {
				key := keyOf(fmt.Sprintf("%02x%02x", i%7, i)) // all stores write the same keys
				if err := s.Put(aCall(key)); err != nil {
					t.Error(err)
				}
				if err := s.Append(&Entry{Key: key, Case: fmt.Sprint(n), Model: strings.Repeat("m", 500)}); err != nil {
					t.Error(err)
				}
				if c, err := s.Get(key); c == nil || err != nil {
					t.Errorf("Get after Put: %v, %v", c, err)
				}
			}
		})
	}
	group.Wait()
	entries, err := open(t, dir).Entries(0, nil)
	if err != nil || len(entries) != stores*each {
		t.Errorf("the journal has %d whole lines of %d, %v", len(entries), stores*each, err)
	}
}

// The folder holds prompts and answers: all of it is for its owner alone.
func TestStateFolderIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), ".assay")
	if err := open(t, dir).Put(aCall(keyOf("abc1"))); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
