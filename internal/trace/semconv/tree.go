package semconv

import (
	"slices"
	"strconv"
	"strings"
)

// maxSegments is how deep a flattened key may go.
const maxSegments = 24

// node is a part of a structure that was flattened into attributes.
type node struct {
	leaf any
	kids map[string]*node
}

// unflatten rebuilds what stands under prefix in keys such as
// llm.input_messages.10.message.role. Numbers become lists in their order, so
// that 10 follows 9, and gaps close, so that a huge index costs nothing. A key
// that is itself a value (gen_ai.prompt beside gen_ai.prompt.0.role) is not
// part of it. The result is nil when there is nothing under prefix.
func unflatten(at map[string]any, prefix string) any {
	root := &node{}
	for key, v := range at {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok || len(rest) < 2 || rest[0] != '.' || strings.Count(rest, ".") > maxSegments {
			continue
		}
		n := root
		for segment := range strings.SplitSeq(rest[1:], ".") {
			kid := n.kids[segment]
			if kid == nil {
				if kid = (&node{}); n.kids == nil {
					n.kids = map[string]*node{}
				}
				n.kids[segment] = kid
			}
			n = kid
		}
		n.leaf = v
	}
	return root.value()
}

func (n *node) value() any {
	if n.kids == nil {
		return n.leaf
	}
	type entry struct {
		index uint64
		key   string
	}
	entries := make([]entry, 0, len(n.kids))
	numbered := true
	for key := range n.kids {
		i, err := strconv.ParseUint(key, 10, 64)
		numbered = numbered && err == nil
		entries = append(entries, entry{i, key})
	}
	if !numbered {
		m := make(map[string]any, len(entries))
		for _, e := range entries {
			m[e.key] = n.kids[e.key].value()
		}
		return m
	}
	slices.SortFunc(entries, func(a, b entry) int {
		switch {
		case a.index < b.index:
			return -1
		case a.index > b.index:
			return 1
		default:
			return strings.Compare(a.key, b.key) // "1" and "01"
		}
	})
	list := make([]any, 0, len(entries))
	for _, e := range entries {
		list = append(list, n.kids[e.key].value())
	}
	return list
}
