package seglog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

const side = dir + "/00000001.side"

// words are the tokens of these tests.
func words(it *block.Item, visit func([]byte)) {
	for _, w := range bytes.Fields(it.Bytes) {
		visit(w)
	}
}

func withWords() seglog.Options { return seglog.Options{SegmentBytes: 700, Tokens: words} }

// span is a span message that has an id of a trace and a name.
func span(id trace.ID, name string) string {
	return "\x0a\x10" + string(id[:]) + "\x2a" + string(rune(len(name))) + name
}

// sided is a tidied log with filters of words. Each record has two spans, of a
// trace of its own, with a word of its own between blanks.
func sided(t *testing.T, disk *crashfs.FS) (h *harness, texts map[seglog.Ref]string) {
	t.Helper()
	h = open(t, disk, withWords())
	texts = map[seglog.Ref]string{}
	for i := range uint64(40) {
		a, b := span(trace.IDOf(7, i+1), fmt.Sprintf(" word%d and ", i)), span(trace.IDOf(7, i+1), " also ")
		r := h.add(t, record(t, "s", a, b))
		texts[r] = a
		r.Ordinal++
		texts[r] = b
	}
	tidy(t, h)
	return h, texts
}

// checkSided reads everything, and asks the filters for all that is there.
func checkSided(t *testing.T, h *harness, texts map[seglog.Ref]string) {
	t.Helper()
	checkAcked(t, h, texts, 0, 0)
	for r, text := range texts {
		if may := h.MayHold(bytes.Fields([]byte(text))[1:2]); !may(r) {
			t.Errorf("%v is said not to hold a word of %q", r, text)
		}
		id := trace.ID([]byte(text[2:18]))
		if list := h.SegmentsOf(id); !slices.Contains(list, r.Segment) || !slices.IsSorted(list) {
			t.Errorf("%v is not of a segment in %v", r, list)
		}
	}
	if len(h.damage) != 0 {
		t.Errorf("damage: %v", h.damage)
	}
}

