package seglog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

// secret stands for what a person wrote; it does not compress, so that a scan of
// the raw files would find it.
const secret = "q8Zr1xVw0Lk7"

func ofSecret(_ seglog.Ref, it *block.Item) bool { return bytes.Contains(it.Bytes, []byte(secret)) }

func scoreOfSecret(_ seglog.Ref, s *trace.Score) bool { return s.Target.Session == secret }

// filled is a log of several segments; every third record has a secret span, and
// one record of two scores has one about it.
func filled(t *testing.T, disk *crashfs.FS) (h *harness, kept map[seglog.Ref]string, secrets []seglog.Ref) {
	t.Helper()
	h = open(t, disk, seglog.Options{SegmentBytes: 700})
	kept = map[seglog.Ref]string{}
	for i := range 12 {
		text := fmt.Sprint("kept ", i)
		second := "also " + text
		if i%3 == 0 {
			second = "my secret " + secret
		}
		r := h.add(t, record(t, "s", text, second))
		kept[r] = text
		next := seglog.Ref{Segment: r.Segment, Ordinal: r.Ordinal + 1}
		if i%3 == 0 {
			secrets = append(secrets, next)
		} else {
			kept[next] = second
		}
	}
	body, err := block.EncodeScores([]*trace.Score{
		{ID: "1", Name: "n", Label: "l", Target: trace.Target{Session: "other"}},
		{ID: "2", Name: "n", Label: "l", Target: trace.Target{Session: secret}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.add(t, seglog.Record{Type: seglog.Scores, Count: 2, Body: body})
	return h, kept, secrets
}

func checkErased(t *testing.T, h *harness, kept map[seglog.Ref]string, secrets []seglog.Ref) {
	t.Helper()
	checkAcked(t, h, kept, 0, 0)
	for _, r := range secrets {
		if it, err := h.Item(t.Context(), r); !errors.Is(err, spanstore.ErrNotFound) {
			t.Errorf("%v is still %+v, %v", r, it, err)
		}
	}
	scores := 0
	for _, rec := range h.all(t) {
		if bytes.Contains(rec.Body, []byte(secret)) {
			t.Errorf("still in a record: %q", rec.Body)
		}
		if rec.Type == seglog.Scores {
			list, err := block.DecodeScores(rec.Body)
			if err != nil || len(list) != 2 || list[0] == nil || list[1] != nil {
				t.Errorf("scores: %v, %v", list, err)
			}
			scores++
		}
	}
	if scores != 1 {
		t.Errorf("%d records of scores", scores)
	}
	if found := holders(h.disk); len(found) != 0 {
		t.Errorf("still in %q", found)
	}
	if len(h.damage) != 0 {
		t.Errorf("damage: %v", h.damage)
	}
}

// holders are the files in which the secret is.
func holders(disk *crashfs.FS) (found []string) {
	names, _ := disk.List(dir)
	for _, name := range names {
		if bytes.Contains(disk.Bytes(dir+"/"+name), []byte(secret)) {
			found = append(found, name)
		}
	}
	return found
}

// tidied is filled, in packs and with sidecars.
func tidied(t *testing.T, disk *crashfs.FS) (h *harness, kept map[seglog.Ref]string, secrets []seglog.Ref) {
	t.Helper()
	h, kept, secrets = filled(t, disk)
	if _, err := h.Rewrite(t.Context(), seglog.Drop{}); err != nil { // begins a new segment
		t.Fatal(err)
	}
	tidy(t, h)
	if len(h.WithoutSide()) != 1 || h.Packs() < 2 {
		t.Fatalf("%d packs, without a sidecar: %v", h.Packs(), h.WithoutSide())
	}
	return h, kept, secrets
}

func tidy(t *testing.T, h *harness) (rounds int) {
	t.Helper()
	for ; ; rounds++ {
		more, err := h.Tidy(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return rounds
		}
		if rounds > 1000 {
			t.Fatal("it never ends")
		}
	}
}

type fill func(t *testing.T, disk *crashfs.FS) (*harness, map[seglog.Ref]string, []seglog.Ref)

func fills() map[string]fill { return map[string]fill{"as it came": filled, "tidied": tidied} }

func TestRewriteErases(t *testing.T) {
	t.Parallel()
	for name, fill := range fills() {
		t.Run(name, func(t *testing.T) { t.Parallel(); rewriteErases(t, fill) })
	}
}

func rewriteErases(t *testing.T, fill fill) {
	disk := crashfs.New()
	h, kept, secrets := fill(t, disk)
	if h.Packs() == 0 && len(holders(disk)) < 2 { // in packs it is compressed
		t.Fatalf("the secret is in %q: the test wants it in several files", holders(disk))
	}
	for _, r := range secrets { // into the cache
		if _, err := h.Item(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.Rewrite(t.Context(), seglog.Drop{Item: ofSecret, Score: scoreOfSecret})
	if want := (seglog.Dropped{Spans: int64(len(secrets)), Scores: 1, Before: h.End().Segment, Rewritten: got.Rewritten, Checked: h.Stats().Bytes - emptySegment}); err != nil || got != want || got.Rewritten < 2 {
		t.Errorf("dropped %+v, %v, want %+v", got, err, want)
	}
	checkErased(t, h, kept, secrets)
	if got, err := h.Rewrite(t.Context(), seglog.Drop{Item: ofSecret, Score: scoreOfSecret}); err != nil || got != (seglog.Dropped{Before: h.End().Segment, Checked: h.Stats().Bytes - emptySegment}) {
		t.Errorf("again: %+v, %v", got, err)
	}
	kept[h.add(t, record(t, "s", "later"))] = "later"
	h = h.reopen(t, seglog.Options{})
	checkErased(t, h, kept, secrets)
	tidy(t, h)
	checkErased(t, h, kept, secrets)
}

// emptySegment is the size of the file of a segment that has nothing.
const emptySegment = 24

// Segments without what is erased are not written: there may be no room.
func TestRewriteWritesOnlyWhatItMust(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h, _, secrets := filled(t, disk)
	before, err := h.Seal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	disk.Before(func(op crashfs.Op) error {
		if op.Kind == crashfs.Create {
			written[op.Name] = true
		}
		return nil
	})
	got, err := h.Rewrite(t.Context(), seglog.Drop{Before: before, Item: ofSecret})
	holding := map[uint32]bool{}
	for _, r := range secrets {
		holding[r.Segment] = true
	}
	if err != nil || got.Rewritten != len(holding) || len(written) != len(holding) || int(before)-1 == len(holding) {
		t.Errorf("%+v: %d of %d segments hold something, %v were written: %v", got, len(holding), before-1, written, err)
	}
}

func TestRewriteOnlyEarlySegments(t *testing.T) {
	t.Parallel()
	h, _, secrets := filled(t, crashfs.New())
	got, err := h.Rewrite(t.Context(), seglog.Drop{Before: secrets[0].Segment + 1, Item: ofSecret})
	if err != nil || got.Spans < 1 || got.Spans == int64(len(secrets)) || got.Scores != 0 {
		t.Errorf("dropped %+v, %v", got, err)
	}
}

// TestCrashWhileErasing cuts the power before each operation of an erasure. All
// that is to stay stays, and erasing again ends it.
func TestCrashWhileErasing(t *testing.T) {
	t.Parallel()
	for name, fill := range fills() {
		t.Run(name, func(t *testing.T) { t.Parallel(); crashWhileErasing(t, fill) })
	}
}

func crashWhileErasing(t *testing.T, fill fill) {
	for at := 1; ; at++ {
		done := false
		for seed := range uint64(3) {
			disk := crashfs.New()
			h, kept, secrets := fill(t, disk)
			n := 0
			disk.Before(func(crashfs.Op) error {
				if n++; n >= at {
					return crashfs.ErrCrashed
				}
				return nil
			})
			_, err := h.Rewrite(t.Context(), seglog.Drop{Item: ofSecret, Score: scoreOfSecret})
			done = err == nil
			if err != nil && !errors.Is(err, crashfs.ErrCrashed) {
				t.Fatal(err)
			}
			after := open(t, disk.Crash(seed), seglog.Options{})
			if done {
				checkErased(t, after, kept, secrets) // it said so, so it is so
			}
			checkAcked(t, after, kept, at, seed)
			if _, err := after.Rewrite(t.Context(), seglog.Drop{Item: ofSecret, Score: scoreOfSecret}); err != nil {
				t.Fatal(err)
			}
			checkErased(t, after, kept, secrets)
			after.Close()
			h.Close()
		}
		if done {
			break
		}
	}
}

func TestErasingOnAFullDisk(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h, kept, secrets := filled(t, disk)
	for _, bytes := range []int64{0, 30, 60} {
		disk.SetRoom(bytes)
		if _, err := h.Rewrite(t.Context(), seglog.Drop{Item: ofSecret}); !errors.Is(err, spanstore.ErrFull) {
			t.Errorf("room for %d: got %v, want ErrFull", bytes, err)
		}
	}
	checkAcked(t, h, kept, 0, 0)
	disk.SetRoom(-1)
	if _, err := h.Rewrite(t.Context(), seglog.Drop{Item: ofSecret, Score: scoreOfSecret}); err != nil {
		t.Error(err)
	}
	checkErased(t, h, kept, secrets)
}

// TestReadersDuringUpkeep reads and appends while segments are written anew.
func TestReadersDuringUpkeep(t *testing.T) {
	t.Parallel()
	h, kept, secrets := filled(t, crashfs.New())
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	work := func(do func()) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for ctx.Err() == nil {
				do()
			}
		}()
	}
	work(func() { checkAcked(t, h, kept, 0, 0) })
	work(func() {
		if err := h.Replay(context.Background(), seglog.Ref{}, func(seglog.Ref, seglog.Record) error { return nil }); err != nil {
			t.Error(err)
		}
	})
	work(func() {
		if _, err := h.Append(context.Background(), record(t, "s", "meanwhile")); err != nil {
			t.Error(err)
		}
	})
	for range 5 {
		if _, err := h.Tidy(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := h.Rewrite(t.Context(), seglog.Drop{Item: ofSecret, Score: scoreOfSecret}); err != nil {
			t.Error(err)
		}
	}
	stop()
	wg.Wait()
	for _, r := range secrets {
		if _, err := h.Item(t.Context(), r); !errors.Is(err, spanstore.ErrNotFound) {
			t.Errorf("%v: %v", r, err)
		}
	}
	if len(h.damage) != 0 {
		t.Errorf("damage: %v", h.damage)
	}
}

// TestUpkeepInTheMiddleOfReading replaces and removes the segments that a reader
// has still before it.
func TestUpkeepInTheMiddleOfReading(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		upkeep  func(h *harness) error
		records int
	}{
		"erasing": {func(h *harness) error {
			_, err := h.Rewrite(t.Context(), seglog.Drop{Item: ofSecret})
			return err
		}, 13},
		"tidying": {func(h *harness) error { tidy(t, h); return nil }, 13},
		"retention": {func(h *harness) error {
			_, err := h.Retain(t.Context(), spanstore.Retention{MaxAge: 1}, 1000)
			return err
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _, _ := filled(t, crashfs.New())
			records := 0
			err := h.Replay(t.Context(), seglog.Ref{}, func(_ seglog.Ref, r seglog.Record) error {
				if records++; records == 1 {
					return c.upkeep(h)
				}
				if name == "erasing" && bytes.Contains(r.Body, []byte("my secret")) {
					t.Errorf("erased and read after it: %q", r.Body)
				}
				return nil
			})
			if err != nil || records != c.records || len(h.damage) != 0 {
				t.Errorf("%d records, %v, damage %v", records, err, h.damage)
			}
		})
	}
}

func TestTidy(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h := open(t, disk, seglog.Options{SegmentBytes: 5000})
	kept := map[seglog.Ref]string{}
	rng := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("refund policy order customer where is the my days within invoice shipping late please")
	for range 20 {
		var text string
		for range 300 {
			text += words[rng.IntN(len(words))] + " "
		}
		kept[h.add(t, record(t, "s", text))] = text
	}
	before := h.Stats()
	rounds := tidy(t, h)
	if after := h.Stats(); rounds != 2*(before.Segments-1) || after.Bytes >= before.Bytes || h.Packs() != before.Segments-1 {
		t.Errorf("%d rounds, %d packs, %+v became %+v", rounds, h.Packs(), before, after)
	}
	checkAcked(t, h, kept, 0, 0)
	h = h.reopen(t, seglog.Options{})
	checkAcked(t, h, kept, 0, 0)
}

// TestCrashWhileTidying cuts the power before each operation of it. Nothing is
// lost, and it can be done again.
func TestCrashWhileTidying(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		done := false
		for seed := range uint64(3) {
			disk := crashfs.New()
			h, kept, _ := filled(t, disk)
			all := len(h.all(t))
			n := 0
			disk.Before(func(crashfs.Op) error {
				if n++; n >= at {
					return crashfs.ErrCrashed
				}
				return nil
			})
			for more, err := true, error(nil); more; {
				if more, err = h.Tidy(t.Context()); err != nil && !errors.Is(err, crashfs.ErrCrashed) {
					t.Fatal(err)
				}
				done = err == nil
			}
			h = open(t, disk.Crash(seed), seglog.Options{})
			checkAcked(t, h, kept, at, seed)
			tidy(t, h)
			checkAcked(t, h, kept, at, seed)
			if got := len(h.all(t)); got != all || len(h.damage) != 0 || len(h.WithoutSide()) != 1 {
				t.Errorf("at %d, seed %d: %d records, damage %v, without a sidecar: %v", at, seed, got, h.damage, h.WithoutSide())
			}
			h.Close()
		}
		if done {
			break
		}
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	h := open(t, crashfs.New(), seglog.Options{SegmentBytes: 1600})
	kept := map[seglog.Ref]string{}
	for i := range 40 {
		text := fmt.Sprint("text ", i)
		r := h.add(t, record(t, "s", text))
		kept[r] = text
		size := h.Stats().Bytes
		tidy(t, h)
		if again, err := h.Settle(t.Context()); err != nil || again != (h.End() == seglog.Ref{Segment: r.Segment + 1}) || again && size < 400 {
			t.Fatalf("%v at %d bytes: %v, %v; the end is %v", r, size, again, err, h.End())
		}
	}
	if segments := h.Stats().Segments; segments < 5 || segments > 20 {
		t.Errorf("%d segments", segments)
	}
	checkAcked(t, h, kept, 0, 0)
}

// TestPacksAreBounded: what does not fit into a pack stays on its own.
func TestPacksAreBounded(t *testing.T) {
	t.Parallel()
	h := open(t, crashfs.New(), seglog.Options{})
	kept := map[seglog.Ref]string{}
	for i, size := range []int{300 << 10, 700 << 10, 2 << 20, 40 << 10, 1 << 10, 900 << 10, 200 << 10, 1 << 10} {
		text := strings.Repeat(string(rune('a'+i)), size)
		kept[h.add(t, record(t, "s", text))] = text
	}
	if _, err := h.Rewrite(t.Context(), seglog.Drop{}); err != nil {
		t.Fatal(err)
	}
	if rounds, packs := tidy(t, h), h.Packs(); rounds != 2 || packs != 3 {
		t.Errorf("%d packs in %d rounds, want 3: of 2, 3 and 2 records", packs, rounds)
	}
	checkAcked(t, h, kept, 0, 0)
}

func TestRetain(t *testing.T) {
	t.Parallel()
	h := open(t, crashfs.New(), seglog.Options{SegmentBytes: 1})
	var refs []seglog.Ref
	for i := range int64(5) {
		r := record(t, "s", "text")
		r.Received = 100 + i
		refs = append(refs, h.add(t, r))
	}
	there := func() (n int) {
		for _, r := range refs {
			if _, err := h.Item(t.Context(), r); err == nil {
				n++
			} else if !errors.Is(err, spanstore.ErrNotFound) {
				t.Error(err)
			}
		}
		return n
	}
	if there() != 5 {
		t.Fatal("not all are there")
	}
	if gone, err := h.Retain(t.Context(), spanstore.Retention{}, 1000); err != nil || len(gone.Segments) != 0 || there() != 5 {
		t.Errorf("without bounds: %+v, %v", gone, err)
	}
	gone, err := h.Retain(t.Context(), spanstore.Retention{MaxAge: 10}, 112)
	if err != nil || fmt.Sprint(gone.Segments) != "[1 2]" || gone.Bytes == 0 || there() != 3 {
		t.Errorf("by age: %+v, %v, %d are there", gone, err, there())
	}
	gone, err = h.Retain(t.Context(), spanstore.Retention{MaxBytes: h.Stats().Bytes - 1}, 112)
	if err != nil || fmt.Sprint(gone.Segments) != "[3]" || there() != 2 {
		t.Errorf("by bytes: %+v, %v", gone, err)
	}
	gone, err = h.Retain(t.Context(), spanstore.Retention{MaxAge: 10}, 1000)
	if err != nil || len(gone.Segments) != 2 || there() != 0 {
		t.Errorf("all of it: %+v, %v", gone, err)
	}
	if r := h.add(t, record(t, "s", "next")); r.Segment != 6 {
		t.Errorf("the next is at %v", r)
	}
	h = h.reopen(t, seglog.Options{})
	if len(h.all(t)) != 1 || len(h.damage) != 0 {
		t.Errorf("opened again: %d records, %v", len(h.all(t)), h.damage)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	h, _, _ := filled(t, disk)
	segments := h.Stats().Segments
	h.Close()
	report, err := seglog.Check(t.Context(), disk, dir)
	if err != nil || len(report.Damage) != 0 || report.Segments != segments || report.Records != 13 || report.Things != 26 {
		t.Fatalf("%+v, %v", report, err)
	}
	disk.Flip(dir+"/00000001.seg", 24+52+10, 3)
	report, err = seglog.Check(t.Context(), disk, dir)
	if err != nil || len(report.Damage) != 1 || report.Records != 12 {
		t.Fatalf("%+v, %v", report, err)
	}
	d := report.Damage[0]
	if d.Segment != 1 || d.Offset != 24 || d.First != 0 || d.Count != 2 || d.Tail {
		t.Errorf("%+v", d)
	}
	if s := d.String(); !strings.Contains(s, "segment 1") || !strings.Contains(s, "items 0 to 1 are lost") {
		t.Errorf("it says %q", s)
	}
	if err := disk.Remove(dir + "/00000002.seg"); err != nil {
		t.Fatal(err)
	}
	report, err = seglog.Check(t.Context(), disk, dir)
	if err != nil || len(report.Damage) != 2 || !strings.Contains(report.Damage[1].String(), "missing") {
		t.Errorf("%+v, %v", report, err)
	}
	// The log itself opens, tells the same and leaves the damaged segment alone.
	h = open(t, disk, seglog.Options{})
	h.all(t)
	if len(h.damage) != 2 {
		t.Errorf("told of %v", h.damage)
	}
	if _, err := h.Tidy(t.Context()); err != nil {
		t.Error(err)
	}
	h.all(t)
	if len(h.damage) != 2 {
		t.Errorf("told again: %v", h.damage)
	}
}
