package storetest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/trace"
)

// textSpan is a span of TextAnywhere, with what a log record says of it.
type textSpan struct {
	Span
	user, session, note, said string
}

func (s *textSpan) texts() []string {
	list := []string{s.Name}
	for _, t := range []string{s.user, s.session, s.note, s.said} {
		if t != "" {
			list = append(list, t)
		}
	}
	return list
}

// holds evaluates a filter the plain way.
func (s *textSpan) holds(e filter.Expr) bool {
	switch e := e.(type) {
	case filter.And:
		return !slices.ContainsFunc(e, func(p filter.Expr) bool { return !s.holds(p) })
	case filter.Or:
		return slices.ContainsFunc(e, s.holds)
	case filter.Not:
		return !s.holds(e.Expr)
	case filter.Cond:
		switch e.Field {
		case filter.FieldUser:
			return s.user != "" && (e.Op == filter.Has || (s.user == e.Value.Text) == (e.Op == filter.Equal))
		case filter.FieldSession:
			return s.session != "" && (e.Op == filter.Has || (s.session == e.Value.Text) == (e.Op == filter.Equal))
		case filter.FieldStatus:
			return s.Error == (e.Value.Text == "error")
		case filter.FieldName:
			return hasWords(s.Name, e.Value.Text)
		}
		found := slices.ContainsFunc(s.texts(), func(t string) bool {
			if e.Op == filter.Words {
				return hasWords(t, e.Value.Text)
			}
			return regexp.MustCompile(e.Value.Text).MatchString(t)
		})
		return found != (e.Op == filter.NoMatch)
	}
	return true
}

// hasWords says whether words stand in a text one after the other.
func hasWords(text, words string) bool {
	cut := func(s string) string {
		list := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		return " " + strings.Join(list, " ") + " "
	}
	return strings.Contains(cut(text), cut(words))
}

// drawFilter draws conditions nested at most depth deep.
func drawFilter(r *rapid.T, depth int) filter.Expr {
	cond := func(f filter.Field, op filter.Op, text string) filter.Expr {
		return filter.Cond{Field: f, Op: op, Value: filter.Value{Text: text}}
	}
	most := 9
	if depth > 0 {
		most += 5
	}
	switch n := rapid.IntRange(0, most).Draw(r, "part"); n {
	case 0:
		return cond(filter.FieldUser, rapid.SampledFrom([]filter.Op{filter.Equal, filter.Unequal}).Draw(r, "op"), rapid.SampledFrom([]string{"u1", "u2"}).Draw(r, "user"))
	case 1:
		return cond(filter.FieldSession, filter.Has, "")
	case 2:
		return cond(filter.FieldStatus, filter.Equal, rapid.SampledFrom([]string{"ok", "error"}).Draw(r, "status"))
	case 3:
		return cond(filter.FieldName, filter.Words, rapid.SampledFrom([]string{"call", "CHAT", "call me", "cal"}).Draw(r, "name"))
	case 4:
		return cond(filter.FieldText, filter.Match, rapid.SampledFrom([]string{"^The", "efun", "policy$"}).Draw(r, "expression"))
	case 5:
		return cond(filter.FieldText, filter.NoMatch, rapid.SampledFrom([]string{"order", "^c", "^$"}).Draw(r, "expression"))
	case 6, 7, 8, 9:
		return cond(filter.FieldText, filter.Words, rapid.SampledFrom([]string{"refund", "Refund POLICY", "policy", "fund", "order", "the order", "u1", "chat", "nowhere"}).Draw(r, "words"))
	case 10:
		return filter.Not{Expr: drawFilter(r, depth-1)}
	default:
		parts := make([]filter.Expr, rapid.IntRange(0, 3).Draw(r, "parts"))
		for i := range parts {
			parts[i] = drawFilter(r, depth-1)
		}
		if n%2 == 0 {
			return filter.Or(parts)
		}
		return filter.And(parts)
	}
}

func drawTextSpan(r *rapid.T, i int) textSpan {
	text := func(label string) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"The", "refund-", "policy", "order", ".", "Fund"}), 0, 4).Draw(r, label), " ")
	}
	s := textSpan{
		Span: Span{
			Trace: uint64(rapid.IntRange(1, 6).Draw(r, "trace")), ID: uint64(i + 1), Start: float64(rapid.IntRange(0, 9).Draw(r, "start")), Seconds: 1,
			Name: rapid.SampledFrom([]string{"call", "Call me", "chat"}).Draw(r, "name"), Error: rapid.Bool().Draw(r, "error"), Attributes: Attributes{},
		},
		user: rapid.SampledFrom([]string{"", "u1", "u2"}).Draw(r, "user"), session: rapid.SampledFrom([]string{"", "s1", "s2"}).Draw(r, "session"), note: text("note"),
	}
	if rapid.IntRange(0, 3).Draw(r, "said") == 0 {
		s.said = text("what was said")
	}
	for key, v := range map[string]string{"user.id": s.user, "session.id": s.session, "note": s.note} {
		if v != "" {
			s.Attributes[key] = v
		}
	}
	return s
}

