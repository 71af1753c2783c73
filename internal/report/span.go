package report

import (
	"math"
	"strings"

	"github.com/assay-llmops/assay/internal/gate"
)

// span is a rule's estimate and bounds against its limit, on an axis from lo
// to hi that shows all of them.
type span struct {
	lo, hi       float64 // ends of the axis
	lower, upper float64 // bounds, cut off at the axis where they are infinite
	estimate     float64
	limit        float64
	zero         float64 // of no difference; NaN on the scale of values
	holm         float64 // the corrected bound; NaN where there is none
	passesAbove  bool    // the side of the limit on which the rule holds
}

// spanOf places a rule; ok is false where it has no bounds to draw.
func spanOf(r *gate.RuleResult) (s span, ok bool) {
	if !r.HasBounds {
		return span{}, false
	}
	s = span{lower: r.Lower, upper: r.Upper, estimate: r.Estimate, limit: r.Limit, zero: math.NaN(), holm: math.NaN(), passesAbove: passesAbove(r)}
	switch r.Scale {
	case "difference":
		s.zero = 0
	case "ratio":
		s.zero = 1
	}
	if r.HolmLower != nil && *r.HolmLower != r.Lower {
		s.holm = *r.HolmLower
	}
	if r.HolmUpper != nil && *r.HolmUpper != r.Upper {
		s.holm = *r.HolmUpper
	}
	s.axis(r.Unit == "share" && r.Scale == "value")
	return s, true
}

// axis chooses the ends: everything finite, with some room at each side. A
// share never leaves 0 to 1.
func (s *span) axis(share bool) {
	s.lo, s.hi = math.Inf(1), math.Inf(-1)
	for _, f := range []float64{s.lower, s.upper, s.estimate, s.limit, s.zero, s.holm} {
		if math.IsNaN(f) || math.Abs(f) == math.MaxFloat64 {
			continue
		}
		s.lo, s.hi = math.Min(s.lo, f), math.Max(s.hi, f)
	}
	room := 0.08 * (s.hi - s.lo)
	if room == 0 {
		room = math.Max(0.05*math.Abs(s.hi), 1e-9)
	}
	s.lo, s.hi = s.lo-room, s.hi+room
	if share {
		s.lo, s.hi = math.Max(0, s.lo), math.Min(1, s.hi)
	}
	s.lower, s.upper = math.Max(s.lo, s.lower), math.Min(s.hi, s.upper)
	if !math.IsNaN(s.holm) {
		s.holm = math.Min(s.hi, math.Max(s.lo, s.holm))
	}
}

// at is where a value lies on the axis, from 0 to 1.
func (s *span) at(f float64) float64 {
	return math.Min(1, math.Max(0, (f-s.lo)/(s.hi-s.lo)))
}

// passesAbove reports whether a rule holds above its limit.
func passesAbove(r *gate.RuleResult) bool {
	switch r.Rule {
	case "at_least":
		return true
	case "at_most":
		return false
	}
	return r.HigherFirst
}

// strokes are the characters that a span is drawn with.
type strokes struct{ left, right, line, point, limit, pass, zero rune }

var (
	unicodeStrokes = strokes{'├', '┤', '─', '●', '┃', '·', '0'}
	asciiStrokes   = strokes{'[', ']', '-', 'o', '|', '.', '0'}
)

// draw gives the span as width characters: dots where the rule holds, a bar
// for its limit, the bounds with the estimate between them.
func (s *span) draw(width int, st strokes) string {
	cells := []rune(strings.Repeat(" ", width))
	cell := func(f float64) int { return int(math.Round(s.at(f) * float64(width-1))) }
	limit := cell(s.limit)
	for i := range cells {
		if i != limit && i > limit == s.passesAbove {
			cells[i] = st.pass
		}
	}
	if !math.IsNaN(s.zero) && s.lo <= s.zero && s.zero <= s.hi && s.zero == 0 {
		cells[cell(s.zero)] = st.zero
	}
	from, to := cell(s.lower), cell(s.upper)
	for i := from; i <= to; i++ {
		cells[i] = st.line
	}
	cells[from], cells[to] = st.left, st.right
	cells[limit] = st.limit
	cells[cell(s.estimate)] = st.point
	return string(cells)
}
