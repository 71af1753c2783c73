package report

import (
	"fmt"
	"math"

	"github.com/assay-llmops/assay/internal/gate"
)

// pageSpan is a span in percent of a drawing's width.
type pageSpan struct {
	Says            string // for those who do not see the drawing
	ZoneX, ZoneW    float64
	From, Width, At float64
	Limit           float64
	Zero            float64 // 0 where it is not drawn
	Holm            *pageHolm
	Labels          []pageLabel
}

type pageHolm struct{ From, To float64 }

type pageLabel struct {
	X      float64
	Anchor string
	Text   string
	Strong bool
}

func newPageSpan(s *span, r *gate.RuleResult) *pageSpan {
	at := func(f float64) float64 { return math.Round(1e4*s.at(f)) / 100 }
	p := &pageSpan{
		Says: fmt.Sprintf("estimate %s, bounds %s to %s, limit %s", r.Amount(r.Estimate), r.Amount(r.Lower), r.Amount(r.Upper), r.Amount(r.Limit)),
		From: at(s.lower), At: at(s.estimate), Limit: at(s.limit),
	}
	p.Width = math.Max(0.3, at(s.upper)-p.From)
	if s.passesAbove {
		p.ZoneX, p.ZoneW = p.Limit, 100-p.Limit
	} else {
		p.ZoneW = p.Limit
	}
	p.Labels = append(p.Labels, place(p.Limit, "limit "+r.Amount(r.Limit), true))
	if !math.IsNaN(s.zero) {
		p.Zero = at(s.zero)
		if math.Abs(p.Zero-p.Limit) > 22 {
			p.Labels = append(p.Labels, place(p.Zero, "no difference", false))
		}
	}
	if !math.IsNaN(s.holm) {
		from := at(s.upper)
		if r.HolmLower != nil {
			from = p.From
		}
		p.Holm = &pageHolm{from, at(s.holm)}
	}
	return p
}

// place keeps a label inside the drawing.
func place(x float64, text string, strong bool) pageLabel {
	l := pageLabel{X: x, Anchor: "middle", Text: text, Strong: strong}
	if x < 14 {
		l.Anchor, l.X = "start", math.Max(0, x-2)
	} else if x > 86 {
		l.Anchor, l.X = "end", math.Min(100, x+2)
	}
	return l
}

// pageWhisker is one side's interval in the table of figures.
type pageWhisker struct {
	Class        string
	From, To, At float64
	Y            int
}

// whiskers draws both sides' intervals on one axis: 0 to 1 for shares, else
// what both take up. Without an interval there is nothing to draw.
func whiskers(before, now *gate.Metric) []pageWhisker {
	if !now.HasInterval {
		return nil
	}
	lo, hi := now.Lower, now.Upper
	if before == nil && now.Unit != "share" {
		return nil // one interval on an axis of its own says nothing
	}
	if before != nil && before.HasInterval {
		lo, hi = math.Min(lo, before.Lower), math.Max(hi, before.Upper)
	}
	if now.Unit == "share" {
		lo, hi = 0, 1
	}
	if hi <= lo {
		return nil
	}
	at := func(f float64) float64 { return math.Round(1e3*(4+92*(f-lo)/(hi-lo))) / 1e3 }
	var list []pageWhisker
	y := 13
	if before != nil && before.HasInterval {
		list = append(list, pageWhisker{"before", at(before.Lower), at(before.Upper), at(before.Value), 7})
		y = 19
	}
	return append(list, pageWhisker{"now", at(now.Lower), at(now.Upper), at(now.Value), y})
}
