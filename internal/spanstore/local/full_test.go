package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/vfs"
	"github.com/assay-llmops/assay/internal/vfs/crashfs"
)

// A disk that is still full when the store is opened again does not keep it from
// being read; the erasure is told of, and carried out when there is room.
func TestOpensWithAnErasureThatFindsNoRoom(t *testing.T) {
	dir, disk := t.TempDir(), crashfs.New()
	if err := os.MkdirAll(filepath.Join(dir, "projects", "shop", "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	var told []error
	o := local.Options{
		Index: index.Options{Threads: 1}, Log: seglog.Options{FS: disk},
		Unfinished: func(_ string, err error) { told = append(told, err) },
	}
	again := func() *local.Store {
		t.Helper()
		s, err := local.Open(t.Context(), dir, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := again()
	storetest.Confide(t, s)
	files := 0
	disk.Before(func(op crashfs.Op) error {
		if op.Kind == crashfs.Create {
			if files++; files >= 3 { // after a new segment, and what is to go
				return syscall.ENOSPC
			}
		}
		return nil
	})
	if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{User: "user-to-forget"}); !errors.Is(err, spanstore.ErrFull) {
		t.Fatalf("erased without room: %v", err)
	}
	want := storetest.Answers(t, s)
	closed(t, s)
	s = again()
	if got := storetest.Answers(t, s); got != want {
		t.Errorf("opened without room, the store answers\n%s\nnot\n%s", got, want)
	}
	if len(told) != 1 || !errors.Is(told[0], spanstore.ErrFull) {
		t.Errorf("told of %v", told)
	}
	closed(t, s)
	disk.Before(nil)
	s = again()
	defer closed(t, s)
	checkForgotten(t, s, dir, disk)
	if len(told) != 1 {
		t.Errorf("told of %v", told)
	}
}

// noSettings is a disk without room for the settings of projects.
type noSettings struct{ vfs.OS }

func (d noSettings) Create(name string) (vfs.File, error) {
	if strings.Contains(name, "settings.json") {
		return nil, syscall.ENOSPC
	}
	return d.OS.Create(name)
}

// Where other prices, and that costs were computed again, cannot be noted, spans
// cost what they did: an index that is made anew agrees.
func TestOpensWithoutRoomForSettings(t *testing.T) {
	dir := t.TempDir()
	s := at(t, dir, 1)
	call(t, s, 1)
	meanwhile := filepath.Join(t.TempDir(), "copy")
	_, err := s.Recost(t.Context(), "shop", 0, func(int64) {
		if err := os.CopyFS(meanwhile, os.DirFS(dir)); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	told := 0
	s, err = local.Open(t.Context(), meanwhile, local.Options{
		Prices: prices(t, 2), Index: index.Options{Threads: 1}, Log: seglog.Options{FS: noSettings{}},
		Unfinished: func(_ string, err error) {
			if told++; !errors.Is(err, syscall.ENOSPC) {
				t.Error(err)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if told != 2 {
		t.Errorf("told %d times", told)
	}
	call(t, s, 2)
	wantCosts(t, "without room", s, 1000, 1000)
	closed(t, s)
	if err := os.RemoveAll(filepath.Join(meanwhile, "index")); err != nil {
		t.Fatal(err)
	}
	s = at(t, meanwhile, 2)
	defer closed(t, s)
	call(t, s, 3)
	wantCosts(t, "with room, and a new index", s, 1000, 1000, 2000)
}

// The file that says what is to be erased has names that are to be forgotten: no
// draft of it stays, neither where it found no room nor after a crash.
func TestNoDraftOfAnErasureStays(t *testing.T) {
	dir, disk := t.TempDir(), crashfs.New()
	if err := os.MkdirAll(filepath.Join(dir, "projects", "shop", "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	o := local.Options{Index: index.Options{Threads: 1}, Log: seglog.Options{FS: disk}}
	drafts := func(disk *crashfs.FS) (list []string) {
		t.Helper()
		names, err := disk.List(filepath.Join(dir, "projects", "shop"))
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(names, func(name string) bool { return filepath.Ext(name) == ".json" })
	}
	s, err := local.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Confide(t, s)
	what := spanstore.Erasure{User: "user-to-forget"}
	failing := func(answer error) {
		disk.Before(func(op crashfs.Op) error {
			if op.Kind == crashfs.Rename && filepath.Base(filepath.Dir(op.Name)) == "shop" {
				return answer
			}
			return nil
		})
	}
	failing(syscall.ENOSPC)
	if _, err := s.Erase(t.Context(), "shop", what); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("erased without room: %v", err)
	}
	if left := drafts(disk); len(left) > 0 {
		t.Errorf("without room, %v stays", left)
	}
	failing(crashfs.ErrCrashed)
	if _, err := s.Erase(t.Context(), "shop", what); !errors.Is(err, crashfs.ErrCrashed) {
		t.Fatalf("erased without power: %v", err)
	}
	disk.Before(nil)
	after := disk.Crash(1)
	_ = s.Close() // the power is gone
	for _, name := range []string{"erasing.json.new", "settings.json.tmp"} {
		after.Put(filepath.Join(dir, "projects", "shop", name), []byte("user-to-forget"))
	}
	o.Log.FS = after
	if s, err = local.Open(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	if left := drafts(after); len(left) > 0 {
		t.Errorf("after a crash, %v stays", left)
	}
}

// Making old segments smaller, which needs room itself for a moment, is not tried
// again and again on a full disk: that room is for what arrives.
func TestAFullDiskIsNotTidiedAgainAtOnce(t *testing.T) {
	dir, disk := t.TempDir(), crashfs.New()
	s, err := local.Open(t.Context(), dir, local.Options{Index: index.Options{Threads: 1}, Log: seglog.Options{FS: disk, SegmentBytes: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	storetest.Fill(t, s)
	tried := map[string]bool{}
	full := true
	disk.Before(func(op crashfs.Op) error {
		if op.Kind == crashfs.Write && strings.HasSuffix(op.Name, ".seg.tmp") {
			tried[filepath.Base(filepath.Dir(filepath.Dir(op.Name)))] = true
			if full {
				return syscall.ENOSPC
			}
		}
		return nil
	})
	projects, err := s.Projects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		rested time.Duration
		tries  bool
	}{{0, true}, {0, false}, {59 * time.Minute, false}, {time.Minute, true}, {0, false}} {
		clear(tried)
		for _, project := range projects {
			s.Rested(project, step.rested)
		}
		s.Tidy(t.Context())
		if tried["shop"] != step.tries {
			t.Errorf("%+v: it tried %v", step, tried)
		}
	}
	full = false
	s.Rested("shop", time.Hour)
	s.Tidy(t.Context())
	if !tried["shop"] {
		t.Error("with room again, nothing is tried")
	}
}
