package report

import (
	"bufio"
	_ "embed" // the picture's template
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/assay-llmops/assay/internal/gate"
)

//go:embed assets/picture.svg.tmpl
var pictureTemplate string

const (
	pictureWidth = 880
	pictureTop   = 150 // where the rules begin
	pictureRow   = 76  // height of a rule
	spanLeft     = 400
	spanWidth    = 440
)

type picture struct {
	Width, Height int
	Card, Foot    int // height of the frame, place of the last line
	Class, Word   string
	Sign, Name    string
	Summary, Work string
	Lines         []string // the two versions
	Rules         []pictureRule
}

type pictureRule struct {
	Y                        int
	Class, Sign, Text, Sides string
	Why                      string
	Span                     *pictureSpan
}

// pictureSpan is a pageSpan in pixels.
type pictureSpan struct {
	ZoneX, ZoneW, From, Width, At, Limit float64
	Zero, HolmFrom, HolmTo               float64 // 0 where not drawn
	Label                                pageLabel
}

// SVG draws a verdict, or the figures of a run, as a picture for a README: one
// self-contained SVG that follows the reader's light or dark theme. Long texts
// are cut.
func SVG(w io.Writer, in *Input) error {
	tmpl, err := template.New("picture").Funcs(template.FuncMap{"xml": escapeXML}).Parse(pictureTemplate)
	if err != nil {
		return fmt.Errorf("reading the picture's template: %w", err)
	}
	out := bufio.NewWriter(w)
	if err := tmpl.Execute(out, newPicture(in)); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}

func escapeXML(s string) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(plain(s)))
	return b.String(), err
}

func newPicture(in *Input) *picture {
	p := &picture{Width: pictureWidth, Class: "eval", Sign: "◆", Word: "EVAL", Name: in.name(), Lines: in.versions()}
	if now := in.figures(); now != nil {
		p.Work = work(now)
	}
	if v := in.Verdict; v != nil {
		p.Class, p.Sign, p.Word, p.Summary = string(v.Outcome), sign(v.Outcome), strings.ToUpper(word(v.Outcome)), cut(sentence(v.Summary), 108)
		for i := range v.Rules {
			p.Rules = append(p.Rules, newPictureRule(&v.Rules[i], pictureTop+i*pictureRow))
		}
	}
	p.Foot = pictureTop + len(p.Rules)*pictureRow + 14
	p.Height = p.Foot + 26
	p.Card = p.Height - 1
	return p
}

// versions are the two sides in a line each.
func (in *Input) versions() []string {
	h := &in.Candidate.Header
	lines := []string{cut(fmt.Sprintf("%s  %s  %s", h.Version, h.From, h.Model), 100)}
	if other := in.other(); other != nil {
		lines = append(lines, cut(fmt.Sprintf("against %s  %s", other.Header.Version, other.Header.From), 100))
	} else if in.Verdict != nil && in.Verdict.Unchanged {
		lines = append(lines, "the same version as the baseline")
	}
	return lines
}

func newPictureRule(r *gate.RuleResult, y int) pictureRule {
	p := pictureRule{Y: y, Class: string(r.Outcome), Sign: sign(r.Outcome), Text: cut(r.Text, 42), Why: cut(why(r), 70)}
	if r.Candidate != nil {
		p.Sides = gate.Quantity(*r.Candidate, r.Unit)
		if r.Baseline != nil {
			p.Sides = gate.Quantity(*r.Baseline, r.Unit) + " → " + p.Sides
		}
	}
	if r.N > 0 {
		p.Sides = strings.TrimPrefix(p.Sides+" · n "+fmt.Sprint(r.N), " · ")
	}
	s, ok := spanOf(r)
	if !ok || r.ByIdentity {
		return p
	}
	p.Why = fmt.Sprintf("%s, bounds %s to %s", r.Amount(r.Estimate), r.Amount(r.Lower), r.Amount(r.Upper))
	in := newPageSpan(&s, r)
	px := func(percent float64) float64 { return spanLeft + percent*spanWidth/100 }
	p.Span = &pictureSpan{
		ZoneX: px(in.ZoneX), ZoneW: in.ZoneW * spanWidth / 100, From: px(in.From), Width: in.Width * spanWidth / 100,
		At: px(in.At), Limit: px(in.Limit), Label: in.Labels[0],
	}
	p.Span.Label.X = px(p.Span.Label.X)
	if in.Zero > 0 {
		p.Span.Zero = px(in.Zero)
	}
	if in.Holm != nil {
		p.Span.HolmFrom, p.Span.HolmTo = px(in.Holm.From), px(in.Holm.To)
	}
	return p
}
