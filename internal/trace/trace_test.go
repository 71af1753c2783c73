package trace_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/trace"
)

func TestIDsKeepTheirValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hi, lo := rapid.Uint64().Draw(t, "hi"), rapid.Uint64().Draw(t, "lo")
		id, span := trace.IDOf(hi, lo), trace.SpanIDOf(hi)
		if id.Hi() != hi || id.Lo() != lo || span.Num() != hi {
			t.Fatalf("%v %v", id, span)
		}
		back, err := trace.ParseID(id.String())
		if err != nil || back != id {
			t.Fatalf("%v, %v", back, err)
		}
		in := trace.Target{Trace: id, Span: span}
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out trace.Target
		if err := json.Unmarshal(b, &out); err != nil || out != in {
			t.Fatalf("%s: %+v, %v", b, out, err)
		}
	})
}

func TestIDsRefuseWhatIsNone(t *testing.T) {
	for _, s := range []string{"", "12", strings.Repeat("g", 32), strings.Repeat("0", 31), strings.Repeat("0", 33)} {
		if _, err := trace.ParseID(s); err == nil {
			t.Errorf("trace id %q: no error", s)
		}
		if _, err := trace.ParseSpanID(s); err == nil {
			t.Errorf("span id %q: no error", s)
		}
	}
	var none trace.SpanID
	if err := none.UnmarshalText(nil); err != nil || !none.IsZero() || none.String() != "" {
		t.Errorf("no span: %v %q", err, none)
	}
}

func TestKindsKeepTheirNames(t *testing.T) {
	for i, name := range trace.Kinds() {
		var k trace.Kind
		if err := k.UnmarshalText([]byte(name)); err != nil || int(k) != i || k.String() != name {
			t.Errorf("%s: %v, %v", name, k, err)
		}
		if billed := k == trace.KindLLM || k == trace.KindEmbedding || k == trace.KindReranker; k.Billed() != billed {
			t.Errorf("%s is billed: %v", name, k.Billed())
		}
	}
	var k trace.Kind
	if err := k.UnmarshalText([]byte("LLM")); err == nil {
		t.Error("a kind in capitals: no error")
	}
	if s := trace.Kind(200).String(); s != "kind-200" {
		t.Errorf("an unknown kind is %q", s)
	}
}

func TestScoreCheck(t *testing.T) {
	one, nan := 1.0, math.NaN()
	good := trace.Score{ID: "a", Name: "n", Target: trace.Target{Trace: trace.IDOf(1, 2)}, Value: &one}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, edit := range map[string]func(*trace.Score){
		"no id":                  func(s *trace.Score) { s.ID = "" },
		"no name":                func(s *trace.Score) { s.Name = "" },
		"no target":              func(s *trace.Score) { s.Target = trace.Target{} },
		"two targets":            func(s *trace.Score) { s.Target.Session = "s" },
		"a span without a trace": func(s *trace.Score) { s.Target = trace.Target{Span: trace.SpanIDOf(1), Case: "c"} },
		"nothing said":           func(s *trace.Score) { s.Value = nil },
		"no number":              func(s *trace.Score) { s.Value = &nan },
	} {
		s := good
		edit(&s)
		if s.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, c := range []struct{ start, end, want int64 }{{5, 9, 4}, {5, 0, 0}, {5, 5, 0}} {
		r := trace.Row{Start: c.start, End: c.end}
		if got := r.Duration(); got != c.want {
			t.Errorf("%d to %d: %d", c.start, c.end, got)
		}
	}
}
