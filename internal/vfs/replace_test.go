package vfs_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/assay-llmops/assay/internal/vfs"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

// TestReplaceIsWhole cuts the power before each step, and after the last.
func TestReplaceIsWhole(t *testing.T) {
	t.Parallel()
	before, after := bytes.Repeat([]byte("old "), 700), bytes.Repeat([]byte("new "), 500)
	cut := errors.New("cut here")
	done := false
	for step := 1; !done; step++ {
		for seed := range uint64(20) {
			disk := crashfs.New()
			disk.Put("d/file", before)
			disk.Before(func(op crashfs.Op) error {
				if op.N >= step {
					return cut
				}
				return nil
			})
			err := vfs.Replace(disk, "d/file", after)
			done = err == nil
			got := disk.Crash(seed).Bytes("d/file")
			switch {
			case bytes.Equal(got, after), !done && bytes.Equal(got, before):
			default:
				t.Fatalf("step %d (%v): %d bytes are neither the old content nor the new", step, err, len(got))
			}
		}
	}
}

func TestReplaceLeavesNoDraft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	must(t, os.WriteFile(name+".new", []byte("left by a crash, and longer"), 0o600))
	must(t, vfs.Replace(vfs.OS{}, name, []byte("new")))
	if got, err := os.ReadFile(name); err != nil || string(got) != "new" {
		t.Errorf("read %q, %v", got, err)
	}
	taken := filepath.Join(dir, "taken")
	must(t, os.Mkdir(taken, 0o700))
	if vfs.Replace(vfs.OS{}, taken, nil) == nil {
		t.Error("a folder was replaced by a file")
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 2 {
		t.Errorf("in the folder are %v, %v", names, err)
	}
}
