package retrieve_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/assay-llmops/assay/internal/retrieve"
)

const manyWords = "fees storm hours pontoon water office"

func open(t *testing.T, folder string, spec retrieve.Spec, files []retrieve.File) *retrieve.Index {
	t.Helper()
	ix, err := retrieve.Open(folder, spec, files)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func entries(t *testing.T, folder string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestOpenKeepsAnIndexThatIsTheSame(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "made", "on demand")
	files := corpus(t)
	want := build(t, byHeading, files...).Search(manyWords, 100)
	for range 2 {
		if got := open(t, folder, byHeading, files).Search(manyWords, 100); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v\nwant %+v", got, want)
		}
	}
	files[0], files[2] = files[2], files[0]
	open(t, folder, byHeading, files)
	again := byHeading
	again.TopK = 9
	open(t, folder, again, files)
	if got := entries(t, folder); len(got) != 1 {
		t.Errorf("the order of files or top_k made another index: %q", got)
	}
	again.Chunk.Overlap++
	open(t, folder, again, files)
	files[0].Content = append(files[0].Content, '!')
	open(t, folder, byHeading, files)
	if got := entries(t, folder); len(got) != 3 {
		t.Errorf("another spec and another text make an index each: %q", got)
	}
}

// TestOpenReadsTheKeptIndex: what it gives is what is kept, not made again.
func TestOpenReadsTheKeptIndex(t *testing.T) {
	t.Parallel()
	a, b := t.TempDir(), t.TempDir()
	one := []retrieve.File{{Path: "a.txt", Content: []byte("red")}}
	open(t, a, byHeading, one)
	before, err := os.ReadFile(entries(t, a)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b, filepath.Base(entries(t, a)[0])), before, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(entries(t, b)[0])
	if err != nil {
		t.Fatal(err)
	}
	if found := open(t, b, byHeading, one).Search("red", 1); len(found) != 1 {
		t.Errorf("%+v", found)
	}
	if now, err := os.Stat(entries(t, b)[0]); err != nil || !os.SameFile(info, now) {
		t.Errorf("a good index was written again (%v)", err)
	}
}

func TestDamagedIndexIsMadeAgain(t *testing.T) {
	t.Parallel()
	files := corpus(t)
	want := build(t, byHeading, files...).Search(manyWords, 100)
	folder := t.TempDir()
	open(t, folder, byHeading, files)
	path := entries(t, folder)[0]
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := map[string][]byte{"empty": {}, "short": good[:20], "cut": good[:len(good)-7], "foreign": []byte("a text that is no index and longer than a sum")}
	for _, at := range []int{0, 32, 40, len(good) / 2, len(good) - 1} {
		flipped := append([]byte{}, good...)
		flipped[at] ^= 4
		damaged["a flipped bit at "+string(rune('a'+at%26))] = flipped
	}
	for name, data := range damaged {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := open(t, folder, byHeading, files).Search(manyWords, 100); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", name, got)
		}
		if again, err := os.ReadFile(path); err != nil || len(again) != len(good) {
			t.Errorf("%s: the index was not written again (%d bytes, %v)", name, len(again), err)
		}
	}
}

func TestOpenWithoutAPlaceToWrite(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir() // the index's own name is taken by a folder
	open(t, taken, byHeading, corpus(t))
	name := entries(t, taken)[0]
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(name, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{file, filepath.Join(file, "below"), taken} {
		if found := open(t, folder, byHeading, corpus(t)).Search("office", 1); len(found) != 1 {
			t.Errorf("%s: %+v", folder, found)
		}
	}
	if left := entries(t, taken); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

func TestOpenRefusesWhatBuildRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := retrieve.Open(folder, byHeading, rows("{")); err == nil {
		t.Error("no error")
	}
	if left := entries(t, folder); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}
