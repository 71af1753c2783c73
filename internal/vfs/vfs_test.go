package vfs_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/assay-llmops/assay/internal/vfs"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

// TestSameOnBoth does one exchange on the real disk and on the one of tests.
func TestSameOnBoth(t *testing.T) {
	t.Parallel()
	for name, fsys := range map[string]vfs.FS{"os": vfs.OS{}, "crashfs": crashfs.New()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "a", "b")
			must(t, fsys.MkdirAll(dir))
			path := filepath.Join(dir, "x.tmp")
			f, err := fsys.Create(path)
			must(t, err)
			write(t, f, "hello world")
			must(t, f.Truncate(5))
			write(t, f, "!")
			must(t, f.Sync())
			must(t, f.Close())
			final := filepath.Join(dir, "x")
			must(t, fsys.Rename(path, final))
			must(t, fsys.SyncDir(dir))
			f, err = fsys.OpenAppend(final)
			must(t, err)
			write(t, f, "?")
			must(t, f.Close())
			f, err = fsys.Open(final)
			must(t, err)
			got := make([]byte, 7)
			if _, err := f.ReadAt(got, 0); err != nil || string(got) != "hello!?" {
				t.Errorf("read %q, %v", got, err)
			}
			if _, err := f.Write([]byte("x")); err == nil {
				t.Error("a file open for reading was written")
			}
			must(t, f.Close())
			names, err := fsys.List(dir)
			must(t, err)
			if len(names) != 1 || names[0] != "x" {
				t.Errorf("names: %q", names)
			}
			if size, err := fsys.Size(final); err != nil || size != 7 {
				t.Errorf("size %d, %v", size, err)
			}
			must(t, fsys.Remove(final))
			if _, err := fsys.Open(final); err == nil {
				t.Error("a removed file was opened")
			}
		})
	}
}

// TestCrashKeepsWhatWasSynced checks the promise over many cuts, and that a cut
// does lose what was not synced.
func TestCrashKeepsWhatWasSynced(t *testing.T) {
	t.Parallel()
	lost, torn, nameless := 0, 0, 0
	for seed := range uint64(300) {
		disk := crashfs.New()
		f, err := disk.Create("d/a")
		must(t, err)
		write(t, f, "synced")
		must(t, f.Sync())
		must(t, disk.SyncDir("d"))
		written := bytes.Repeat([]byte("later "), 500)
		write(t, f, string(written))
		if _, err := disk.Create("d/b"); err != nil {
			t.Fatal(err)
		}
		after := disk.Crash(seed)
		got := after.Bytes("d/a")
		if !bytes.HasPrefix(got, []byte("synced")) {
			t.Fatalf("seed %d: %q", seed, got)
		}
		switch rest := got[len("synced"):]; {
		case len(rest) == 0:
			lost++
		case !bytes.HasPrefix(written, rest):
			torn++
		}
		if names, _ := after.List("d"); len(names) == 1 {
			nameless++
		}
		if _, err := f.Write([]byte("x")); !errors.Is(err, crashfs.ErrCrashed) {
			t.Fatalf("a write after the cut: %v", err)
		}
	}
	if torn == 0 || nameless == 0 || nameless == 300 {
		t.Errorf("lost %d, torn %d, nameless %d of 300: the disk is too kind", lost, torn, nameless)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := crashfs.New()
	f, err := disk.Create("a")
	must(t, err)
	disk.SetRoom(3)
	if n, err := f.Write([]byte("hello")); n != 3 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("wrote %d, %v", n, err)
	}
	disk.SetRoom(-1)
	write(t, f, "lo")
	if got := disk.Bytes("a"); string(got) != "hello" {
		t.Errorf("got %q", got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, f vfs.File, s string) {
	t.Helper()
	if _, err := f.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
}
