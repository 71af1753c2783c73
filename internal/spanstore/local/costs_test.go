package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/vfs"
)

// prices are a book in which a million tokens of model m cost so many dollars.
func prices(t *testing.T, dollars int) *price.Book {
	t.Helper()
	text := fmt.Sprintf("providers: {openai: [{model: m, input: %q, output: %[1]q}]}", fmt.Sprint(dollars))
	b, err := price.Load(price.File{Name: "prices.yaml", Data: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func at(t *testing.T, dir string, dollars int) *local.Store {
	t.Helper()
	s, err := local.Open(t.Context(), dir, local.Options{Prices: prices(t, dollars), Index: index.Options{Threads: 1}, Log: seglog.Options{SegmentBytes: 700}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// call is a model call of 1,000 tokens that starts so many seconds after Base.
func call(t *testing.T, s spanstore.Store, n uint64) {
	t.Helper()
	send(t, s, storetest.Batch(t, storetest.Span{Trace: n, ID: n, Start: float64(n), Seconds: 1, Name: "call", Attributes: storetest.LLM("m", 500, 500, nil)}))
}

// costs are the costs of all spans in micro-dollars, by their starts.
func costs(t *testing.T, s spanstore.Store) (list []int64) {
	t.Helper()
	p, err := s.Spans(t.Context(), "shop", spanstore.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Spans {
		cost := int64(-1)
		if c := p.Spans[i].Computed; c != nil {
			cost = *c / 1000
		}
		list = append(list, cost)
	}
	slices.Reverse(list) // newest first
	return list
}

func wantCosts(t *testing.T, what string, s spanstore.Store, want ...int64) {
	t.Helper()
	if got := costs(t, s); !slices.Equal(got, want) {
		t.Errorf("%s, the spans cost %v, want %v", what, got, want)
	}
}

// A cost stays what it was told to be, whatever prices the store is opened with,
// until it is computed again, and a new index has the same ones.
func TestCostsStay(t *testing.T) {
	dir := t.TempDir()
	without := func() {
		t.Helper()
		if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
			t.Fatal(err)
		}
	}
	s := at(t, dir, 1)
	call(t, s, 1)
	call(t, s, 2)
	wantCosts(t, "at first", s, 1000, 1000)
	closed(t, s)
	s = at(t, dir, 2)
	wantCosts(t, "with other prices", s, 1000, 1000)
	call(t, s, 3)
	wantCosts(t, "with one more", s, 1000, 1000, 2000)
	closed(t, s)
	s = at(t, dir, 1) // back
	call(t, s, 4)
	closed(t, s)
	without()
	if _, err := local.Reindex(t.Context(), dir, local.Options{Prices: prices(t, 7), Index: index.Options{Threads: 1}}); err != nil {
		t.Fatal(err)
	}
	s = at(t, dir, 5)
	wantCosts(t, "with a new index", s, 1000, 1000, 2000, 1000)
	call(t, s, 5)
	closed(t, s)
	without()
	s = at(t, dir, 5)
	wantCosts(t, "with another", s, 1000, 1000, 2000, 1000, 5000)

	// Of what started from the third on.
	var told []int64
	changed, err := s.Recost(t.Context(), "shop", storetest.Base+3e9, func(done int64) { told = append(told, done) })
	if err != nil || changed != 2 || len(told) == 0 || told[len(told)-1] != 5 {
		t.Errorf("%d costs changed, progress %v: %v", changed, told, err)
	}
	wantCosts(t, "computed again", s, 1000, 1000, 5000, 5000, 5000)
	closed(t, s)
	without()
	s = at(t, dir, 6)
	wantCosts(t, "and with a new index", s, 1000, 1000, 5000, 5000, 5000)
	call(t, s, 6)

	// All of it. A copy of the folder as it is meanwhile ends what was begun.
	meanwhile := filepath.Join(t.TempDir(), "copy")
	changed, err = s.Recost(t.Context(), "shop", 0, func(int64) {
		if err := os.CopyFS(meanwhile, os.DirFS(dir)); err != nil {
			t.Error(err)
		}
	})
	if err != nil || changed != 5 {
		t.Errorf("%d costs changed: %v", changed, err)
	}
	for _, where := range []string{dir, meanwhile} {
		if where == dir {
			closed(t, s)
		}
		s = at(t, where, 9)
		wantCosts(t, where, s, 6000, 6000, 6000, 6000, 6000, 6000)
		closed(t, s)
		without()
	}
	if n := booksOf(t, dir); n != 2 {
		t.Errorf("%d books are kept, want those of 6 and of 9 dollars", n)
	}
}

func booksOf(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "projects", "shop", "settings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Content struct{ Books map[string]any }
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return len(f.Content.Books)
}

// A model that the prices no longer know costs nothing that is known.
func TestRecostToUnknown(t *testing.T) {
	dir := t.TempDir()
	s := at(t, dir, 1)
	call(t, s, 1)
	closed(t, s)
	b, err := price.Load()
	if err != nil {
		t.Fatal(err)
	}
	if s, err = local.Open(t.Context(), dir, local.Options{Prices: b, Index: index.Options{Threads: 1}}); err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	wantCosts(t, "before", s, 1000)
	if n, err := s.Recost(t.Context(), "shop", 0, nil); err != nil || n != 1 {
		t.Errorf("%d changed: %v", n, err)
	}
	wantCosts(t, "afterwards", s, -1)
	if n, err := s.Recost(t.Context(), "nobody", 0, nil); err != nil || n != 0 {
		t.Errorf("of a project that is not there %d changed: %v", n, err)
	}
}

// readings calls at with the number of each opening of a segment for reading.
type readings struct {
	vfs.OS
	n  int
	at func(n int)
}

func (r *readings) Open(name string) (vfs.File, error) {
	if filepath.Ext(name) == ".seg" {
		if r.n++; r.at != nil {
			r.at(r.n)
		}
	}
	return r.OS.Open(name)
}

// An erasure brings back a span that stays and was taken for a copy of one that
// goes. Costs that are computed again at that moment are its costs, too.
func TestRecostWhileErased(t *testing.T) {
	dir := t.TempDir()
	s := at(t, dir, 1)
	call(t, s, 1)
	carrier := thing{Kind: "carrier", Trace: 20, Span: 1, Ended: true, About: 1}
	send(t, s, carrier.batch(t, 0)) // whose copy is a call, and stays
	send(t, s, storetest.Batch(t, storetest.Span{Trace: 20, ID: 201, Start: 20, Seconds: -1, Name: "call", Attributes: storetest.LLM("m", 500, 500, nil)}))
	wantCosts(t, "before", s, 1000, -1)
	closed(t, s)
	last := 0
	for _, round := range []string{"count", "compute"} {
		disk := &readings{}
		s, err := local.Open(t.Context(), copied(t, dir), local.Options{Prices: prices(t, 5), Index: index.Options{Threads: 1}, Log: seglog.Options{FS: disk}})
		if err != nil {
			t.Fatal(err)
		}
		recosted := make(chan error, 1)
		recost := func() {
			_, err := s.Recost(context.Background(), "shop", 0, nil)
			recosted <- err
		}
		disk.n = 0
		disk.at = func(n int) {
			switch {
			case n != last: // before the last record is brought back
			case s.Recosting():
				go recost()
			default:
				recost()
			}
		}
		if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{Trace: storetest.TraceID(1)}); err != nil {
			t.Fatal(err)
		}
		if last = disk.n; round == "count" {
			wantCosts(t, "erased", s, 1000)
		} else if err := <-recosted; err != nil {
			t.Error(err)
		} else {
			disk.at = nil
			wantCosts(t, "erased and computed again", s, 5000)
		}
		closed(t, s)
	}
}
