package retrieve

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// The parameters of BM25, as in Lucene and most others.
const (
	k1 = 1.2
	b  = 0.75
)

// bm25 ranks texts by Okapi BM25 (Robertson & Zaragoza, The Probabilistic
// Relevance Framework, 2009): over the distinct terms of a query the sum of
//
//	idf · tf · (k1 + 1) / (tf + k1 · (1 − b + b · length / average length))
//
// with idf = ln(1 + (N − n + 0.5) / (n + 0.5)), which is always positive, for
// N texts of which n have the term, and tf the term's count in the text.
type bm25 struct {
	lists map[string]postings // by term
	norms []float64           // k1 · (1 − b + b · length / average length) of each text
}

// postings says which texts have a term, and how often: for each text the
// distance to the one before and the count, both as varints. It stays packed,
// so that a kept index is ready as soon as it is read.
type postings struct {
	Texts  int
	Packed []byte
}

// hit is a text that was found.
type hit struct {
	text  int
	score float64
}

// rank indexes texts.
func rank(texts []string) *bm25 {
	type open struct {
		postings
		last int
	}
	lists := map[string]*open{}
	lengths := make([]int, len(texts))
	total := 0
	stems := map[string]string{} // a stem takes ten times longer to find than a word
	counts := map[string]uint64{}
	for i, text := range texts {
		words := Words(text)
		lengths[i] = len(words)
		total += len(words)
		clear(counts)
		for _, w := range words {
			stem, known := stems[w]
			if !known {
				stem = Stem(w)
				stems[w] = stem
			}
			counts[stem]++
		}
		for t, n := range counts {
			list := lists[t]
			if list == nil {
				list = &open{}
				lists[t] = list
			}
			list.Texts++
			list.Packed = binary.AppendUvarint(list.Packed, uint64(i-list.last))
			list.Packed = binary.AppendUvarint(list.Packed, n)
			list.last = i
		}
	}
	r := &bm25{lists: make(map[string]postings, len(lists)), norms: make([]float64, len(texts))}
	for t, list := range lists {
		r.lists[t] = list.postings
	}
	average := math.Max(1, float64(total)/math.Max(1, float64(len(texts))))
	for i, n := range lengths {
		r.norms[i] = k1 * (1 - b + b*float64(n)/average)
	}
	return r
}

// search returns the k best texts, best first; the smaller index first where
// scores are equal. Sums are made in the order in which the query's terms first
// stand, so that equal queries give bit-identical scores.
func (r *bm25) search(query string, k int) []hit {
	if k <= 0 {
		return nil
	}
	var touched []int
	scores := make([]float64, len(r.norms))
	seen := map[string]bool{}
	for _, t := range Terms(query) {
		list := r.lists[t]
		if seen[t] || list.Texts == 0 {
			continue
		}
		seen[t] = true
		n := float64(list.Texts)
		idf := math.Log(1 + (float64(len(r.norms))-n+0.5)/(n+0.5))
		text, packed := 0, list.Packed
		for range list.Texts {
			step, size := binary.Uvarint(packed)
			count, more := binary.Uvarint(packed[size:])
			packed = packed[size+more:]
			text += int(step)
			if scores[text] == 0 {
				touched = append(touched, text)
			}
			tf := float64(count)
			scores[text] += idf * tf * (k1 + 1) / (tf + r.norms[text])
		}
	}
	return best(touched, scores, k)
}

// best keeps the k best of the texts, in order.
func best(texts []int, scores []float64, k int) []hit {
	kept := make([]hit, 0, min(k, len(texts)))
	for _, text := range texts {
		h := hit{text, scores[text]}
		if len(kept) == k && inOrder(kept[k-1], h) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(kept, h, inOrder)
		if len(kept) == k {
			kept = kept[:k-1]
		}
		kept = slices.Insert(kept, at, h)
	}
	return kept
}

// inOrder compares hits as they are listed: the better score first, then the
// smaller index, which is the smaller id.
func inOrder(a, b hit) int {
	if c := cmp.Compare(b.score, a.score); c != 0 {
		return c
	}
	return cmp.Compare(a.text, b.text)
}
