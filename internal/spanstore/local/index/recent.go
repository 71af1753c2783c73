package index

import (
	"hash/maphash"
	"slices"

	"github.com/assay-llmops/assay/internal/trace"
)

type traceKey struct {
	project uint32
	id      trace.ID
}

// recent holds the spans of the traces that were touched last, within a bound:
// two generations, of which the older one is dropped when the younger is full.
type recent struct {
	young, old map[traceKey]*traceNodes
	nodes      int // in young
	limit      int
}

// traceNodes are the spans of one trace.
type traceNodes struct {
	nodes []node
	at    map[uint64]int32 // place by span id, made when there are many
}

const manyNodes = 32

func newRecent(limit int) *recent {
	return &recent{young: map[traceKey]*traceNodes{}, old: map[traceKey]*traceNodes{}, limit: limit}
}

// get returns the trace, nil when it is not among the recent ones.
func (r *recent) get(k traceKey) *traceNodes {
	if t := r.young[k]; t != nil {
		return t
	}
	t := r.old[k]
	if t != nil {
		delete(r.old, k)
		r.put(k, t)
	}
	return t
}

// put adds a trace.
func (r *recent) put(k traceKey, t *traceNodes) {
	r.young[k] = t
	r.nodes += len(t.nodes)
}

// turn drops the older generation when the younger one is full. The caller holds
// no trace across it.
func (r *recent) turn() {
	if r.nodes > r.limit {
		r.old, r.young, r.nodes = r.young, map[traceKey]*traceNodes{}, 0
	}
}

func (r *recent) drop(k traceKey) {
	delete(r.young, k)
	delete(r.old, k)
}

// dropBefore drops the traces of a project that have a span in an earlier segment
// than first.
func (r *recent) dropBefore(project, first uint32) {
	for _, traces := range []map[traceKey]*traceNodes{r.young, r.old} {
		for k, t := range traces {
			if k.project == project && slices.ContainsFunc(t.nodes, func(n node) bool { return n.ref.Segment < first }) {
				delete(traces, k)
			}
		}
	}
}

func (t *traceNodes) find(span uint64) *node {
	if len(t.nodes) < manyNodes {
		for i := range t.nodes {
			if t.nodes[i].span == span {
				return &t.nodes[i]
			}
		}
		return nil
	}
	if t.at == nil {
		t.at = make(map[uint64]int32, 2*len(t.nodes))
		for i := range t.nodes {
			t.at[t.nodes[i].span] = int32(i)
		}
	}
	if i, ok := t.at[span]; ok {
		return &t.nodes[i]
	}
	return nil
}

// add adds a span to a trace that get or put gave.
func (r *recent) add(t *traceNodes, n node) {
	r.nodes++
	if t.at != nil {
		t.at[n.span] = int32(len(t.nodes))
	}
	t.nodes = append(t.nodes, n)
}

// seen remembers, in fixed space, which traces the index may hold: it errs only
// towards yes, for about one new trace in 100,000. Beyond limit traces, those that
// were not touched longest are forgotten; a span that arrives for such a trace is
// taken for the first of a new one until the index is rebuilt.
type seen struct {
	seed       maphash.Seed
	young, old []uint64 // bits
	count      int      // in young
	limit      int
}

const (
	seenTraces = 4 << 20
	seenBits   = 24 // for each trace
	seenProbes = 8
)

func newSeen(limit int) *seen {
	return &seen{seed: maphash.MakeSeed(), young: make([]uint64, limit*seenBits/64+1), limit: limit}
}

// add remembers k and reports whether it may have been there.
func (s *seen) add(k traceKey) bool {
	h := maphash.Comparable(s.seed, k)
	if has(s.young, h) {
		return true
	}
	known := s.old != nil && has(s.old, h)
	for i := range uint64(seenProbes) {
		bit := probe(h, i, len(s.young))
		s.young[bit/64] |= 1 << (bit % 64)
	}
	if s.count++; s.count >= s.limit {
		s.old, s.young, s.count = s.young, make([]uint64, len(s.young)), 0
	}
	return known
}

func has(bits []uint64, h uint64) bool {
	for i := range uint64(seenProbes) {
		if bit := probe(h, i, len(bits)); bits[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
	}
	return true
}

// probe is the i-th bit of h in a filter of so many words.
func probe(h, i uint64, words int) uint64 {
	return (h + i*(h>>32|1)) % (uint64(words) * 64)
}
