package local_test

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

// A disk on which the index finds no room for what a retention left does not keep
// the store from being opened: it says that it is full, and goes on when there is
// room. The log is in memory here, so that only the index meets the limit.
func TestOpensWithARetentionThatFindsNoRoom(t *testing.T) {
	dir, disk := t.TempDir(), crashfs.New()
	logs := filepath.Join(dir, "projects", "shop", "log")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	told := 0
	o := local.Options{
		Index: index.Options{Threads: 1}, Log: seglog.Options{FS: disk, SegmentBytes: 500},
		Unfinished: func(string, error) { told++ },
	}
	s, err := local.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	const traces = 10
	for i := range uint64(traces) {
		if err := s.Append(t.Context(), "shop", storetest.Batch(t, storetest.Span{Trace: i + 1, ID: i + 1, Seconds: 1, Name: "x"})); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, s)
	if err := disk.Remove(filepath.Join(logs, "00000001.seg")); err != nil {
		t.Fatal(err)
	}

	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 8, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	s, err = local.Open(t.Context(), dir, o)
	var ready error
	if err == nil {
		ready = s.Ready(t.Context())
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatalf("without room for the index: %v", err)
	}
	defer closed(t, s)
	if told == 0 || !errors.Is(ready, spanstore.ErrFull) {
		t.Errorf("told %d times, and ready: %v", told, ready)
	}
	p, err := s.Spans(t.Context(), "shop", spanstore.Query{Limit: traces})
	if err != nil || len(p.Spans) == 0 || len(p.Spans) >= traces || s.Ready(t.Context()) != nil {
		t.Errorf("with room again, %d of %d spans are left: %v, %v", len(p.Spans), traces, err, s.Ready(t.Context()))
	}
}
