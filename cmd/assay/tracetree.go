package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/trace"
)

// The columns of a tree: 80 characters with the blanks between them.
const (
	nameWidth  = 32 // with the number before it
	barWidth   = 16
	deepestRow = 10 // levels that are drawn; what is deeper stands there with its depth
)

// printTree draws a trace: a line for each span, its bar where it lies in time.
func (c *console) printTree(t *api.Trace) {
	facts := []string{t.Start.Format("2006-01-02 15:04:05 UTC"), lasted(t.DurationMS), plural(int(t.Spans), "span")}
	if t.Errors > 0 {
		facts = append(facts, plural(int(t.Errors), "error"))
	}
	if t.Usage != nil {
		facts = append(facts, tokensOf(&t.Summary)+" tokens")
	}
	if t.CostUSD != "" {
		facts = append(facts, "$"+t.CostUSD)
	}
	c.printf("trace %s\n%s\n", t.TraceID, strings.Join(facts, " · "))
	var about []string
	for _, f := range [][2]string{{"user", t.User}, {"session", t.Session}, {"config", t.Config}, {"version", t.Version}} {
		if f[1] != "" {
			about = append(about, f[0]+" "+onOneLine.Replace(f[1]))
		}
	}
	if len(about) > 0 {
		c.printf("%s\n", strings.Join(about, " · "))
	}
	c.printf("\n")
	last := lastOfTheirs(t.List)
	digits := len(fmt.Sprint(len(t.List)))
	var open []bool // by level: the line of that level goes on
	for i := range t.List {
		s := &t.List[i]
		depth := min(s.Depth, deepestRow)
		open = append(open[:min(len(open), depth)], make([]bool, max(0, depth-len(open)))...)
		number := fmt.Sprintf("%*d ", digits, i+1)
		c.printf("%s\n", row(s, number+branch(open, depth, last[i]), t))
		open = append(open, !last[i])
		if s.Status == "error" {
			c.printf("%s! %s\n", strings.Repeat(" ", digits+1+2*depth+2), onOneLine.Replace(orElse(s.Reason, "error")))
		}
	}
	if n := len(t.Lost); n > 0 {
		c.warn(plural(n, "span") + " left out, damaged on the server's disk: " + strings.Join(t.Lost, ", "))
	}
	for _, s := range t.Scores {
		c.printf("score %s\n", scoreLine(&s))
	}
}

func tokensOf(s *api.Summary) string {
	return fmt.Sprintf("%d→%d", s.Usage.InputTokens, s.Usage.OutputTokens)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// lastOfTheirs says of each span whether no sibling follows it.
func lastOfTheirs(list []api.Step) []bool {
	last := make([]bool, len(list))
	next := map[int]bool{} // by depth: a sibling follows
	for i := len(list) - 1; i >= 0; i-- {
		d := list[i].Depth
		last[i] = !next[d]
		next[d] = true
		if i > 0 && list[i-1].Depth < d {
			delete(next, d)
		}
	}
	return last
}

// branch is what stands before a name in the tree.
func branch(open []bool, depth int, last bool) string {
	if depth == 0 {
		return ""
	}
	var b strings.Builder
	for level := 1; level < depth; level++ {
		if open[level] {
			b.WriteString("│ ")
		} else {
			b.WriteString("  ")
		}
	}
	if last {
		return b.String() + "└ "
	}
	return b.String() + "├ "
}

// row is one span: its name, duration, bar, tokens and cost.
func row(s *api.Step, before string, t *api.Trace) string {
	name := before + onOneLine.Replace(s.Name)
	if s.Depth > deepestRow {
		name = fmt.Sprintf("%s(level %d) %s", before, s.Depth, onOneLine.Replace(s.Name))
	}
	named := strings.Contains(s.Name, orElse(s.ModelAsked, s.Model)) || strings.Contains(s.Name, s.Model)
	if s.Model != "" && !named {
		name += " " + onOneLine.Replace(s.Model)
	} else if s.Kind != trace.KindOther.String() && s.Model == "" {
		name += " (" + s.Kind + ")"
	}
	if s.Orphan {
		name += " (its parent is missing)"
	}
	tokens, cost := "", ""
	if s.Usage != nil {
		tokens = fmt.Sprintf("%d→%d", s.Usage.InputTokens, s.Usage.OutputTokens)
	}
	if s.CostUSD != "" {
		cost = "$" + s.CostUSD
	}
	name = clip(name, nameWidth)
	line := name + strings.Repeat(" ", nameWidth-len([]rune(name))) + fmt.Sprintf(" %7s ", lasted(s.DurationMS)) + bar(s, t) + fmt.Sprintf(" %11s %9s", tokens, cost)
	return strings.TrimRight(line, " ")
}

// bar draws when within its trace a span lasted; the shortest is one mark.
func bar(s *api.Step, t *api.Trace) string {
	whole := 0.0
	if t.DurationMS != nil {
		whole = *t.DurationMS
	}
	from := float64(s.Start.Sub(t.Start)) / float64(time.Millisecond)
	lasts := whole - from // of one that goes on
	if s.DurationMS != nil {
		lasts = *s.DurationMS
	}
	if whole <= 0 {
		return strings.Repeat(" ", barWidth)
	}
	start := min(max(int(from/whole*barWidth), 0), barWidth-1)
	width := min(max(int(lasts/whole*barWidth+0.5), 1), barWidth-start)
	return strings.Repeat(" ", start) + strings.Repeat("█", width) + strings.Repeat(" ", barWidth-start-width)
}

func scoreLine(s *api.Score) string {
	parts := []string{s.Name}
	if s.Value != nil {
		parts = append(parts, fmt.Sprint(*s.Value))
	}
	for _, text := range []string{s.Label, s.Text, s.Comment} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	if s.Target.Span != "" {
		parts = append(parts, "(span "+s.Target.Span+")")
	}
	if s.Source != "" {
		parts = append(parts, "by "+s.Source)
	}
	return onOneLine.Replace(strings.Join(parts, " "))
}
