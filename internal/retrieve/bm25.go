package retrieve

import (
	"cmp"
	"math"
	"slices"
)

// The parameters of BM25, as in Lucene and most others.
const (
	k1 = 1.2
	b  = 0.75
)

// bm25 ranks texts by Okapi BM25 (Robertson & Zaragoza 2009) with the idf
// ln(1 + (N - n + 0.5)/(n + 0.5)), which is never negative.
type bm25 struct {
	postings map[string][]posting // by term, in order of the texts
	norms    []float64            // k1·(1 − b + b·length/average) of each text
}

type posting struct {
	text  int32
	count int32
}

type hit struct {
	chunk int
	score float64
}

func rank(texts []string) *bm25 {
	r := &bm25{postings: map[string][]posting{}, norms: make([]float64, len(texts))}
	total := 0
	for i, text := range texts {
		terms := Terms(text)
		total += len(terms)
		r.norms[i] = float64(len(terms))
		for _, term := range terms {
			list := r.postings[term]
			if n := len(list); n > 0 && list[n-1].text == int32(i) {
				list[n-1].count++
			} else {
				list = append(list, posting{int32(i), 1})
			}
			r.postings[term] = list
		}
	}
	average := float64(total) / float64(max(1, len(texts)))
	for i, length := range r.norms {
		r.norms[i] = k1 * (1 - b + b*length/max(average, 1))
	}
	return r
}

// search sums over the query's distinct terms in the order in which they first
// stand, so that equal queries give bit-identical scores.
func (r *bm25) search(query string, k int) []hit {
	scores := map[int32]float64{}
	seen := map[string]bool{}
	n := float64(len(r.norms))
	for _, term := range Terms(query) {
		if seen[term] {
			continue
		}
		seen[term] = true
		list := r.postings[term]
		df := float64(len(list))
		idf := math.Log(1 + (n-df+0.5)/(df+0.5))
		for _, p := range list {
			tf := float64(p.count)
			scores[p.text] += idf * tf * (k1 + 1) / (tf + r.norms[p.text])
		}
	}
	hits := make([]hit, 0, len(scores))
	for text, score := range scores {
		hits = append(hits, hit{int(text), score})
	}
	// Texts are in order of their ids, so the smaller index breaks a tie by id.
	slices.SortFunc(hits, func(a, b hit) int {
		if c := cmp.Compare(b.score, a.score); c != 0 {
			return c
		}
		return cmp.Compare(a.chunk, b.chunk)
	})
	return hits[:min(k, len(hits))]
}
