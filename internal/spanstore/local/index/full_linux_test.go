package index

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace"
)

// noMore makes no file of this process grow beyond a size until the function that
// it gives is called. Tests that use it cannot be parallel.
func noMore(t *testing.T, size int64) (lift func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(size), Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	lift = func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(lift)
	return lift
}

// varied are spans of which no two have much in common.
func varied(n uint32) Rows {
	list := make([]Span, n)
	for i := range list {
		mixed := uint64(i+1) * 0x9E3779B97F4A7C15
		s := span(mixed, 0, uint32(i))
		s.Trace, s.User, s.Start = trace.IDOf(mixed, mixed), fmt.Sprint("user-", mixed), noon()+int64(mixed>>30)
		s.End = s.Start + int64(mixed>>40)
		list[i] = s
	}
	return spans(list...)
}

// Where there is no room to write the file anew, the index goes on, and a later
// erasure does it.
func TestErasureWithoutRoomIsDoneLater(t *testing.T) {
	dir := t.TempDir()
	x := openTest(t, dir, Options{})
	defer closeTest(t, x)
	rows := varied(10_000)
	add(t, x, "p", rows)
	if err := errors.Join(x.Merge(t.Context()), x.exec(t.Context(), "CHECKPOINT cold")); err != nil {
		t.Fatal(err)
	}
	stat := func() os.FileInfo {
		t.Helper()
		file, err := os.Stat(filepath.Join(dir, FileName))
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	file := stat()
	gone := Gone{Before: 2, Traces: []trace.ID{rows.Spans[0].Trace}}

	lift := noMore(t, file.Size()+4096)
	if _, err := x.Erase(t.Context(), 1, gone); !errors.Is(err, spanstore.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	lift()
	if err := x.Err(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fresh, fresh + ".wal"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v, want none", name, err)
		}
	}
	add(t, x, "p", spans(span(1, 0, 20_000)))
	want(t, x, "SELECT count(*) FROM spans", "10000")
	if !os.SameFile(file, stat()) {
		t.Error("the file has been written anew, so this test says nothing")
	}
	if _, err := x.Erase(t.Context(), 1, gone); err != nil {
		t.Fatal(err)
	}
	want(t, x, "SELECT count(*) FROM spans", "10000")
	if os.SameFile(file, stat()) {
		t.Error("the file was not written anew")
	}
}

// Where there is no room for new costs, the index goes on, and a later attempt
// sets them.
func TestCostsWithoutRoomAreSetLater(t *testing.T) {
	x := openTest(t, t.TempDir(), Options{})
	defer closeTest(t, x)
	add(t, x, "p", varied(100))
	if err := errors.Join(x.Merge(t.Context()), x.exec(t.Context(), "CHECKPOINT cold")); err != nil {
		t.Fatal(err)
	}
	reprice := func() error {
		_, err := x.Reprice(t.Context(), 1, func(*trace.Row, Ref) (int64, bool) { return 7, true }, nil)
		return err
	}
	lift := noMore(t, 8)
	if err := reprice(); !errors.Is(err, spanstore.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	lift()
	want(t, x, "SELECT count(*), count(cost_calc), (SELECT count(*) FROM memory.hot.costs) FROM spans", "100 0 0")
	if err := reprice(); err != nil {
		t.Fatal(err)
	}
	want(t, x, "SELECT count(*), sum(cost_calc) FROM spans", "100 700")
}

// Rows for which the file has no room stay where they are, and are moved later.
func TestMergeWithoutRoomIsDoneLater(t *testing.T) {
	dir := t.TempDir()
	x := openTest(t, dir, Options{})
	add(t, x, "p", varied(100))
	lift := noMore(t, 8)
	if err := x.Merge(t.Context()); !errors.Is(err, spanstore.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	want(t, x, "SELECT count(*) FROM spans", "100")
	lift()
	if err := x.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, x, "SELECT count(*), (SELECT count(*) FROM cold.spans) FROM spans", "100 100")
	closeTest(t, x)
	x = openTest(t, dir, Options{})
	defer closeTest(t, x)
	want(t, x, "SELECT count(*) FROM spans", "100")
}

// A file that DuckDB lets nobody at any more is known as broken, and a restart
// finds what was merged.
func TestCheckpointWithoutRoomIsKnown(t *testing.T) {
	dir := t.TempDir()
	x := openTest(t, dir, Options{})
	add(t, x, "p", varied(10_000))
	if err := x.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	lift := noMore(t, 8)
	if err := x.exec(t.Context(), "CHECKPOINT cold"); err == nil {
		t.Fatal("a checkpoint found room, so this test says nothing")
	}
	lift()
	add(t, x, "p", spans(span(1, 0, 20_000)))
	if err := x.Merge(t.Context()); err == nil || x.Err() == nil {
		t.Errorf("merging gave %v, and the index is said to be fine", err)
	}
	if err := x.Close(); err == nil {
		t.Error("closing it gave no error")
	}
	x = openTest(t, dir, Options{})
	defer closeTest(t, x)
	want(t, x, "SELECT count(*) FROM spans", "10000")
	if got := x.Mark("p"); got != (Ref{1, 10_000}) {
		t.Errorf("mark %v", got)
	}
}
