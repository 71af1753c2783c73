package index

import (
	"context"
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

// A flush for which the file has no room, wherever in it that is, is finished
// later: nothing is lost, and nothing is there twice, also after a crash.
func TestFlushWithoutRoomIsFinishedLater(t *testing.T) {
	rated := func(id, name string, at int64, ord uint32) Score {
		return Score{Score: trace.Score{ID: id, Name: name, Label: "l", Time: at, Target: trace.Target{Trace: trace.IDOf(7, 7)}}, Ref: Ref{1, ord}}
	}
	failed := 0
	for room := int64(8); room < 640; room += 70 {
		dir := t.TempDir()
		x := openTest(t, dir, Options{})
		first := spans(span(1, 0, 0), span(2, 0, 1))
		first.Scores, first.End = []Score{rated("a", "tone", 1, 2), rated("b", "tone", 2, 3)}, Ref{1, 4}
		add(t, x, "p", first)
		if err := errors.Join(x.Merge(t.Context()), x.exec(t.Context(), "CHECKPOINT cold")); err != nil {
			t.Fatal(err)
		}
		// A copy replaces a row, another one no more counts, and a score goes to
		// another name.
		second := spans(span(1, 0, 4), span(3, 2, 5))
		second.Scores, second.End = []Score{rated("b", "truth", 3, 6)}, Ref{1, 7}
		add(t, x, "p", second)
		lift := noMore(t, room)
		err := x.Flush(t.Context())
		if err != nil {
			failed++
			if again := x.Flush(t.Context()); !errors.Is(err, spanstore.ErrFull) || !errors.Is(again, spanstore.ErrFull) {
				t.Errorf("room for %d: got %v and %v, want ErrFull", room, err, again)
			}
		}
		add(t, x, "p", spans(span(4, 0, 7)))
		lift()
		check := func() {
			t.Helper()
			want(t, x, countedSpans, "1 true 4", "2 false 1", "3 true 5", "4 true 7")
			want(t, x, "SELECT id, name, latest FROM scores ORDER BY id", "a tone true", "b truth true")
			if n := x.Figures().Spans; n != 4 {
				t.Errorf("%d spans", n)
			}
		}
		check()
		if err := x.Merge(t.Context()); err != nil {
			t.Fatal(err)
		}
		killed := t.TempDir()
		if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		closeTest(t, x)
		x = openTest(t, killed, Options{})
		check()
		closeTest(t, x)
		if t.Failed() {
			t.Fatalf("with room for %d", room)
		}
	}
	if failed < 4 {
		t.Errorf("%d flushes found no room, so this test says little", failed)
	}
}

// What the log has no more, and the index has no room to remove, goes before
// anything is asked again.
func TestDropWithoutRoomIsFinishedLater(t *testing.T) {
	rated := func(id string, at int64, ref Ref) Score {
		return Score{Score: trace.Score{ID: id, Name: "n", Label: "l", Time: at, Target: trace.Target{Trace: trace.IDOf(7, 7)}}, Ref: ref}
	}
	failed := 0
	for room := int64(8); room < 400; room += 60 {
		x := openTest(t, t.TempDir(), Options{RollIdle: 1})
		later := span(2, 0, 0)
		later.Ref.Segment = 2
		later.Start, later.End = noon(), noon()+1
		early := later
		early.Span, early.Ref.Segment = trace.SpanIDOf(1), 1
		rows := spans(early, later)
		rows.Scores, rows.End = []Score{rated("gone", 9, Ref{1, 1}), rated("stays", 2, Ref{2, 1})}, Ref{2, 2}
		add(t, x, "p", rows)
		if err := errors.Join(x.Merge(t.Context()), x.exec(t.Context(), "CHECKPOINT cold")); err != nil {
			t.Fatal(err)
		}
		lift := noMore(t, room)
		if _, err := x.DropBefore(t.Context(), 1, 2); err != nil {
			failed++
			if again := x.Flush(t.Context()); !errors.Is(err, spanstore.ErrFull) || !errors.Is(again, spanstore.ErrFull) {
				t.Errorf("room for %d: got %v and %v, want ErrFull", room, err, again)
			}
		}
		lift()
		rollAll(t, x)
		want(t, x, "SELECT sum(n) FROM cold.hours", "1")
		want(t, x, "SELECT span FROM spans", "2")
		want(t, x, "SELECT id, latest FROM scores", "stays true")
		if n := x.Figures().Spans; n != 1 {
			t.Errorf("room for %d: %d spans", room, n)
		}
		closeTest(t, x)
	}
	if failed < 2 {
		t.Errorf("%d attempts found no room, so this test says little", failed)
	}
}

// While a flush waits for room, what arrives is bounded.
func TestWhatWaitsForRoomIsBounded(t *testing.T) {
	x := openTest(t, t.TempDir(), Options{})
	room := false
	x.writeMu.Lock()
	x.left = []step{{again: true, do: func(context.Context) error {
		if room {
			return nil
		}
		return spanstore.ErrFull
	}}}
	x.writeMu.Unlock()
	if err := x.Flush(t.Context()); !errors.Is(err, spanstore.ErrFull) {
		t.Errorf("flushing gave %v, want ErrFull", err)
	}
	written := 0
	appended := func() error {
		return x.Append(t.Context(), "p", func() (*Rows, error) {
			written++
			rows := varied(fullRows / 2)
			return &rows, nil
		})
	}
	for i, want := range []error{nil, nil, spanstore.ErrFull} {
		if err := appended(); !errors.Is(err, want) {
			t.Errorf("record %d gave %v, want %v", i, err, want)
		}
	}
	if written != 2 {
		t.Errorf("%d records were written to the log, want 2", written)
	}
	x.writeMu.Lock()
	room = true
	x.writeMu.Unlock()
	want(t, x, "SELECT count(*) FROM spans", fmt.Sprint(fullRows/2))
	closeTest(t, x)
}

// An index that breaks while a flush waits for room does not hold up what
// arrives: the log takes it, and the next index has it.
func TestWhatWaitsInABrokenIndexIsGivenUp(t *testing.T) {
	x := openTest(t, t.TempDir(), Options{})
	x.writeMu.Lock()
	x.left = []step{{again: true, do: func(context.Context) error { return spanstore.ErrFull }}}
	x.stuck.Store(true)
	x.writeMu.Unlock()
	if err := x.Flush(t.Context()); !errors.Is(err, spanstore.ErrFull) || !x.Stuck() {
		t.Fatalf("got %v, want ErrFull", err)
	}
	x.placesMu.Lock()
	broken := x.breaks(errors.New("something else went wrong"))
	x.placesMu.Unlock()
	add(t, x, "p", spans(span(1, 0, 0)))
	if err := x.Flush(t.Context()); !errors.Is(err, broken) || x.Stuck() || x.waiting() != 0 {
		t.Errorf("got %v, %d rows wait, stuck: %t", err, x.waiting(), x.Stuck())
	}
	if err := x.Close(); err == nil {
		t.Error("closed as if it were whole")
	}
}