// TextAnywhere holds lists, groups and figures of filters with conditions on
// text, wherever they stand, against a model.
func TextAnywhere(t *testing.T, s spanstore.Store) {
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		project := fmt.Sprintf("p%d", run)
		var spans []textSpan
		var late []spanstore.Item
		b := Batch(t)
		for i := range rapid.IntRange(1, 25).Draw(r, "spans") {
			one := drawTextSpan(r, i)
			if spans = append(spans, one); i%9 == 8 {
				appendTo(t, s, project, b)
				b = Batch(t)
				b.Logs, late = late, nil
			}
			b.Spans = append(b.Spans, spanstore.Item{Bytes: one.Bytes(t)})
			if one.said != "" { // later than the span, and elsewhere
				late = append(late, log(t, one.Trace, one.ID, one.Start, one.said))
			}
		}
		appendTo(t, s, project, b)
		b = Batch(t)
		b.Logs = late
		appendTo(t, s, project, b)
		q := spanstore.Query{Where: drawFilter(r, 3), Limit: rapid.SampledFrom([]int{3, 30}).Draw(r, "limit")}
		if rapid.Bool().Draw(r, "bounded") {
			q.Since, q.Until = Base+2*second, Base+7*second
		}
		m := textModel{q: q}
		for i := range spans {
			start := int64(at(spans[i].Start))
			if spans[i].holds(q.Where) && (q.Since == 0 || start >= q.Since && start < q.Until) {
				m.hits = append(m.hits, &spans[i])
			}
		}
		m.all = spans
		m.check(t, r, s, project)
	})
}

