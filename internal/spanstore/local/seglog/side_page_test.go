package seglog_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

// TestSidePage reads a sidecar with a reader that is written from
// docs/format/side.md alone.
func TestSidePage(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	_, texts := sided(t, disk)
	segment, file := disk.Bytes(dir+"/00000001.seg"), disk.Bytes(side)
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	sum := func(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
	if string(file[:8]) != "ASSAYSID" || u32(file[8:]) != 1 || u32(file[12:]) != 1 || !bytes.Equal(file[16:20], segment[16:20]) ||
		u64(file[24:]) != uint64(len(segment)) || u32(file[36:]) != 1 || u32(file[40:]) != sum(file[:40]) {
		t.Fatalf("header %x", file[:44])
	}
	n, size := u32(file[20:]), u32(file[32:])
	at := uint32(24) // in the segment
	rest := file[44:]
	for range n {
		if !bytes.Equal(rest[:52], segment[at:at+52]) {
			t.Errorf("a header that is not at %d of the segment", at)
		}
		at += 52 + u32(rest[12:])
		rest = rest[52:]
	}
	if int(at) != len(segment) {
		t.Errorf("the records end at %d of %d", at, len(segment))
	}
	may := func(filter []byte, key string) bool {
		hash := xxhash.Sum64String(key)
		a, b := hash&0xffffffff, hash>>32|1
		for i := range uint64(7) {
			k := (a + i*b) % (1 << 32) * uint64(len(filter)) * 8 / (1 << 32)
			if filter[k/8]>>(k%8)&1 == 0 {
				return false
			}
		}
		return len(filter) > 0
	}
	traces, ends := rest[:size], rest[size:]
	front := ends[4*n:]
	if u32(front) != sum(file[44:len(file)-len(front)]) {
		t.Error("the checksum is wrong")
	}
	filters := front[4:]
	from, found := uint32(0), 0
	for i := range n {
		end := u32(ends[4*i:])
		filter := filters[from : end-4]
		if u32(filters[end-4:]) != sum(filter) {
			t.Errorf("the checksum of filter %d is wrong", i)
		}
		for k := range 40 {
			if may(filter, fmt.Sprint("word", k)) && may(filter, "and") && may(traces, span(trace.IDOf(7, uint64(k+1)), "")[2:18]) {
				found++
			}
		}
		from = end
	}
	want := 0 // texts with a word of their own; each is in a record of two
	for r := range texts {
		if r.Segment == 1 && r.Ordinal%2 == 0 {
			want++
		}
	}
	if int(from) != len(filters) || found < want || found > want+4 || want == 0 {
		t.Errorf("filters end at %d of %d; %d words are found of %d", from, len(filters), found, want)
	}
}

// TestFilter: a filter holds what was put into it and little else.
func TestFilter(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 7, 5000} {
		wrong := 0
		may := seglog.NewFilter(n, func(i int) string { return fmt.Sprint("key ", i) })
		for i := range n {
			if !may(fmt.Sprint("key ", i)) {
				t.Errorf("of %d keys, %d is not there", n, i)
			}
		}
		for i := range 20_000 {
			if may(fmt.Sprint("other ", i)) {
				wrong++
			}
		}
		if n == 0 && wrong > 0 || n == 5000 && wrong > 300 { // 1 in 120 is 167
			t.Errorf("of %d keys: %d of 20,000 others are there too", n, wrong)
		}
	}
}
