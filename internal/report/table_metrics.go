package report

import (
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/gate"
)

// metrics lists the figures of both sides with their intervals for show: side
// by side where the terminal is wide enough for all of them, else one below
// the other, since half a figure is worse than none.
func (t *table) metrics() {
	now, before := t.in.figures(), t.in.baselineFigures()
	if now == nil || len(now.Metrics) == 0 {
		return
	}
	name, widest := 0, 0
	for i := range now.Metrics {
		m := &now.Metrics[i]
		name = max(name, columns(plain(label(m.Name, m.Slice))))
		widest = max(widest, columns(cell(m)), columns(cell(metric(before, m.Name, m.Slice))))
	}
	name = min(name, t.width/3)
	each := t.width - name - 2
	if before != nil {
		each = (t.width - name - 4) / 2
	}
	t.line()
	stacked := widest > each
	if heads := pad("Figures", name); before != nil && !stacked {
		t.line(t.paint.dim(heads + "  " + pad("baseline", each) + "  candidate"))
	} else {
		t.line(t.paint.dim("Figures"))
	}
	for i := range now.Metrics {
		m := &now.Metrics[i]
		title, other := plain(label(m.Name, m.Slice)), metric(before, m.Name, m.Slice)
		switch {
		case stacked && before != nil:
			t.line(cut(title, t.width))
			t.line(pad("  baseline", 13), withCounts(other, t.width-13))
			t.line(pad("  candidate", 13), withCounts(m, t.width-13))
		case stacked:
			t.line(cut(title, t.width))
			t.line("  ", withCounts(m, t.width-2))
		case before != nil:
			t.line(pad(cut(title, name), name), "  ", pad(withCounts(other, each), each), "  ", withCounts(m, each))
		default:
			t.line(pad(cut(title, name), name), "  ", withCounts(m, each))
		}
	}
	if list := methods(now); len(list) > 0 {
		t.text("  ", percent(now.Metrics[0].Level)+" intervals: "+strings.Join(list, "; "), t.paint.dim)
	}
}

// cell is a figure and its interval.
func cell(m *gate.Metric) string {
	if m == nil {
		return "–"
	}
	value, interval := withInterval(m)
	return strings.TrimRight(pad(value, 9)+" "+interval, " ")
}

// withCounts adds how many cases count and how many do not, as far as there is
// room.
func withCounts(m *gate.Metric, room int) string {
	s := cell(m)
	if m == nil {
		return s
	}
	for _, more := range []struct {
		n    int
		what string
	}{{m.N, "n"}, {m.Unscored, "unscored"}, {m.Errors, "errors"}} {
		add := "  " + more.what + " " + strconv.Itoa(more.n)
		if more.n > 0 && columns(s)+columns(add) <= room {
			s += add
		}
	}
	return s
}
