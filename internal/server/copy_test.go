package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/assay-llmops/assay/internal/server"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

// dataFolder is a data folder with a log of several segments, and keys.
func dataFolder(t *testing.T) (dir string, files map[string][]byte) {
	t.Helper()
	dir = t.TempDir()
	s, err := local.Open(t.Context(), dir, local.Options{Index: index.Options{Threads: 1}, Log: seglog.Options{SegmentBytes: 4 << 10}})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Fill(t, s)
	if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{Trace: storetest.TraceID(3)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"format": "1\n", "keys.json": "the keys"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files = map[string][]byte{}
	names, err := filepath.Glob(filepath.Join(dir, "projects", "*", "log", "*.seg"))
	if err != nil || len(names) < 3 {
		t.Fatalf("%d segments: %v", len(names), err)
	}
	for _, name := range append(names, filepath.Join(dir, "format"), filepath.Join(dir, "keys.json")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		files[rel] = text
	}
	return dir, files
}

// state says what a copy is taken for, and where it is taken for a whole one,
// whether it is.
func state(t *testing.T, disk *crashfs.FS, want map[string][]byte) string {
	t.Helper()
	top, err := disk.List("/copy")
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case slices.Contains(top, "unfinished"):
		return "unfinished"
	case len(top) == 0:
		for name := range want {
			if names, err := disk.List(filepath.Dir(filepath.Join("/copy", name))); err == nil && len(names) > 0 {
				return "a folder that is not empty and says nothing"
			}
		}
		return "empty"
	}
	for name, text := range want {
		names, err := disk.List(filepath.Dir(filepath.Join("/copy", name)))
		if err != nil || !slices.Contains(names, filepath.Base(name)) || !bytes.Equal(disk.Bytes(filepath.Join("/copy", name)), text) {
			return "whole, and " + name + " is not"
		}
	}
	return "whole"
}

// TestCopyIsWholeOrUnfinished lets every operation of a copy fail, the power go
// at every one, and the disk be full at every size: what is left is never taken
// for a whole copy unless it is.
func TestCopyIsWholeOrUnfinished(t *testing.T) {
	t.Parallel()
	dir, want := dataFolder(t)
	copyTo := func(disk *crashfs.FS) error {
		return server.Copy(t.Context(), dir, disk, "/copy", local.Copy)
	}
	operations, size := 0, int64(0)
	disk := crashfs.New()
	disk.Before(func(crashfs.Op) error { operations++; return nil })
	err := copyTo(disk)
	if now, later := state(t, disk, want), state(t, disk.Crash(1), want); err != nil || now != "whole" || later != "whole" {
		t.Fatalf("without a fault: %v, taken for %s, and without power for %s", err, now, later)
	}
	for _, text := range want {
		size += int64(len(text))
	}
	check := func(what string, disk *crashfs.FS, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s: the copy says that it is whole", what)
		}
		for seed := range uint64(4) {
			if got := state(t, disk.Crash(seed), want); got != "unfinished" && got != "empty" && got != "whole" {
				t.Errorf("%s, then without power (seed %d): taken for %s", what, seed, got)
			}
		}
	}
	for n := range operations {
		for _, fault := range []error{errors.New("EIO"), crashfs.ErrCrashed} {
			disk := crashfs.New()
			at := 0
			disk.Before(func(crashfs.Op) error {
				at++
				if at > n && (at == n+1 || errors.Is(fault, crashfs.ErrCrashed)) {
					return fault
				}
				return nil
			})
			check(fmt.Sprintf("operation %d: %v", n, fault), disk, copyTo(disk))
		}
	}
	for room := int64(0); room < size; room += size / 40 {
		disk := crashfs.New()
		disk.SetRoom(room)
		err := copyTo(disk)
		if got := state(t, disk, want); !errors.Is(err, syscall.ENOSPC) || got != "unfinished" {
			t.Errorf("room for %d bytes: %v, taken for %s", room, err, got)
		}
		check(fmt.Sprintf("room for %d bytes", room), disk, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	disk = crashfs.New()
	if err := server.Copy(ended, dir, disk, "/copy", local.Copy); !errors.Is(err, context.Canceled) || state(t, disk, want) != "unfinished" {
		t.Errorf("interrupted: %v, %s", err, state(t, disk, want))
	}
	t.Logf("%d files, %d operations", len(want), operations)
}
