package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

// While somebody goes on writing: what was acknowledged before the erasure was
// asked for is gone, and index and log agree about what came meanwhile.
func TestErasureWhileSpansArrive(t *testing.T) {
	dir := t.TempDir()
	s := small(t, dir)
	const victim = "person-to-forget"
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var mu sync.Mutex
	var early []uint64 // traces of the victim that were acknowledged before
	asked := false
	enough := make(chan struct{})
	var writers sync.WaitGroup
	for w := range uint64(2) {
		writers.Go(func() {
			for i := uint64(0); ctx.Err() == nil; i++ {
				id := 100_000*(w+1) + i
				who := storetest.Attributes{"user.id": victim, "session.id": fmt.Sprint("talk ", id)}
				if i%3 == 0 {
					who = storetest.Attributes{"user.id": "somebody else"}
				}
				// Spans of one trace come apart, and copies of them again.
				for _, span := range []storetest.Span{
					{Trace: id, ID: 10*id + 1, Start: float64(id), Seconds: -1, Name: "root", Attributes: who},
					{Trace: id, ID: 10*id + 2, Parent: 10*id + 1, Start: float64(id), Seconds: 1, Name: "call", Attributes: storetest.LLM("m", 10, 10, nil)},
					{Trace: id, ID: 10*id + 1, Start: float64(id), Seconds: 1, Name: "root", Attributes: who},
					{Trace: id, ID: 10*id + 2, Parent: 10*id + 1, Start: float64(id), Seconds: -1, Name: "call", Attributes: storetest.LLM("m", 10, 10, nil)},
				} {
					if err := s.Append(context.Background(), "shop", storetest.Batch(t, span)); err != nil {
						t.Error(err)
						return
					}
				}
				mu.Lock()
				if !asked && i%3 != 0 {
					early = append(early, id)
				}
				mu.Unlock()
				if i == 40 && w == 0 {
					close(enough)
				}
			}
		})
	}
	for round := range 3 {
		if round == 0 {
			<-enough
			mu.Lock()
			asked = true
			mu.Unlock()
		}
		if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{User: victim}); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	writers.Wait()
	for _, id := range early {
		if _, err := s.Trace(t.Context(), "shop", storetest.TraceID(id)); !errors.Is(err, spanstore.ErrNotFound) {
			t.Errorf("trace %d of before is there: %v", id, err)
		}
	}
	want := storetest.Answers(t, s)
	closed(t, s)
	if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
		t.Fatal(err)
	}
	s = small(t, dir)
	if got := storetest.Answers(t, s); got != want {
		t.Errorf("rebuilt, the store answers otherwise:\n%s", firstDifference(got, want))
	}
	// Once more, with nobody writing: nothing is left.
	if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{User: victim}); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	if bytes.Contains(everything(t, dir), []byte(victim)) {
		t.Error("a file has the name")
	}
}

// The power goes before each operation on the log's files. When the store is
// opened again, the erasure is carried out, or had not begun; and asking again
// ends it.
func TestErasureSurvivesAPowerCut(t *testing.T) {
	open := func(dir string, disk *crashfs.FS) *local.Store {
		t.Helper()
		s, err := local.Open(t.Context(), dir, local.Options{Index: index.Options{Threads: 1}, Log: seglog.Options{FS: disk, SegmentBytes: 600}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	what := spanstore.Erasure{User: "user-to-forget"}
	// It lists projects by itself: their folders are real, their files are not.
	folder := func() string {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "projects", "shop", "log"), 0o700); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	outcomes := map[string]int{}
	for at := 1; ; at += 2 {
		disk, dir := crashfs.New(), folder()
		s := open(dir, disk)
		storetest.Confide(t, s)
		before := storetest.Answers(t, s)
		n := 0
		disk.Before(func(crashfs.Op) error {
			if n++; n >= at {
				return crashfs.ErrCrashed
			}
			return nil
		})
		_, failed := s.Erase(t.Context(), "shop", what)
		if failed != nil && !errors.Is(failed, crashfs.ErrCrashed) {
			t.Fatal(failed)
		}
		// The files of the index are as they are at that moment, and so are the
		// names of the folders.
		left := t.TempDir()
		if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if at%4 == 1 {
			if err := os.RemoveAll(filepath.Join(left, "index")); err != nil {
				t.Fatal(err)
			}
		}
		after := disk.Crash(uint64(at))
		_ = s.Close() // the power is gone
		rename(t, after, dir, left)
		again := open(left, after)
		state := "had not begun"
		if storetest.Answers(t, again) != before {
			state = "was finished"
			checkForgotten(t, again, left, after)
		} else if failed == nil {
			t.Error("it said so, and it is not so")
		}
		outcomes[state]++
		if _, err := again.Erase(t.Context(), "shop", what); err != nil {
			t.Fatal(err)
		}
		checkForgotten(t, again, left, after)
		closed(t, again)
		if failed == nil {
			break
		}
	}
	if outcomes["had not begun"] == 0 || outcomes["was finished"] < 3 {
		t.Errorf("outcomes %v: the test cut too few things", outcomes)
	}
}

// An erasure that found no room is an error, and is not forgotten.
func TestErasureOnAFullDiskIsCarriedOutLater(t *testing.T) {
	dir, disk := t.TempDir(), crashfs.New()
	if err := os.MkdirAll(filepath.Join(dir, "projects", "shop", "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := local.Open(t.Context(), dir, local.Options{Index: index.Options{Threads: 1}, Log: seglog.Options{FS: disk}})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	storetest.Confide(t, s)
	files := 0
	disk.Before(func(op crashfs.Op) error {
		if op.Kind != crashfs.Create {
			return nil
		}
		if files++; files == 3 { // after a new segment, and what is to go
			return syscall.ENOSPC
		}
		return nil
	})
	if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{User: "user-to-forget"}); !errors.Is(err, spanstore.ErrFull) {
		t.Fatalf("erased without room: %v", err)
	}
	if p, err := s.Spans(t.Context(), "shop", spanstore.Query{}); err != nil || len(p.Spans) == 1 {
		t.Fatalf("nothing was cut short: %+v, %v", p, err)
	}
	if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{User: "somebody else"}); err != nil {
		t.Fatal(err)
	}
	checkForgotten(t, s, dir, disk)
}

// rename moves the files of a disk from one folder to another.
func rename(t *testing.T, disk *crashfs.FS, from, to string) {
	t.Helper()
	for _, sub := range []string{"projects/shop", "projects/shop/log"} {
		names, err := disk.List(filepath.Join(from, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			disk.Put(filepath.Join(to, sub, name), disk.Bytes(filepath.Join(from, sub, name)))
		}
	}
}

func checkForgotten(t *testing.T, s *local.Store, dir string, disk *crashfs.FS) {
	t.Helper()
	if p, err := s.Spans(t.Context(), "shop", spanstore.Query{}); err != nil || len(p.Spans) != 1 {
		t.Errorf("not one span is left, but %+v: %v", p, err)
	}
	for _, secret := range storetest.Secrets() {
		for _, sub := range []string{"projects/shop", "projects/shop/log"} {
			names, err := disk.List(filepath.Join(dir, sub))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				if bytes.Contains(disk.Bytes(filepath.Join(dir, sub, name)), []byte(secret)) {
					t.Errorf("%s has %q", name, secret)
				}
			}
		}
		if inFiles(t, dir, secret) {
			t.Errorf("the index has %q", secret)
		}
	}
}
