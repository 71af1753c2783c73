package seglog_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

func yield() { runtime.Gosched() }

// TestCrash cuts the power before each operation of a run with several senders
// and several segments, twice over, each time with other remains on disk. What
// was acknowledged is there, unchanged and under its Ref; no Ref is given twice.
func TestCrash(t *testing.T) {
	t.Parallel()
	crashes := 0
	for at := 1; at < 60; at++ {
		for seed := range uint64(8) {
			disk := crashfs.New()
			acked := map[seglog.Ref]string{}
			for round := range 3 {
				h, err := openOn(disk, seglog.Options{SegmentBytes: 700})
				if err != nil {
					t.Fatalf("at %d, seed %d: %v", at, seed, err)
				}
				checkAcked(t, h, acked, at, seed)
				if crash(t, h, acked, at, round) {
					crashes++
				}
				disk = h.disk.Crash(seed*3 + uint64(round))
				h.Close() // its disk is gone
			}
			h, err := openOn(disk, seglog.Options{})
			if err != nil {
				t.Fatalf("at %d, seed %d: %v", at, seed, err)
			}
			checkAcked(t, h, acked, at, seed)
			h.Close()
		}
	}
	if crashes < 100 {
		t.Errorf("only %d crashes in the middle of something", crashes)
	}
}

