package seglog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const dir = "log"

// harness is a log on a disk in memory, and the damage it told of.
type harness struct {
	*seglog.Log
	disk *crashfs.FS

	mu     sync.Mutex
	damage []seglog.Damage
}

func openOn(disk *crashfs.FS, o seglog.Options) (*harness, error) {
	h := &harness{disk: disk}
	o.FS = disk
	o.Damage = func(d seglog.Damage) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.damage = append(h.damage, d)
	}
	var err error
	h.Log, err = seglog.Open(dir, o)
	return h, err
}

func open(t *testing.T, disk *crashfs.FS, o seglog.Options) *harness {
	t.Helper()
	h, err := openOn(disk, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// reopen closes the log and opens it again on the same disk.
func (h *harness) reopen(t *testing.T, o seglog.Options) *harness {
	t.Helper()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, h.disk, o)
}

// record is a block of spans with the texts, and one scope named scope.
func record(t testing.TB, scope string, texts ...string) seglog.Record {
	t.Helper()
	b := &spanstore.Batch{
		Received:  7,
		Resources: []spanstore.Resource{{Bytes: []byte("resource")}},
		Scopes:    []spanstore.Scope{{Bytes: []byte(scope)}},
	}
	for _, text := range texts {
		b.Spans = append(b.Spans, spanstore.Item{Bytes: []byte(text)})
	}
	body, err := block.Encode(b)
	if err != nil {
		t.Fatal(err)
	}
	return seglog.Record{Type: seglog.Spans, Count: len(texts), Body: body, Received: 7}
}

func (h *harness) add(t *testing.T, r seglog.Record) seglog.Ref {
	t.Helper()
	ref, err := h.Append(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// all replays the log: bodies by Ref.
func (h *harness) all(t testing.TB) map[seglog.Ref]seglog.Record {
	t.Helper()
	got := map[seglog.Ref]seglog.Record{}
	last := seglog.Ref{}
	err := h.Replay(context.Background(), seglog.Ref{}, func(r seglog.Ref, rec seglog.Record) error {
		if r.Compare(last) < 0 {
			t.Errorf("%v after %v", r, last)
		}
		last, got[r] = r, rec
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAppendAndRead(t *testing.T) {
	t.Parallel()
	h := open(t, crashfs.New(), seglog.Options{SegmentBytes: 300})
	refs := map[seglog.Ref]string{}
	records := map[seglog.Ref]seglog.Record{}
	for i := range 20 {
		texts := []string{fmt.Sprint("first ", i), strings.Repeat("second ", i)}
		rec := record(t, "scope", texts...)
		r := h.add(t, rec)
		records[r] = rec
		for k, text := range texts {
			refs[seglog.Ref{Segment: r.Segment, Ordinal: r.Ordinal + uint32(k)}] = text
		}
	}
	score := seglog.Record{Type: seglog.Scores, Count: 1, Body: []byte(`[null]`)}
	records[h.add(t, score)] = score
	check := func(h *harness) {
		t.Helper()
		if got := h.all(t); len(got) != len(records) {
			t.Errorf("%d records, want %d", len(got), len(records))
		} else {
			for r, want := range records {
				if g := got[r]; g.Type != want.Type || g.Count != want.Count || g.Received != want.Received || !bytes.Equal(g.Body, want.Body) {
					t.Errorf("%v: %+v, want %+v", r, g, want)
				}
			}
		}
		var list []seglog.Ref
		for r, want := range refs {
			it, err := h.Item(t.Context(), r)
			if err != nil || string(it.Bytes) != want || string(it.Scope.Bytes) != "scope" {
				t.Errorf("%v: %+v, %v", r, it, err)
			}
			list = append(list, r)
		}
		list = append(list, seglog.Ref{Segment: 999})
		seen := 0
		err := h.Items(t.Context(), list, func(i int, it *block.Item) error {
			seen++
			if want, there := refs[list[i]]; there != (it != nil) || there && string(it.Bytes) != want {
				t.Errorf("%v: %+v, want %q", list[i], it, want)
			}
			return nil
		})
		if err != nil || seen != len(list) {
			t.Errorf("saw %d of %d, %v", seen, len(list), err)
		}
		if s := h.Stats(); s.Segments < 3 || s.Damaged != 0 {
			t.Errorf("%+v: the test wants several segments", s)
		}
	}
	check(h)
	h = h.reopen(t, seglog.Options{SegmentBytes: 300, Cache: seglog.NewCache(200)})
	check(h)
	end := h.End()
	if r := h.add(t, record(t, "scope", "more")); r != end && r.Segment != end.Segment+1 {
		t.Errorf("after %v comes %v", end, r)
	}
	if _, err := h.Item(t.Context(), seglog.Ref{Segment: end.Segment + 9, Ordinal: 1}); !errors.Is(err, spanstore.ErrNotFound) {
		t.Errorf("what is not there: %v", err)
	}
}

func TestReopenContinuesOrdinals(t *testing.T) {
	t.Parallel()
	h := open(t, crashfs.New(), seglog.Options{})
	for i := range uint32(5) {
		if r := h.add(t, record(t, "s", "a", "b")); r != (seglog.Ref{Segment: 1, Ordinal: 2 * i}) {
			t.Fatalf("record %d is at %v", i, r)
		}
		h = h.reopen(t, seglog.Options{})
	}
	if len(h.damage) != 0 {
		t.Errorf("damage: %v", h.damage)
	}
}

func TestReplayFrom(t *testing.T) {
	t.Parallel()
	h := open(t, crashfs.New(), seglog.Options{SegmentBytes: 1})
	var refs []seglog.Ref
	for range 4 {
		refs = append(refs, h.add(t, record(t, "s", "a", "b")))
	}
	for i, from := range refs {
		n := 0
		if err := h.Replay(t.Context(), from, func(seglog.Ref, seglog.Record) error { n++; return nil }); err != nil || n != len(refs)-i {
			t.Errorf("from %v: %d records, %v", from, n, err)
		}
	}
	n := 0
	if err := h.Replay(t.Context(), h.End(), func(seglog.Ref, seglog.Record) error { n++; return nil }); err != nil || n != 0 {
		t.Errorf("from the end: %d records, %v", n, err)
	}
}

// TestGroupCommit holds the first sync until many others wait: they share the
// second one.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h := open(t, disk, seglog.Options{})
	const others = 50
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	syncs := 0
	disk.Before(func(op crashfs.Op) error {
		if op.Kind == crashfs.Sync {
			syncs++
			once.Do(func() { close(entered); <-release })
		}
		return nil
	})
	var wg sync.WaitGroup
	add := func() {
		defer wg.Done()
		if _, err := h.Append(t.Context(), record(t, "s", "text")); err != nil {
			t.Error(err)
		}
	}
	wg.Add(1)
	go add()
	<-entered
	wg.Add(others)
	for range others {
		go add()
	}
	for h.Waiting() < others { // they only have to queue; nothing is measured
		yield()
	}
	close(release)
	wg.Wait()
	if s := h.Stats(); s.Commits != 2 || s.Records != others+1 {
		t.Errorf("%+v: want 2 commits", s)
	}
	disk.Before(nil)
	if syncs != 2 {
		t.Errorf("%d syncs, want 2", syncs)
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h := open(t, disk, seglog.Options{QueueBytes: 1})
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	disk.Before(func(op crashfs.Op) error {
		if op.Kind == crashfs.Sync {
			once.Do(func() { close(entered); <-release })
		}
		return nil
	})
	answers := make(chan error, 2)
	add := func() {
		_, err := h.Append(t.Context(), record(t, "s", "text"))
		answers <- err
	}
	go add()
	<-entered
	go add() // waits alone: one is always taken
	for h.Waiting() < 1 {
		yield()
	}
	if _, err := h.Append(t.Context(), record(t, "s", "text")); !errors.Is(err, spanstore.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	close(release)
	for range 2 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
}

func TestCloseAnswersEveryone(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h := open(t, disk, seglog.Options{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	kept := 0
	for range 40 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := h.Append(context.Background(), record(t, "s", "text"))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				kept++
			} else if !errors.Is(err, seglog.ErrClosed) {
				t.Error(err)
			}
		}()
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := h.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if got := len(open(t, disk, seglog.Options{}).all(t)); got != kept {
		t.Errorf("%d records, %d were acknowledged", got, kept)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	for room := range int64(400) { // also in the middle of beginning a segment
		disk := crashfs.New()
		h := open(t, disk, seglog.Options{SegmentBytes: 250})
		disk.SetRoom(room)
		kept := map[seglog.Ref]bool{}
		full := 0
		for i := range 12 {
			if full == 2 {
				disk.SetRoom(-1)
			}
			r, err := h.Append(t.Context(), record(t, "s", fmt.Sprint("text ", i)))
			switch {
			case err == nil:
				kept[r] = true
			case errors.Is(err, spanstore.ErrFull) && errors.Is(err, syscall.ENOSPC):
				full++
				if !h.Stats().Full {
					t.Error("the figures do not say that it is full")
				}
			default:
				t.Fatal(err)
			}
		}
		if full != 2 || h.Stats().Full {
			t.Fatalf("room %d: full %d times, %+v", room, full, h.Stats())
		}
		for range 2 {
			got := h.all(t)
			for r := range kept {
				if got[r].Body == nil {
					t.Errorf("room %d: %v is lost", room, r)
				}
			}
			if len(got) != len(kept) || len(h.damage) != 0 {
				t.Errorf("room %d: %d records of %d, damage %v", room, len(got), len(kept), h.damage)
			}
			h = h.reopen(t, seglog.Options{})
		}
	}
}

// TestDiskErrors fails each operation once: what was acknowledged stays, what
// was not is not there, and the log goes on.
func TestDiskErrors(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		disk := crashfs.New()
		h := open(t, disk, seglog.Options{SegmentBytes: 250})
		n, hit := 0, false
		disk.Before(func(crashfs.Op) error {
			if n++; n == at {
				hit = true
				return syscall.EIO
			}
			return nil
		})
		kept := map[seglog.Ref]bool{}
		failed := 0
		for i := range 8 {
			r, err := h.Append(t.Context(), record(t, "s", fmt.Sprint("text ", i)))
			if err == nil {
				kept[r] = true
			} else if failed++; !errors.Is(err, syscall.EIO) {
				t.Fatal(err)
			}
		}
		if !hit {
			break
		}
		disk.Before(nil)
		if failed != 1 {
			t.Errorf("operation %d: %d appends failed", at, failed)
		}
		for range 2 {
			got := h.all(t)
			for r := range kept {
				if got[r].Body == nil {
					t.Errorf("operation %d: %v is lost", at, r)
				}
			}
			if len(got) != len(kept) || len(h.damage) != 0 {
				t.Errorf("operation %d: %d records of %d, damage %v", at, len(got), len(kept), h.damage)
			}
			h = h.reopen(t, seglog.Options{})
		}
	}
}

// TestFailedSync: a file whose sync failed is not written to any more.
func TestFailedSync(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h := open(t, disk, seglog.Options{})
	first := h.add(t, record(t, "s", "first"))
	disk.Before(func(op crashfs.Op) error {
		if op.Kind == crashfs.Sync {
			return syscall.EIO
		}
		return nil
	})
	if _, err := h.Append(t.Context(), record(t, "s", "lost")); !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v", err)
	}
	disk.Before(nil)
	if r := h.add(t, record(t, "s", "second")); r != (seglog.Ref{Segment: first.Segment + 1}) {
		t.Errorf("the next is at %v", r)
	}
	if got := h.all(t); len(got) != 2 {
		t.Errorf("%d records", len(got))
	}
}

func TestRefusedRecords(t *testing.T) {
	t.Parallel()
	h := open(t, crashfs.New(), seglog.Options{})
	for _, r := range []seglog.Record{{Type: seglog.Spans}, {Count: 1}, {Type: seglog.Spans, Count: -1}} {
		if _, err := h.Append(t.Context(), r); err == nil {
			t.Errorf("%+v was taken", r)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Append(ctx, record(t, "s", "x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := h.all(t); len(got) != 0 {
		t.Errorf("%d records", len(got))
	}
}