func TestSidecar(t *testing.T) {
	t.Parallel()
	h, texts := sided(t, crashfs.New())
	segments := h.Stats().Segments
	for range 2 {
		checkSided(t, h, texts)
		last := h.End().Segment
		if none := h.WithoutSide(); segments < 4 || len(none) != 1 || none[0] != last {
			t.Errorf("%d segments, without a sidecar: %v", segments, none)
		}
		no := 0
		two := [][]byte{[]byte("word3"), []byte("and")}
		both := h.MayHold(two)
		holding := map[seglog.Ref]bool{}
		stretches, of, err := h.Holding(t.Context(), two)
		if err != nil || of != int64(len(texts)) {
			t.Errorf("%d items, want %d: %v", of, len(texts), err)
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := h.Holding(over, two); !errors.Is(err, context.Canceled) {
			t.Errorf("nobody waits any more, and the answer is %v", err)
		}
		for _, s := range stretches {
			for i := range s.Count {
				holding[seglog.Ref{Segment: s.First.Segment, Ordinal: s.First.Ordinal + i}] = true
			}
		}
		absent := h.MayHold([][]byte{[]byte("absent")})
		for r := range texts {
			if holding[r] != both(r) {
				t.Errorf("%v is among those that may hold two words: %v", r, holding[r])
			}
			if r.Segment == last && (!both(r) || !absent(r)) {
				t.Errorf("%v, which has no filter, is said to hold nothing", r)
			}
			if !both(r) && absent(r) == (r.Segment == last) {
				no++
			}
		}
		if no < len(texts)/2 {
			t.Errorf("only %d of %d are said not to hold two words that one has", no, len(texts))
		}
		if list := h.SegmentsOf(trace.IDOf(1, 2)); len(list) > 2 || !slices.Contains(list, last) {
			t.Errorf("a trace that is nowhere may be in %v", list)
		}
		if !h.MayHold([][]byte{[]byte("x")})(seglog.Ref{Segment: 999}) {
			t.Error("of a segment that is not there something is known")
		}
		h = h.reopen(t, withWords())
	}
	// Without words they serve all the same, and get filters when they are wanted.
	h = h.reopen(t, seglog.Options{SegmentBytes: 700})
	if tidy(t, h) != 0 {
		t.Error("sidecars with filters are made anew without")
	}
	checkSided(t, h, texts)
}

func TestSidecarGetsWords(t *testing.T) {
	t.Parallel()
	h, _, _ := tidied(t, crashfs.New())
	r := seglog.Ref{Segment: 1}
	if !h.MayHold([][]byte{[]byte("absent")})(r) {
		t.Error("it says no without having looked")
	}
	h = h.reopen(t, withWords())
	if rounds := tidy(t, h); rounds != h.Stats().Segments-1 {
		t.Errorf("%d sidecars were made anew", rounds)
	}
	if h.MayHold([][]byte{[]byte("absent")})(r) {
		t.Error("it does not know")
	}
}

// TestOpeningBySidecar spoils the header of a record: whoever goes by the sidecar
// does not see it before the record is read.
func TestOpeningBySidecar(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h := open(t, disk, seglog.Options{})
	for range 3 { // too large for a pack
		h.add(t, record(t, "s", strings.Repeat("text ", 200<<10)))
	}
	if _, err := h.Rewrite(t.Context(), seglog.Drop{}); err != nil { // begins a new segment
		t.Fatal(err)
	}
	tidy(t, h)
	h.Close()
	disk.Flip(dir+"/00000001.seg", 24+48, 0)
	if h = open(t, disk, seglog.Options{}); len(h.damage) != 0 {
		t.Errorf("opening told of %v", h.damage)
	}
	if got := len(h.all(t)); got != 2 || len(h.damage) != 1 {
		t.Errorf("%d records are left, told was %v", got, h.damage)
	}
}

// TestDamagedSidecar turns a bit of every byte of a sidecar, cuts it everywhere, and
// takes others in its place: nothing changes but that it is made anew.
func TestDamagedSidecar(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h, texts := sided(t, disk)
	h.Close()
	whole := disk.Bytes(side)
	spoil := map[string][]byte{"empty": nil, "of another segment": disk.Bytes(dir + "/00000002.side"), "longer": append(slices.Clone(whole), 0)}
	for i := range whole {
		spoil[fmt.Sprint("cut at ", i)] = whole[:i]
		b := slices.Clone(whole)
		b[i] ^= 1 << (i % 8)
		spoil[fmt.Sprint("byte ", i)] = b
	}
	for name, b := range spoil {
		disk.Put(side, b)
		if report, err := seglog.Check(t.Context(), disk, dir); err != nil || len(report.Damage) != 0 || len(report.Sidecars) != 1 || !strings.Contains(report.Sidecars[0], "00000001.side") {
			t.Fatalf("%s: checking says %+v, %v", name, report, err)
		}
		h := open(t, disk, withWords())
		checkSided(t, h, texts)
		if rounds := tidy(t, h); rounds != 1 || !bytes.Equal(disk.Bytes(side), whole) {
			t.Fatalf("%s: tidied in %d rounds to %d bytes, not %d", name, rounds, len(disk.Bytes(side)), len(whole))
		}
		h.Close()
	}
	if report, err := seglog.Check(t.Context(), disk, dir); err != nil || len(report.Sidecars) != 0 {
		t.Errorf("checking says %+v, %v", report, err)
	}
}

// TestErasureTakesTheSidecar: the filters do not tell of what was erased, not
// even where an old sidecar comes back.
func TestErasureTakesTheSidecar(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h, texts := sided(t, disk)
	old := disk.Bytes(side)
	first := seglog.Ref{Segment: 1}
	secret := [][]byte{[]byte("word0")}
	_, err := h.Rewrite(t.Context(), seglog.Drop{Item: func(r seglog.Ref, _ *block.Item) bool { return r == first }})
	if err != nil {
		t.Fatal(err)
	}
	delete(texts, first)
	if names, _ := disk.List(dir); slices.Contains(names, "00000001.side") || !h.MayHold(secret)(first) {
		t.Errorf("the old sidecar is there: %v", names)
	}
	check := func() {
		t.Helper()
		tidy(t, h)
		checkSided(t, h, texts)
		if h.MayHold(secret)(first) {
			t.Error("it tells of a word that was erased")
		}
	}
	check()
	h.Close()
	disk.Put(side, old)
	h = open(t, disk, withWords())
	check()
}

func TestSidecarsOfRemovedSegments(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h, _ := sided(t, disk)
	old := disk.Bytes(side)
	if gone, err := h.Retain(t.Context(), spanstore.Retention{MaxAge: 1}, 1000); err != nil || len(gone.Segments) < 4 {
		t.Fatalf("gone is %+v, %v", gone, err)
	}
	h.Close()
	disk.Put(side, old)
	open(t, disk, withWords())
	if names, _ := disk.List(dir); slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, ".side") }) {
		t.Errorf("there is %v", names)
	}
}

// FuzzSidecar: whatever a sidecar holds, the log opens and can be read.
func FuzzSidecar(f *testing.F) {
	disk := crashfs.New()
	h, err := openOn(disk, withWords())
	if err != nil {
		f.Fatal(err)
	}
	for i := range uint64(12) {
		if _, err := h.Append(f.Context(), record(f, "s", span(trace.IDOf(7, i+1), " some words "))); err != nil {
			f.Fatal(err)
		}
	}
	for more := true; more; {
		if more, err = h.Tidy(f.Context()); err != nil {
			f.Fatal(err)
		}
	}
	h.Close()
	whole, segment, next := disk.Bytes(side), disk.Bytes(dir+"/00000001.seg"), disk.Bytes(dir+"/00000002.seg")
	f.Add(whole)
	f.Add(whole[:len(whole)-9])
	f.Add(whole[:44])
	f.Add([]byte("ASSAYSID"))
	f.Fuzz(func(t *testing.T, file []byte) {
		disk := crashfs.New()
		disk.Put(dir+"/00000001.seg", segment)
		disk.Put(dir+"/00000002.seg", next)
		disk.Put(side, file)
		if _, err := seglog.Check(t.Context(), disk, dir); err != nil {
			t.Fatal(err)
		}
		h := open(t, disk, withWords())
		h.MayHold([][]byte{[]byte("x")})(seglog.Ref{Segment: 1})
		h.SegmentsOf(trace.IDOf(7, 1))
		if got := h.all(t); len(got) != 12 {
			t.Errorf("%d records", len(got))
		}
		h.Close()
	})
}
