package extractive

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/retrieve"
)

// weights say how much it counts where a word of the question is found, and
// what evidence is enough.
type weights struct {
	heading, next, passage float64 // against the sentence's own words, which count 1
	light                  float64 // of a common word against others
	missing                float64 // of a word that no passage has, against the rarest that one has
	kind                   float64 // added when a sentence has what the kind of question wants
	enough                 float64 // of the question's weight, below which it declines
	second                 float64 // of the best score, above which another sentence is added
}

// tuned are the weights that answered best on testdata/dev; TestDevelopment
// prints what others would do.
func tuned() weights {
	return weights{heading: 0.6, next: 0.4, passage: 0.2, light: 0.4, missing: 0.8, kind: 0.1, enough: 0.36, second: 0.5}
}

// sentence is a candidate for the answer. A row has a value in [0, 1] for each
// of the question's terms: how well it is found there.
type sentence struct {
	text    string
	own     []float64
	heading []float64
	passage []float64 // of all its sentences and headings
	next    []float64 // of its neighbours
	states  kind      // kinds of question that it has something for
	score   float64
	found   float64 // share of the question's weight that is found in it and around it
}

// answer is the text to reply.
func (m *model) answer(p *prompt) string {
	terms := m.lexicon.terms(p.question)
	sentences := newMatcher(m.lexicon, terms).read(p.passages)
	if len(sentences) == 0 || len(terms) == 0 {
		if p.decline != "" {
			return p.decline
		}
		return "There is no text to answer from."
	}
	m.rate(p.question, terms, sentences)
	best := &sentences[0]
	if p.decline != "" && best.found < m.weights.enough {
		return p.decline
	}
	var chosen []string
	for i := range sentences {
		s := &sentences[i]
		if len(chosen) == p.most || s.score < m.weights.second*best.score {
			break
		}
		if !slices.Contains(chosen, s.text) {
			chosen = append(chosen, s.text)
		}
	}
	return strings.Join(chosen, " ")
}

// rate scores the sentences and sorts them, best first.
func (m *model) rate(question string, terms []term, sentences []sentence) {
	rarity := m.rarity(terms, sentences)
	total := 0.0
	for _, w := range rarity {
		total += w
	}
	wants := expectation(question)
	for i := range sentences {
		s := &sentences[i]
		for t, w := range rarity {
			around := max(m.weights.heading*s.heading[t], m.weights.next*s.next[t], m.weights.passage*s.passage[t])
			s.score += w * max(s.own[t], around)
			s.found += w * max(s.own[t], s.heading[t], m.weights.next*s.next[t], m.weights.passage*s.passage[t])
		}
		s.score /= total
		s.found = coarse(s.found / total)
		if strings.HasSuffix(s.text, "?") {
			s.score /= 2 // it asks, too
		}
		if s.states&wants != 0 {
			s.score += m.weights.kind
		}
		s.score = coarse(s.score)
	}
	slices.SortFunc(sentences, func(a, b sentence) int {
		if c := cmp.Compare(b.score, a.score); c != 0 {
			return c
		}
		return cmp.Compare(a.text, b.text)
	})
}

// coarse drops the last digits, in which processors differ that add a product in
// one step, so that they break the same ties.
func coarse(x float64) float64 { return math.Round(x*1e9) / 1e9 }

// rarity weighs the question's terms by how few sentences have them.
func (m *model) rarity(terms []term, sentences []sentence) []float64 {
	out := make([]float64, len(terms))
	n := float64(len(sentences))
	for t := range terms {
		df := 0.0
		for i := range sentences {
			df += max(sentences[i].own[t], sentences[i].heading[t])
		}
		out[t] = math.Log(1 + (n+1)/(max(df, 0.5)+1))
		if df == 0 {
			out[t] *= m.weights.missing
		}
		if terms[t].light {
			out[t] *= m.weights.light
		}
	}
	return out
}

// read finds the terms in each sentence of the passages and around it. Passages
// are taken in an order of their own, so that sums over sentences come out the
// same whatever order they stood in.
func (m *matcher) read(passages []string) []sentence {
	var all []sentence
	for _, passage := range slices.Sorted(slices.Values(passages)) {
		first := len(all)
		whole := m.row(nil)
		headings := map[string][]float64{}
		for _, l := range split(passage) {
			heading, ok := headings[l.heading]
			if !ok {
				heading = m.row(retrieve.Words(l.heading))
				headings[l.heading] = heading
			}
			s := sentence{text: l.text, heading: heading, passage: whole, next: m.row(nil)}
			words := retrieve.Words(l.text)
			s.own, s.states = m.row(words), m.lexicon.states(l.text, words)
			raise(whole, s.own)
			raise(whole, heading)
			all = append(all, s)
		}
		for i := first; i < len(all); i++ {
			if i > first {
				raise(all[i].next, all[i-1].own)
			}
			if i+1 < len(all) {
				raise(all[i].next, all[i+1].own)
			}
		}
	}
	return all
}

// row is how well each term is found among the words of a text.
func (m *matcher) row(words []string) []float64 {
	row := make([]float64, len(m.terms))
	for _, word := range words {
		for _, f := range m.find(word) {
			row[f.term] = max(row[f.term], f.alike)
		}
	}
	return row
}

func raise(row, by []float64) {
	for i, v := range by {
		row[i] = max(row[i], v)
	}
}