// TextAmongMany looks for few spans among many, whose text is looked at in
// several parts.
func TextAmongMany(t *testing.T, s spanstore.Store) {
	var spans []Span
	var want []uint64
	for i := range uint64(3000) {
		one := Span{Trace: i/3 + 1, ID: i + 1, Start: float64(i), Seconds: 1, Name: "call", Attributes: Attributes{"note": "the usual"}}
		if i%500 == 99 {
			one.Attributes["note"], want = "a Refund", append([]uint64{i + 1}, want...)
		}
		spans = append(spans, one)
	}
	for part := range slices.Chunk(spans, 150) {
		add(t, s, part...)
	}
	words := func(w string) filter.Expr {
		return filter.Cond{Field: filter.FieldText, Op: filter.Words, Value: filter.Value{Text: w}}
	}
	either := filter.Or{words("refund"), filter.Not{Expr: words("usual")}}
	var got []uint64
	q := spanstore.Query{Where: either, Limit: 2}
	for {
		p := spanPage(t, s, q)
		got = append(got, numbers(p.Spans)...)
		if q.Cursor = p.Next; p.Next == "" || len(got) > 99 {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("spans %v, want %v", got, want)
	}
	var told []int64
	begun := spans[len(spans)-1].Start
	n, err := s.Count(t.Context(), project, spanstore.Query{Where: either}, func(spans, seen int64) error {
		earlier := float64(seen-Base) / second
		if earlier > begun || len(told) > 0 && spans < told[len(told)-1] {
			t.Errorf("a count goes back to %d spans since %v", spans, earlier)
		}
		begun, told = earlier, append(told, spans)
		return nil
	})
	if err != nil || n != int64(len(want)) || len(told) == 0 || told[0] >= n || told[len(told)-1] != n {
		t.Errorf("%d spans are counted, by way of %v back to %v: %v", n, told, begun, err)
	}
	halt := errors.New("enough")
	if _, err := s.Count(t.Context(), project, spanstore.Query{Where: either}, func(int64, int64) error { return halt }); !errors.Is(err, halt) {
		t.Errorf("a count that is ended: %v", err)
	}
	q = spanstore.Query{Where: either, Limit: 5}
	traces, err := s.Traces(t.Context(), project, q)
	if err != nil || len(traces.Traces) != 5 || traces.Next == "" || traces.Traces[4].Trace != TraceID((want[4]-1)/3+1) || traces.Traces[4].Spans != 3 {
		t.Errorf("traces %+v: %v", traces, err)
	}
}

// textModel is what a store must answer to a query.
type textModel struct {
	q    spanstore.Query
	all  []textSpan
	hits []*textSpan
}

func (m *textModel) check(t *testing.T, r *rapid.T, s spanstore.Store, project string) {
	name := "nothing asked"
	if m.q.Where != nil {
		name = m.q.Where.String()
	}
	same := func(what string, got, want []string) {
		if !slices.Equal(got, want) {
			r.Fatalf("%s: %s\n%q, want\n%q", name, what, got, want)
		}
	}
	same("spans", m.spans(t, s, project), m.wantSpans())
	same("traces", m.traces(t, s, project), m.wantTraces())
	by := rapid.SampledFrom([]spanstore.Dimension{spanstore.ByUser, spanstore.BySession}).Draw(r, "by")
	same("by "+string(by), m.groups(t, s, project, by), m.wantGroups(by))
	n, err := s.Count(t.Context(), project, m.q, func(int64, int64) error { return nil })
	if err != nil || n != int64(len(m.hits)) {
		r.Fatalf("%s: %d spans are counted, want %d: %v", name, n, len(m.hits), err)
	}
	table, err := s.Aggregate(t.Context(), project, spanstore.Aggregate{
		Where: m.q.Where, Since: m.q.Since, Until: m.q.Until, Metrics: []spanstore.Metric{spanstore.Count, spanstore.Traces},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, want := []string{}, []string{}
	for _, row := range table.Rows {
		got = append(got, fmt.Sprintf("%.0f %.0f", *row.Values[0], *row.Values[1]))
	}
	if len(m.hits) > 0 {
		want = append(want, fmt.Sprintf("%d %d", len(m.hits), len(m.wantTraces())))
	}
	same("figures", got, want)
}

func (m *textModel) spans(t *testing.T, s spanstore.Store, project string) (list []string) {
	for q := m.q; ; {
		p, err := s.Spans(t.Context(), project, q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Spans {
			list = append(list, fmt.Sprint(number(p.Spans[i].Span)))
		}
		if q.Cursor = p.Next; p.Next == "" {
			return list
		}
	}
}

func (m *textModel) wantSpans() (list []string) {
	hits := slices.Clone(m.hits)
	slices.SortFunc(hits, func(a, b *textSpan) int {
		return -slices.Compare([]float64{a.Start, float64(a.Trace), float64(a.ID)}, []float64{b.Start, float64(b.Trace), float64(b.ID)})
	})
	for _, h := range hits {
		list = append(list, fmt.Sprint(h.ID))
	}
	return list
}

func (m *textModel) traces(t *testing.T, s spanstore.Store, project string) (list []string) {
	for q := m.q; ; {
		p, err := s.Traces(t.Context(), project, q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Traces {
			list = append(list, fmt.Sprint(p.Traces[i].Trace, p.Traces[i].Spans))
		}
		if q.Cursor = p.Next; p.Next == "" {
			return list
		}
	}
}

// wantTraces are the traces with a hit, newest first, with all of their spans.
func (m *textModel) wantTraces() (list []string) {
	type sum struct {
		id    trace.ID
		start float64
		spans int
		hit   bool
	}
	sums := map[uint64]*sum{}
	for i := range m.all {
		one := &m.all[i]
		if sums[one.Trace] == nil {
			sums[one.Trace] = &sum{id: TraceID(one.Trace), start: one.Start}
		}
		x := sums[one.Trace]
		x.start = min(x.start, one.Start)
		x.spans++
		x.hit = x.hit || slices.Contains(m.hits, one)
	}
	var hit []*sum
	for _, x := range sums {
		if x.hit {
			hit = append(hit, x)
		}
	}
	slices.SortFunc(hit, func(a, b *sum) int {
		return -slices.Compare([]float64{a.start, float64(a.id.Lo())}, []float64{b.start, float64(b.id.Lo())})
	})
	for _, x := range hit {
		list = append(list, fmt.Sprint(x.id, x.spans))
	}
	return list
}

func (m *textModel) groups(t *testing.T, s spanstore.Store, project string, by spanstore.Dimension) (list []string) {
	for q := m.q; ; {
		p, err := s.Groups(t.Context(), project, by, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range p.Groups {
			list = append(list, fmt.Sprint(g.Value, " ", g.Spans, " ", g.Traces))
		}
		if q.Cursor = p.Next; p.Next == "" {
			slices.Sort(list)
			return list
		}
	}
}

func (m *textModel) wantGroups(by spanstore.Dimension) (list []string) {
	spans, traces := map[string]int{}, map[string]map[uint64]bool{}
	for _, h := range m.hits {
		v := h.user
		if by == spanstore.BySession {
			v = h.session
		}
		if v == "" {
			continue
		}
		if spans[v]++; traces[v] == nil {
			traces[v] = map[uint64]bool{}
		}
		traces[v][h.Trace] = true
	}
	for v, n := range spans {
		list = append(list, fmt.Sprint(v, " ", n, " ", len(traces[v])))
	}
	slices.Sort(list)
	return list
}
