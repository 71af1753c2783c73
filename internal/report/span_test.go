package report

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/gate"
)

// Whatever the figures, everything that is drawn lies on the axis, in order,
// and the drawing has the width that was asked for.
func TestSpanStaysOnItsAxis(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.Just(0.0))
		r := gate.RuleResult{
			HasBounds: true, Limit: number.Draw(t, "limit"), Estimate: number.Draw(t, "estimate"),
			Scale: rapid.SampledFrom([]string{"value", "difference", "ratio"}).Draw(t, "scale"),
			Rule:  rapid.SampledFrom([]string{"at_least", "at_most", "not_worse_by", "better_by"}).Draw(t, "rule"),
			Unit:  "score", HigherFirst: rapid.Bool().Draw(t, "higher"),
		}
		r.Lower = r.Estimate - rapid.Float64Range(0, 1e3).Draw(t, "below")
		r.Upper = r.Estimate + rapid.Float64Range(0, 1e3).Draw(t, "above")
		if rapid.Bool().Draw(t, "open") {
			r.Upper = math.MaxFloat64
		}
		s, ok := spanOf(&r)
		if !ok {
			t.Fatal("no span")
		}
		for _, f := range []float64{s.lower, s.estimate, s.upper, s.limit} {
			if at := s.at(f); math.IsNaN(at) || at < 0 || at > 1 {
				t.Errorf("%v lies at %v", f, at)
			}
		}
		if s.at(s.lower) > s.at(s.estimate) || s.at(s.estimate) > s.at(s.upper) {
			t.Errorf("out of order: %+v", s)
		}
		if drawn := s.draw(40, unicodeStrokes); len([]rune(drawn)) != 40 || !strings.ContainsRune(drawn, '●') {
			t.Errorf("drawn as %q", drawn)
		}
		newPageSpan(&s, &r)
	})
}

func TestSpanDrawing(t *testing.T) {
	t.Parallel()
	r := gate.RuleResult{Rule: "at_most", Scale: "value", Unit: "ms", HasBounds: true, Estimate: 500, Lower: 400, Upper: 600, Limit: 800}
	s, _ := spanOf(&r)
	if got, want := s.draw(40, asciiStrokes), "...[-------o--------]...............|   "; got != want {
		t.Errorf("\n%q, want\n%q", got, want)
	}
	r.Rule, r.Limit = "at_least", 450
	s, _ = spanOf(&r)
	if got, want := s.draw(40, asciiStrokes), "   [-------|--------o---------------]..."; got != want {
		t.Errorf("\n%q, want\n%q", got, want)
	}
}

// A rule that holds below its limit is drawn so, by the rule or the metric.
func TestWhereARuleHolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule   string
		higher bool
		want   bool
	}{{"at_least", true, true}, {"at_least", false, true}, {"at_most", true, false}, {"at_most", false, false},
		{"not_worse_by", true, true}, {"not_worse_by", false, false}, {"better_by", true, true}, {"better_by", false, false}} {
		if got := passesAbove(&gate.RuleResult{Rule: c.rule, HigherFirst: c.higher}); got != c.want {
			t.Errorf("%s, higher is better %v: %v", c.rule, c.higher, got)
		}
	}
}