// crash appends from several senders until the power fails before operation at.
func crash(t *testing.T, h *harness, acked map[seglog.Ref]string, at, round int) bool {
	hit := false
	n := 0
	h.disk.Before(func(crashfs.Op) error {
		if n++; n >= at {
			hit = true
			return crashfs.ErrCrashed
		}
		return nil
	})
	var mu sync.Mutex
	var wg sync.WaitGroup
	for sender := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 10 {
				text := fmt.Sprintf("round %d, sender %d, text %d", round, sender, i)
				r, err := h.Append(context.Background(), record(t, "s", text, "and another"))
				if err != nil {
					if !errors.Is(err, crashfs.ErrCrashed) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				if old, twice := acked[r]; twice {
					t.Errorf("%v was %q and is now %q", r, old, text)
				}
				acked[r] = text
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	return hit
}

func checkAcked(t *testing.T, h *harness, acked map[seglog.Ref]string, at int, seed uint64) {
	t.Helper()
	for r, want := range acked {
		if it, err := h.Item(context.Background(), r); err != nil || string(it.Bytes) != want {
			t.Fatalf("at %d, seed %d: %v should be %q, is %+v, %v", at, seed, r, want, it, err)
		}
	}
}

// sample is a disk with one segment of four records, closed well.
func sample(t *testing.T) (disk *crashfs.FS, name string, refs []seglog.Ref, texts []string) {
	t.Helper()
	disk = crashfs.New()
	h := open(t, disk, seglog.Options{})
	for i := range 4 {
		texts = append(texts, fmt.Sprintf("text %d", i))
		refs = append(refs, h.add(t, record(t, "s", texts[i])))
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return disk, dir + "/00000001.seg", refs, texts
}

// TestTornTail cuts the last record at every byte: the others stay, the log goes
// on, and the next opening finds nothing amiss.
func TestTornTail(t *testing.T) {
	t.Parallel()
	disk, name, refs, texts := sample(t)
	whole := disk.Bytes(name)
	ends := recordEnds(t, whole)
	for size := ends[2]; size < len(whole); size++ {
		disk := crashfs.New()
		disk.Put(name, whole[:size])
		h := open(t, disk, seglog.Options{})
		if torn := size > ends[2]; torn != (len(h.damage) == 1) || torn && !h.damage[0].Tail {
			t.Errorf("%d bytes: damage %v", size, h.damage)
		}
		more := h.add(t, record(t, "s", "more"))
		if torn := size > ends[2]; torn != (more.Segment == 2) {
			t.Errorf("%d bytes: the next is at %v: a place that was lost must not be given again", size, more)
		}
		for range 2 {
			for i := range 3 {
				if it, err := h.Item(t.Context(), refs[i]); err != nil || string(it.Bytes) != texts[i] {
					t.Errorf("%d bytes: %v is %+v, %v", size, refs[i], it, err)
				}
			}
			if it, err := h.Item(t.Context(), more); err != nil || string(it.Bytes) != "more" {
				t.Errorf("%d bytes: %v is %+v, %v", size, more, it, err)
			}
			if got := len(h.all(t)); got != 4 {
				t.Errorf("%d bytes: %d records", size, got)
			}
			h = h.reopen(t, seglog.Options{})
			if len(h.damage) != 0 {
				t.Errorf("%d bytes: opened again: %v", size, h.damage)
			}
		}
		h.Close()
	}
}

// recordEnds are the offsets at which the sample's records, all of one size, end.
func recordEnds(t *testing.T, file []byte) []int {
	t.Helper()
	const header = 24
	if (len(file)-header)%4 != 0 {
		t.Fatalf("a file of %d bytes has not four records of one size", len(file))
	}
	each := (len(file) - header) / 4
	return []int{header + each, header + 2*each, header + 3*each, header + 4*each}
}

// TestBitFlips turns every bit of a segment, once as the last one and once with
// another behind it: each record is as it was, or it is gone and the damage that
// is told covers it.
func TestBitFlips(t *testing.T) {
	t.Parallel()
	disk, name, refs, texts := sample(t)
	whole := disk.Bytes(name)
	ends := recordEnds(t, whole)
	for _, sealed := range []bool{false, true} {
		for offset := range int64(len(whole)) {
			for bit := range uint(8) {
				disk := crashfs.New()
				disk.Put(name, whole)
				if sealed {
					h := open(t, disk, seglog.Options{SegmentBytes: 1})
					h.add(t, record(t, "s", "behind"))
					h.Close()
				}
				disk.Flip(name, offset, bit)
				h := open(t, disk, seglog.Options{})
				records := h.all(t)
				for i, r := range refs {
					it, err := h.Item(t.Context(), r)
					if err == nil && string(it.Bytes) == texts[i] && records[r].Body != nil {
						continue
					}
					if err == nil {
						t.Fatalf("byte %d, bit %d: %v is %q", offset, bit, r, it.Bytes)
					}
					told := slices.ContainsFunc(h.damage, func(d seglog.Damage) bool {
						return d.Offset <= int64(ends[i])-1 && d.Offset+d.Bytes >= int64(ends[i])
					})
					if !told {
						t.Fatalf("byte %d, bit %d: %v is lost (%v), told was %v", offset, bit, r, err, h.damage)
					}
				}
				if len(h.damage) != 1 {
					t.Fatalf("byte %d, bit %d: damage %v", offset, bit, h.damage)
				}
				want := 4
				if offset < 24 { // the header of the file: no record is lost
					want = 5
				}
				if sealed {
					want++
				}
				if got := len(records) + 1; got != want {
					t.Fatalf("byte %d, bit %d: %d records, want %d", offset, bit, got, want)
				}
				h.Close()
			}
		}
	}
}

// TestBitFlipsInPack turns every bit of a segment of one pack, with a sidecar
// beside it and without: nothing is ever read that was not written, and what is
// lost was told.
func TestBitFlipsInPack(t *testing.T) {
	t.Parallel()
	disk, name, refs, texts := sample(t)
	h := open(t, disk, seglog.Options{SegmentBytes: 1})
	h.add(t, record(t, "s", "behind"))
	tidy(t, h)
	if h.Packs() != 1 {
		t.Fatalf("%d packs", h.Packs())
	}
	h.Close()
	whole, beside := disk.Bytes(name), disk.Bytes(side)
	for _, sided := range []bool{false, true} {
		for offset := range int64(len(whole)) {
			for bit := range uint(8) {
				disk.Put(name, whole)
				disk.Put(side, nil)
				if sided {
					disk.Put(side, beside)
				}
				disk.Flip(name, offset, bit)
				h := open(t, disk, seglog.Options{})
				records := h.all(t)
				lost := 0
				for i, r := range refs {
					it, err := h.Item(t.Context(), r)
					if err != nil {
						lost++
					} else if string(it.Bytes) != texts[i] || records[r].Body == nil {
						t.Fatalf("byte %d, bit %d: %v is %q", offset, bit, r, it.Bytes)
					}
				}
				inRecord := offset >= 24
				if len(h.damage) != 1 || (lost == len(refs)) != inRecord || len(records)+lost != len(refs)+1 {
					t.Fatalf("byte %d, bit %d: %d of %d are lost, %d records, damage %v", offset, bit, lost, len(refs), len(records), h.damage)
				}
				h.Close()
			}
		}
	}
}
