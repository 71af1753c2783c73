package seglog_test

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

var update = flag.Bool("update", false, "write the golden file of the newest format anew")

// goldens are segments as each format left them, the newest last. They hold the
// same.
func goldens() []string { return []string{"testdata/format1.seg", "testdata/format2.seg"} }

const newest = "testdata/format2.seg"

// long is a text that is stored compressed.
func long(i int) string { return strings.Repeat(fmt.Sprintf("span %d of the golden file. ", i), 20) }

// goldenItems are the spans and log records of the golden file by ordinal; the
// fourth was erased. Behind them are two scores, of which the second was.
func goldenItems() []string {
	return []string{long(0), long(1), "log record", "", long(3), "log record", "x", "log record"}
}

// writeGolden makes a segment of one pack, with every type of item, in which
// something was erased.
func writeGolden(t *testing.T) []byte {
	t.Helper()
	disk := crashfs.New()
	h := open(t, disk, seglog.Options{})
	batch := func(spans ...string) {
		b := &spanstore.Batch{
			Received:  1_700_000_000_000_000_000,
			Resources: []spanstore.Resource{{Bytes: []byte("resource"), SchemaURL: "resource schema"}},
			Scopes:    []spanstore.Scope{{Bytes: []byte("scope"), SchemaURL: "scope schema"}},
			Logs:      []spanstore.Item{{Bytes: []byte("log record")}},
		}
		for _, text := range spans {
			b.Spans = append(b.Spans, spanstore.Item{Bytes: []byte(text)})
		}
		body, err := block.Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		h.add(t, seglog.Record{Type: seglog.Spans, Count: len(spans) + 1, Body: body, Received: b.Received, Latest: b.Received - 1})
	}
	batch(long(0), long(1))
	batch(secret, long(3))
	batch("x")
	body, err := block.EncodeScores([]*trace.Score{
		{ID: "1", Name: "good", Label: "yes", Target: trace.Target{Session: "s"}},
		{ID: "2", Name: "good", Label: "yes", Target: trace.Target{Session: secret}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.add(t, seglog.Record{Type: seglog.Scores, Count: 2, Body: body})
	rewrite := func(d seglog.Drop) {
		if _, err := h.Rewrite(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(seglog.Drop{}) // only begins a new segment
	if _, err := h.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	rewrite(seglog.Drop{Item: ofSecret, Score: scoreOfSecret}) // what it changes is packed again
	return disk.Bytes(dir + "/00000001.seg")
}

func readGolden(t *testing.T, name string) []byte {
	t.Helper()
	if *update && name == newest {
		if err := os.WriteFile(newest, writeGolden(t), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestGoldenOpens opens a folder that each format left and writes on in it.
func TestGoldenOpens(t *testing.T) {
	t.Parallel()
	for _, name := range goldens() {
		disk := crashfs.New()
		disk.Put(dir+"/00000001.seg", readGolden(t, name))
		h := open(t, disk, seglog.Options{})
		checkGolden(t, h)
		next := seglog.Ref{Segment: 1, Ordinal: uint32(len(goldenItems())) + 2}
		if r := h.add(t, record(t, "s", "more")); r != next || len(h.damage) != 0 {
			t.Errorf("%s: the next record is at %v, damage %v", name, r, h.damage)
		}
		if report, err := seglog.Check(t.Context(), disk, dir); err != nil || len(report.Damage) != 0 || report.Records != 5 {
			t.Errorf("%s: checking says %+v, %v", name, report, err)
		}
		if _, err := h.Rewrite(t.Context(), seglog.Drop{}); err != nil { // begins a new segment
			t.Fatal(err)
		}
		if more, err := h.Tidy(t.Context()); err != nil || !more {
			t.Errorf("%s: tidying says %v, %v", name, more, err)
		}
		checkGolden(t, h)
		checkGolden(t, h.reopen(t, seglog.Options{}))
	}
}

func checkGolden(t *testing.T, h *harness) {
	t.Helper()
	for ordinal, text := range goldenItems() {
		it, err := h.Item(t.Context(), seglog.Ref{Segment: 1, Ordinal: uint32(ordinal)})
		switch {
		case text == "":
			if !errors.Is(err, spanstore.ErrNotFound) {
				t.Errorf("item %d: %+v, %v", ordinal, it, err)
			}
		case err != nil || string(it.Bytes) != text || it.Received != 1_700_000_000_000_000_000 ||
			(it.Type == block.Log) != (text == "log record") ||
			string(it.Resource.Bytes)+it.Resource.SchemaURL != "resourceresource schema" ||
			string(it.Scope.Bytes)+it.Scope.SchemaURL != "scopescope schema":
			t.Errorf("item %d: %+v, %v", ordinal, it, err)
		}
	}
	if got := h.all(t)[seglog.Ref{Segment: 1, Ordinal: 8}]; got.Type != seglog.Scores || got.Count != 2 {
		t.Errorf("the scores are %+v", got)
	}
}

// TestLaterFormatIsRefused gives the golden file the next number.
func TestLaterFormatIsRefused(t *testing.T) {
	t.Parallel()
	file := readGolden(t, newest)
	binary.LittleEndian.PutUint32(file[8:], seglog.Format+1)
	binary.LittleEndian.PutUint32(file[20:], crc32.Checksum(file[:20], crc32.MakeTable(crc32.Castagnoli)))
	disk := crashfs.New()
	disk.Put(dir+"/00000001.seg", file)
	_, err := openOn(disk, seglog.Options{})
	if !errors.Is(err, seglog.ErrFormat) || !strings.Contains(err.Error(), "00000001.seg") || !strings.Contains(err.Error(), "format 3") {
		t.Errorf("opening says %v", err)
	}
	if _, err := seglog.Check(t.Context(), disk, dir); !errors.Is(err, seglog.ErrFormat) {
		t.Errorf("checking says %v", err)
	}
	if string(disk.Bytes(dir+"/00000001.seg")) != string(file) {
		t.Error("the file was changed")
	}
}

// TestFormatPage reads the golden files with a reader that is written from
// docs/format/log.md alone.
func TestFormatPage(t *testing.T) {
	t.Parallel()
	codecs := map[byte]bool{}
	for i, name := range goldens() {
		r := pageReader{codecs: codecs}
		r.file(t, readGolden(t, name), uint32(i+1))
		if fmt.Sprint(r.items) != fmt.Sprint(goldenItems()) {
			t.Errorf("%s: items %q", name, r.items)
		}
		if !strings.HasPrefix(r.scores, `[{"id":"1"`) || !strings.HasSuffix(r.scores, `,null]`) {
			t.Errorf("%s: scores %s", name, r.scores)
		}
	}
	if len(codecs) != 3 {
		t.Errorf("the golden files have codecs %v only", codecs)
	}
}

type pageReader struct {
	codecs map[byte]bool
	items  []string
	scores string
}

func (p *pageReader) file(t *testing.T, file []byte, format uint32) {
	t.Helper()
	u32 := binary.LittleEndian.Uint32
	sum := func(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
	if string(file[:8]) != "ASSAYLOG" || u32(file[8:]) != format || u32(file[12:]) != 1 || u32(file[20:]) != sum(file[:20]) {
		t.Fatalf("header %x", file[:24])
	}
	unzstd, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unzstd.Close()
	for rest := file[24:]; len(rest) > 0; {
		head := rest[:52]
		stored := rest[52 : 52+u32(head[12:])]
		rest = rest[52+len(stored):]
		if string(head[:4]) != "ARec" || u32(head[4:]) != u32(file[16:]) || u32(head[48:]) != sum(head[:48]) ||
			u32(head[28:]) != sum(stored) || u32(head[24:]) != uint32(len(p.items)) {
			t.Fatalf("record header %x behind %d items", head, len(p.items))
		}
		body := stored
		p.codecs[head[9]] = true
		switch head[9] {
		case 1:
			body, err = s2.Decode(nil, stored)
		case 2:
			body, err = unzstd.DecodeAll(stored, nil)
		}
		if err != nil || uint32(len(body)) != u32(head[16:]) {
			t.Fatalf("a body of %d bytes, %v", len(body), err)
		}
		if head[8] != 5 {
			p.body(t, head[8], u32(head[20:]), body)
			continue
		}
		n := u32(body)
		things, at := uint32(0), 4+28*n
		for i := range n {
			row := body[4+28*i:]
			things += u32(row[4:])
			p.body(t, row[0], u32(row[4:]), body[at:at+u32(row[8:])])
			at += u32(row[8:])
		}
		if things != u32(head[20:]) || int(at) != len(body) {
			t.Errorf("a pack of %d things that ends at %d of %d", things, at, len(body))
		}
	}
}

func (p *pageReader) body(t *testing.T, typ byte, count uint32, body []byte) {
	t.Helper()
	if typ == 2 {
		p.scores = string(body)
		return
	}
	u32 := binary.LittleEndian.Uint32
	r, s, n := u32(body[8:]), u32(body[12:]), u32(body[16:])
	table := body[20:]
	bytes := table[8*r+12*s+9*n:]
	from := u32(table[8*r+12*(s-1)+8:]) // where the last scope ends
	for k := range n {
		row := table[8*r+12*s+9*k:]
		end := u32(row[5:])
		if text := string(bytes[from:end]); (row[0] == 0) != (text == "") || (row[0] == 2) != (text == "log record") {
			t.Errorf("item %q has type %d", text, row[0])
		}
		p.items = append(p.items, string(bytes[from:end]))
		from = end
	}
	if n != count || int(from) != len(bytes) {
		t.Errorf("%d items that end at %d of %d", n, from, len(bytes))
	}
}

// FuzzOpen: whatever a segment file holds, the log opens, refuses a later
// format, or says what is damaged; it can be checked, read and written to.
func FuzzOpen(f *testing.F) {
	for _, name := range goldens() {
		file, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
		f.Add(file[:len(file)-7])
		f.Add(append(file[:100:100], file[150:]...))
	}
	f.Add([]byte("ASSAYLOG"))
	f.Fuzz(func(t *testing.T, file []byte) {
		disk := crashfs.New()
		disk.Put(dir+"/00000001.seg", file)
		if _, err := seglog.Check(t.Context(), disk, dir); err != nil && !errors.Is(err, seglog.ErrFormat) {
			t.Fatal(err)
		}
		h, err := openOn(disk, seglog.Options{})
		if err != nil {
			if !errors.Is(err, seglog.ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		defer h.Close()
		r, err := h.Append(t.Context(), record(t, "s", "more"))
		if err != nil {
			t.Fatal(err)
		}
		if it, err := h.Item(t.Context(), r); err != nil || string(it.Bytes) != "more" {
			t.Fatalf("%+v, %v", it, err)
		}
		h.all(t)
	})
}
