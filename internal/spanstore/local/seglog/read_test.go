package seglog_test

import (
	"fmt"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/vfs"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

// opening counts the files that are opened for reading.
type opening struct {
	*crashfs.FS
	n int
}

func (o *opening) Open(name string) (vfs.File, error) {
	o.n++
	return o.FS.Open(name)
}

// Whoever asks for all items of a damaged record has it read once.
func TestDamagedRecordIsReadOnce(t *testing.T) {
	t.Parallel()
	disk := &opening{FS: crashfs.New()}
	log, err := seglog.Open(dir, seglog.Options{FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	var refs []seglog.Ref
	for k := range 3 {
		var texts []string
		for i := range 40 {
			texts = append(texts, fmt.Sprint("span ", k, i))
		}
		first, err := log.Append(t.Context(), record(t, "scope", texts...))
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint32(40) {
			refs = append(refs, seglog.Ref{Segment: first.Segment, Ordinal: first.Ordinal + i})
		}
	}
	segment := dir + "/00000001.seg"
	disk.Flip(segment, int64(len(disk.Bytes(segment))/2), 1) // in the second record
	disk.n = 0
	lost := map[int]bool{}
	err = log.Items(t.Context(), refs, func(i int, it *block.Item) error {
		lost[i] = it == nil
		return nil
	})
	if err != nil || disk.n != 3 {
		t.Errorf("%d files were opened: %v", disk.n, err)
	}
	for i := range refs {
		if lost[i] != (i/40 == 1) {
			t.Errorf("item %d is lost: %v", i, lost[i])
		}
	}
}
