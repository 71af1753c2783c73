package index

import "github.com/assay-llmops/assay/internal/trace"

// node is what is kept in memory of a span of a recent trace: what duplicates
// and counting are decided by, and where its row is.
type node struct {
	span, parent uint64
	start        int64
	ref          Ref
	generation   uint32 // of the hot tables that the row is in; in the cold ones when it is an older one
	row          int32  // 1-based place in the buffer that is being flushed; 0 when it is in a table
	kind         trace.Kind
	reports      bool // tells usage or cost
	ended        bool
	counted      bool
}

// count says of each span of a trace whether its usage and cost are in sums.
//
// Of a call that is billed, usage arrives more than once: on the model's span,
// again on the agent's that called it, and on a client's span inside the
// framework's. So, of spans on one line from root to leaf, one counts: the
// lowest billed one that reports usage; where none of them is billed, the lowest
// one that reports. Each span that reports either counts, or a span above or
// below it does.
//
// Parents that form a circle, which no honest sender makes, are cut apart.
func count(nodes []node) []bool {
	order, parent := upwards(nodes)
	n := len(nodes)
	below, billedBelow := make([]bool, n), make([]bool, n) // a span below reports; a billed one does
	counted := make([]bool, n)
	for _, i := range order {
		reports, billed := nodes[i].reports, nodes[i].reports && nodes[i].kind.Billed()
		counted[i] = billed && !billedBelow[i]
		if p := parent[i]; p >= 0 {
			below[p] = below[p] || below[i] || reports
			billedBelow[p] = billedBelow[p] || billedBelow[i] || billed
		}
	}
	above := make([]bool, n) // a billed span above counts
	for k := n - 1; k >= 0; k-- {
		i := order[k]
		if p := parent[i]; p >= 0 {
			above[i] = above[p] || counted[p]
		}
		if nodes[i].reports && !nodes[i].kind.Billed() {
			counted[i] = !below[i] && !above[i]
		}
	}
	return counted
}

// upwards orders spans so that each stands before its parent, and gives each
// one's parent as an index, -1 where it is not there or the link closes a circle.
func upwards(nodes []node) (order, parent []int) {
	at := make(map[uint64]int, len(nodes))
	for i := range nodes {
		at[nodes[i].span] = i
	}
	parent = make([]int, len(nodes))
	children := make([]int, len(nodes))
	for i := range nodes {
		parent[i] = -1
		if p, ok := at[nodes[i].parent]; ok && nodes[i].parent != 0 {
			parent[i] = p
			children[p]++
		}
	}
	order = make([]int, 0, len(nodes))
	placed := make([]bool, len(nodes))
	// up places i and every parent that waits for nobody else.
	up := func(i int) {
		for i >= 0 && !placed[i] && children[i] == 0 {
			placed[i] = true
			order = append(order, i)
			if i = parent[i]; i >= 0 {
				children[i]--
			}
		}
	}
	for i := range nodes {
		up(i)
	}
	for i := range nodes { // only circles are left: cut each of their links
		if !placed[i] {
			placed[i] = true
			parent[i] = -1
			order = append(order, i)
		}
	}
	return order, parent
}
