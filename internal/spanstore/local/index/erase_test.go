package index

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/vfs"
)

func TestErasureLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	x := openTest(t, dir, Options{})
	secret := span(1, 0, 0)
	secret.User, secret.Session, secret.Name = "user-whom-nobody-knows", "session-to-forget", "shared"
	kept := span(2, 0, 1)
	kept.Trace, kept.User, kept.Name = trace.IDOf(3, 3), "user-who-stays", "shared"
	about := Score{Score: trace.Score{ID: "score-to-forget", Name: "n", Label: "l", Target: trace.Target{Session: "session-to-forget"}}, Ref: Ref{1, 3}}
	r := spans(secret, kept)
	r.Logs = []Log{{Trace: secret.Trace, Span: secret.Span, Time: 1, Ref: Ref{1, 2}}}
	r.Scores, r.End = []Score{about}, Ref{1, 4}
	add(t, x, "shop", r)
	theirs := spans(span(1, 0, 0)) // the same ids in another project
	add(t, x, "other", theirs)
	if err := x.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !holds(t, dir, secret.User) {
		t.Fatal("the file never had the name, so this test says nothing")
	}
	add(t, x, "shop", spans(func() Span { s := span(7, 1, 4); s.Trace, s.User = secret.Trace, secret.User; return s }()))

	removed, err := x.Erase(t.Context(), 1, Gone{Before: 2, Traces: []trace.ID{secret.Trace}, Sessions: []string{"session-to-forget"}})
	if err != nil || removed != (Removed{Spans: 2, Logs: 1, Scores: 1}) {
		t.Fatalf("%+v: %v", removed, err)
	}
	check := func() {
		t.Helper()
		want(t, x, "SELECT project, span FROM spans ORDER BY ALL", "1 2", "2 1")
		want(t, x, "SELECT (SELECT count(*) FROM logs), (SELECT count(*) FROM scores)", "0 0")
		want(t, x, "SELECT text FROM dict WHERE dim = 9 ORDER BY text", "", "user-who-stays")
		if got := x.Mark("shop"); got != (Ref{1, 5}) {
			t.Errorf("mark %v", got)
		}
		for _, text := range []string{secret.User, secret.Session, about.ID} {
			if holds(t, dir, text) {
				t.Errorf("a file still has %q", text)
			}
		}
	}
	check()
	closeTest(t, x)
	x = openTest(t, dir, Options{})
	defer closeTest(t, x)
	check()
	// The user comes back as somebody new, and duplicates are found as before.
	again := span(2, 0, 9)
	again.Trace, again.User = kept.Trace, secret.User
	add(t, x, "shop", spans(again))
	want(t, x, "SELECT u.text FROM spans JOIN dict u ON u.dim = 9 AND u.id = user_id WHERE project = 1", secret.User)
}

