package block_test

import (
	"bytes"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/trace"
)

// anyBatch draws a batch whose indexes fit.
func anyBatch(t *rapid.T) *spanstore.Batch {
	content := rapid.SliceOfN(rapid.Byte(), 0, 40)
	b := &spanstore.Batch{Received: rapid.Int64().Draw(t, "received")}
	for range rapid.IntRange(1, 4).Draw(t, "resources") {
		b.Resources = append(b.Resources, spanstore.Resource{
			Bytes: content.Draw(t, "resource"), SchemaURL: rapid.String().Draw(t, "schema"),
		})
	}
	for range rapid.IntRange(1, 4).Draw(t, "scopes") {
		b.Scopes = append(b.Scopes, spanstore.Scope{
			Resource: rapid.IntRange(0, len(b.Resources)-1).Draw(t, "of"),
			Bytes:    content.Draw(t, "scope"), SchemaURL: rapid.String().Draw(t, "schema"),
		})
	}
	items := func(name string) (list []spanstore.Item) {
		for range rapid.IntRange(0, 6).Draw(t, name) {
			list = append(list, spanstore.Item{
				Scope: rapid.IntRange(0, len(b.Scopes)-1).Draw(t, "in"), Bytes: content.Draw(t, name),
			})
		}
		return list
	}
	b.Spans, b.Logs = items("spans"), items("logs")
	return b
}

func decode(t interface{ Fatal(...any) }, body []byte) *block.View {
	v, err := block.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func check(t *rapid.T, b *spanstore.Batch, got block.Item, typ block.Type, want spanstore.Item) {
	scope := b.Scopes[want.Scope]
	resource := b.Resources[scope.Resource]
	if got.Type != typ || got.Received != b.Received || got.Origin != want.Scope ||
		!bytes.Equal(got.Bytes, want.Bytes) ||
		!bytes.Equal(got.Scope.Bytes, scope.Bytes) || got.Scope.SchemaURL != scope.SchemaURL ||
		!bytes.Equal(got.Resource.Bytes, resource.Bytes) || got.Resource.SchemaURL != resource.SchemaURL {
		t.Fatalf("item %+v, want %+v of %+v of %+v", got, want, scope, resource)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := anyBatch(t)
		body, err := block.Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		v := decode(t, body)
		if v.Len() != len(b.Spans)+len(b.Logs) || v.Origins() != len(b.Scopes) || v.Size() != len(body) {
			t.Fatalf("%d items, %d origins", v.Len(), v.Origins())
		}
		for i, want := range b.Spans {
			check(t, b, v.Item(i), block.Span, want)
		}
		for i, want := range b.Logs {
			check(t, b, v.Item(len(b.Spans)+i), block.Log, want)
		}
	})
}

// TestWithout erases any of the items: the others are as they were, and what
// only the erased ones named is gone from the bytes.
func TestWithout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := anyBatch(t)
		body, err := block.Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		v := decode(t, body)
		gone := rapid.SliceOfN(rapid.Bool(), v.Len(), v.Len()).Draw(t, "gone")
		want := 0
		kept := map[int]bool{}
		for k, g := range gone {
			if g {
				want++
			} else {
				kept[v.Item(k).Origin] = true
			}
		}
		after, dropped := v.Without(func(k int) bool { return gone[k] })
		if dropped != want {
			t.Fatalf("dropped %d, want %d", dropped, want)
		}
		if want == 0 {
			return
		}
		w := decode(t, after)
		for k, g := range gone {
			got := w.Item(k)
			if !g && !reflect.DeepEqual(got, v.Item(k)) {
				t.Fatalf("item %d was %+v, is %+v", k, v.Item(k), got)
			}
			if g && (got.Type != block.Empty || len(got.Bytes) != 0) {
				t.Fatalf("item %d is still %+v", k, got)
			}
			if g && !kept[got.Origin] && len(got.Scope.Bytes) != 0 {
				t.Fatalf("the scope of item %d is still there", k)
			}
		}
		if _, again := w.Without(func(k int) bool { return gone[k] }); again != 0 {
			t.Fatalf("erased %d twice", again)
		}
	})
}

func TestEncodeRefusesWrongIndexes(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]*spanstore.Batch{
		"item":  {Spans: []spanstore.Item{{Scope: 0}}},
		"scope": {Scopes: []spanstore.Scope{{Resource: 0}}},
		"below": {Resources: make([]spanstore.Resource, 1), Scopes: []spanstore.Scope{{Resource: -1}}},
	} {
		if _, err := block.Encode(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	value := 0.5
	want := []*trace.Score{
		{ID: "1", Name: "good", Value: &value, Target: trace.Target{Session: "s"}, Time: 7},
		nil,
		{ID: "2", Name: "kind", Label: "billing", Target: trace.Target{Trace: trace.ID{1}, Span: trace.SpanID{2}}},
	}
	body, err := block.EncodeScores(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := block.DecodeScores(body)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := block.DecodeScores(body[1:]); err == nil {
		t.Error("a torn body was read")
	}
}

// FuzzDecode: whatever the bytes, there is an error or a block all of whose
// items can be read.
func FuzzDecode(f *testing.F) {
	body, err := block.Encode(&spanstore.Batch{
		Received:  1,
		Resources: []spanstore.Resource{{Bytes: []byte("resource"), SchemaURL: "schema"}},
		Scopes:    []spanstore.Scope{{Bytes: []byte("scope")}},
		Spans:     []spanstore.Item{{Bytes: []byte("span one")}, {Bytes: []byte("span two")}},
		Logs:      []spanstore.Item{{Bytes: []byte("log")}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add(body[:len(body)-1])
	f.Add(make([]byte, 20))
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := block.Decode(body)
		if err != nil {
			return
		}
		total := 0
		for k := range v.Len() {
			total += len(v.Item(k).Bytes)
		}
		if total > len(body) {
			t.Errorf("items of %d bytes in a block of %d", total, len(body))
		}
	})
}
