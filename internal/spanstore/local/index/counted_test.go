package index

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/trace"
)

func TestCount(t *testing.T) {
	llm, agent, tool := trace.KindLLM, trace.KindAgent, trace.KindTool
	n := func(span, parent uint64, kind trace.Kind, reports bool) node {
		return node{span: span, parent: parent, kind: kind, reports: reports}
	}
	for name, c := range map[string]struct {
		nodes []node
		want  []bool
	}{
		"none":                     {nil, []bool{}},
		"one call":                 {[]node{n(1, 0, llm, true)}, []bool{true}},
		"agent sums two calls":     {[]node{n(1, 0, agent, true), n(2, 1, llm, true), n(3, 1, llm, true)}, []bool{false, true, true}},
		"agent above silent calls": {[]node{n(1, 0, agent, true), n(2, 1, llm, false)}, []bool{true, false}},
		"client inside framework":  {[]node{n(1, 0, llm, true), n(2, 1, llm, true)}, []bool{false, true}},
		"across a silent span":     {[]node{n(1, 0, agent, true), n(2, 1, tool, false), n(3, 2, llm, true)}, []bool{false, false, true}},
		"step inside a call":       {[]node{n(1, 0, llm, true), n(2, 1, tool, true)}, []bool{true, false}},
		"step beside a call":       {[]node{n(1, 0, agent, true), n(2, 1, tool, true), n(3, 1, llm, true)}, []bool{false, true, true}},
		"step under a call that does not count": {
			[]node{n(1, 0, llm, true), n(2, 1, tool, true), n(3, 1, llm, true)}, []bool{false, true, true}},
		"child first":       {[]node{n(2, 1, llm, true), n(1, 0, agent, true)}, []bool{true, false}},
		"parent never came": {[]node{n(2, 1, llm, true), n(3, 1, llm, true)}, []bool{true, true}},
		"its own parent":    {[]node{n(1, 1, llm, true)}, []bool{true}},
		"a circle":          {[]node{n(1, 2, agent, true), n(2, 1, agent, true), n(3, 1, llm, true)}, []bool{false, true, true}},
	} {
		if got := count(c.nodes); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Of each line from root to leaf at most one span counts, and for each span
// that reports, it or one above or below it does.
func TestCountOncePerLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 12).Draw(t, "size")
		nodes := make([]node, size)
		for i := range nodes {
			nodes[i] = node{
				span: uint64(i + 1), parent: uint64(rapid.IntRange(0, i).Draw(t, "parent")), // a tree
				kind: trace.Kind(rapid.IntRange(0, 10).Draw(t, "kind")), reports: rapid.Bool().Draw(t, "reports"),
			}
		}
		above := func(a, b int) bool { // a is above b
			for p := nodes[b].parent; p != 0; p = nodes[p-1].parent {
				if int(p-1) == a {
					return true
				}
			}
			return false
		}
		// The spans may arrive in any order.
		order := rapid.Permutation(slices.Clone(nodes)).Draw(t, "order")
		counted := make([]bool, size)
		for i, c := range count(order) {
			counted[order[i].span-1] = c
		}
		for a := range nodes {
			covered := counted[a]
			for b := range nodes {
				if !above(a, b) && !above(b, a) {
					continue
				}
				covered = covered || counted[b]
				if counted[a] && counted[b] {
					t.Fatalf("%d and %d both count: %+v", a+1, b+1, nodes)
				}
			}
			if counted[a] && !nodes[a].reports {
				t.Fatalf("%d counts and reports nothing", a+1)
			}
			if nodes[a].reports && !covered {
				t.Fatalf("nothing counts for %d: %+v", a+1, nodes)
			}
		}
	})
}