// holds says that a file of the folder has the text.
func holds(t *testing.T, dir, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

// What came after the log was looked at stays: its bytes are in the log.
func TestEraseLeavesWhatCameMeanwhile(t *testing.T) {
	t.Parallel()
	x := openTest(t, t.TempDir(), Options{})
	defer closeTest(t, x)
	late := span(2, 0, 0)
	late.Ref.Segment = 2
	add(t, x, "p", spans(span(1, 0, 0), late))
	removed, err := x.Erase(t.Context(), 1, Gone{Before: 2, Traces: []trace.ID{late.Trace}})
	if err != nil || removed.Spans != 1 {
		t.Errorf("removed %+v, %v, want one span", removed, err)
	}
	want(t, x, "SELECT seg FROM spans", "2")
}

// Rows are removed by their place too, and of scores that came later the latest
// is the latest among what is left.
func TestEraseByPlaceAndWhatIsLatestThen(t *testing.T) {
	t.Parallel()
	x := openTest(t, t.TempDir(), Options{})
	defer closeTest(t, x)
	carrier, other := span(1, 0, 0), span(2, 0, 1)
	rated := func(id string, at int64, ref Ref) Score {
		return Score{Score: trace.Score{ID: id, Name: "n", Label: "l", Time: at, Target: trace.Target{Trace: trace.IDOf(7, 7)}}, Ref: ref}
	}
	r := spans(carrier, other)
	r.Scores, r.End = []Score{rated("gone", 9, Ref{1, 0}), rated("stays", 2, Ref{2, 0})}, Ref{2, 1}
	add(t, x, "p", r)
	want(t, x, "SELECT id FROM scores WHERE latest", "gone")
	removed, err := x.Erase(t.Context(), 1, Gone{Before: 2, Traces: []trace.ID{trace.IDOf(7, 7)}, Items: []Ref{{1, 0}}, Touched: []trace.ID{carrier.Trace}})
	if err != nil || removed != (Removed{Spans: 1, Scores: 1}) {
		t.Errorf("%+v: %v", removed, err)
	}
	want(t, x, "SELECT span FROM spans", "2")
	want(t, x, "SELECT id FROM scores WHERE latest", "stays")
	// The span that went is nobody's copy any more.
	again := span(1, 0, 5)
	add(t, x, "p", spans(again))
	want(t, x, "SELECT span, ord FROM spans ORDER BY ALL", "1 5", "2 1")
}

// A rewrite that fails before the file is touched breaks nothing.
func TestErasureThatCannotCopyIsDoneLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	x := openTest(t, dir, Options{})
	defer closeTest(t, x)
	secret, other := span(1, 0, 0), span(2, 0, 1)
	secret.Trace, secret.User = trace.IDOf(7, 7), "user-whom-nobody-knows"
	add(t, x, "p", spans(secret, other))
	if err := x.exec(t.Context(), "ATTACH ':memory:' AS fresh"); err != nil { // the name is taken
		t.Fatal(err)
	}
	gone := Gone{Before: 2, Traces: []trace.ID{secret.Trace}}
	if removed, err := x.Erase(t.Context(), 1, gone); err == nil || removed.Spans != 1 {
		t.Errorf("removed %+v: %v, want an error", removed, err)
	}
	want(t, x, "SELECT span FROM spans", "2")
	if _, err := x.Erase(t.Context(), 1, gone); err != nil || holds(t, dir, secret.User) {
		t.Errorf("a file still has the user: %v", err)
	}
	want(t, x, "SELECT span FROM spans", "2")
}

// renaming is a disk that knows whether a name that changed would survive a
// power cut.
type renaming struct {
	vfs.OS
	pending string // folder in which one would not
	fail    error  // of the next SyncDir
}

func (d *renaming) Rename(from, to string) error {
	d.pending = filepath.Dir(to)
	return d.OS.Rename(from, to)
}

func (d *renaming) SyncDir(dir string) error {
	if err := d.fail; err != nil {
		d.fail = nil
		return err
	}
	if dir == d.pending {
		d.pending = ""
	}
	return d.OS.SyncDir(dir)
}

// A power cut after an erasure does not bring the old file back; while it might,
// the erasure is not done.
func TestErasureIsOnDisk(t *testing.T) {
	t.Parallel()
	x := openTest(t, t.TempDir(), Options{})
	defer closeTest(t, x)
	disk := &renaming{fail: errors.New("a loose plug")}
	x.disk = disk
	add(t, x, "p", spans(span(1, 0, 0)))
	gone := Gone{Before: 2, Traces: []trace.ID{trace.IDOf(7, 7)}}
	if _, err := x.Erase(t.Context(), 1, gone); err == nil || disk.pending == "" {
		t.Errorf("an erasure that is not on disk gave %v", err)
	}
	want(t, x, countedSpans, "1 true 0")
	if _, err := x.Erase(t.Context(), 1, gone); err != nil || disk.pending != "" {
		t.Errorf("the name of the file is not on disk: %q, %v", disk.pending, err)
	}
	want(t, x, countedSpans, "1 true 0")
}
