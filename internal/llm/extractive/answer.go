package extractive

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/retrieve"
)

// sentence is a candidate for the answer.
type sentence struct {
	text     string
	terms    map[string]bool
	heading  map[string]bool // of the lines above it
	passage  map[string]bool // of the whole passage
	next     map[string]bool // of its neighbours
	score    float64
	coverage float64 // share of the question's weight that sentence and headings have
}

// The weights of where a word of the question is found, and what evidence is
// enough. They were set on the texts in testdata.
const (
	inHeading = 0.6
	inNext    = 0.25
	inPassage = 0.15
	typeBonus = 0.15
	enough    = 0.42 // of the question's weight, below which it declines
	second    = 0.75 // of the best score, above which another sentence is added
)

// answer is the text to reply.
func (p *prompt) answer() string {
	question := content(retrieve.Terms(p.question))
	sentences := p.sentences()
	if len(sentences) == 0 || len(question) == 0 {
		if p.decline != "" {
			return p.decline
		}
		return "There is no text to answer from."
	}
	weights := rarity(question, sentences)
	wants := expectation(p.question)
	for i := range sentences {
		sentences[i].rate(question, weights, wants)
	}
	slices.SortFunc(sentences, func(a, b sentence) int {
		if c := cmp.Compare(b.score, a.score); c != 0 {
			return c
		}
		return cmp.Compare(a.text, b.text)
	})
	best := sentences[0]
	if p.decline != "" && best.coverage < enough {
		return p.decline
	}
	chosen := []string{best.text}
	for _, s := range sentences[1:] {
		if len(chosen) == p.most || s.score < second*best.score {
			break
		}
		if !slices.Contains(chosen, s.text) {
			chosen = append(chosen, s.text)
		}
	}
	return strings.Join(chosen, " ")
}

// rate scores a sentence against the question.
func (s *sentence) rate(question []string, weights map[string]float64, wants *regexp.Regexp) {
	total := 0.0
	for _, term := range question {
		w := weights[term]
		total += w
		switch {
		case s.terms[term]:
			s.score += w
			s.coverage += w
		case s.heading[term]:
			s.score += inHeading * w
			s.coverage += w
		case s.next[term]:
			s.score += inNext * w
			s.coverage += inNext * w
		case s.passage[term]:
			s.score += inPassage * w
			s.coverage += inPassage * w
		}
	}
	if total == 0 {
		return
	}
	s.score, s.coverage = s.score/total, s.coverage/total
	if wants != nil && wants.MatchString(s.text) {
		s.score += typeBonus
	}
}

// rarity weighs the question's words by how few sentences have them; a word
// that stands nowhere weighs most, since it is evidence that is missing.
func rarity(question []string, sentences []sentence) map[string]float64 {
	weights := make(map[string]float64, len(question))
	n := float64(len(sentences))
	for _, term := range question {
		df := 0.0
		for i := range sentences {
			if sentences[i].terms[term] || sentences[i].heading[term] {
				df++
			}
		}
		weights[term] = math.Log(1 + (n+1)/(df+1))
	}
	return weights
}

// What a kind of question wants to find in a sentence.
var (
	anyNumber   = regexp.MustCompile(`\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|once|twice|half|quarter)\b`)
	anyPrice    = regexp.MustCompile(`[$€£¥]\s?\d|\d\s?(?:%|percent|dollars|euros|cents)|\b(?:free|no (?:extra )?c(?:ost|harge))\b`)
	anyDuration = regexp.MustCompile(`(?i)\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|quarters?|immediately|midnight|noon|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june|july|august|september|october|november|december|\d{1,2}:\d{2})\b`)
	anyPlace    = regexp.MustCompile(`>|\b(?:under|menu|page|tab|button|field|open|click|choose|select|in|at|on)\b`)
)

var kinds = []struct{ asks, wants *regexp.Regexp }{
	{regexp.MustCompile(`(?i)\b(?:how much|price|cost|costs|fee|charge|pay for|expensive|discount)\b`), anyPrice},
	{regexp.MustCompile(`(?i)\b(?:how long|when|how soon|how often|deadline|expire|until|wait|how old|period)\b`), anyDuration},
	{regexp.MustCompile(`(?i)\b(?:how many|maximum|minimum|limit|how big|how large|number of|size|most|at least)\b`), anyNumber},
	{regexp.MustCompile(`(?i)\b(?:where|which menu|which page|how do i|how can i|how to)\b`), anyPlace},
}

// expectation is what the question's kind wants; nil for no kind.
func expectation(question string) *regexp.Regexp {
	for _, k := range kinds {
		if k.asks.MatchString(question) {
			return k.wants
		}
	}
	return nil
}

// sentences are those of all passages, each with what stands around it.
func (p *prompt) sentences() []sentence {
	var all []sentence
	for _, passage := range p.passages {
		headings, bodies := split(passage)
		whole := setOf(passage)
		first := len(all)
		for i, text := range bodies {
			all = append(all, sentence{text: text, terms: setOf(text), heading: setOf(headings[i]), passage: whole})
		}
		for i := first; i < len(all); i++ {
			all[i].next = map[string]bool{}
			for _, j := range []int{i - 1, i + 1} {
				if j >= first && j < len(all) {
					for term := range all[j].terms {
						all[i].next[term] = true
					}
				}
			}
		}
	}
	return all
}

func setOf(text string) map[string]bool {
	set := map[string]bool{}
	for _, term := range retrieve.Terms(text) {
		set[term] = true
	}
	return set
}

// split takes a passage apart into sentences, each with the headings above it.
func split(passage string) (headings, sentences []string) {
	heading := ""
	for _, line := range strings.Split(passage, "\n") {
		line = strings.TrimSpace(line)
		if title := strings.TrimLeft(line, "#"); title != line {
			heading = strings.TrimSpace(heading + "\n" + strings.TrimSpace(title))
			continue
		}
		for _, s := range bySentence(strings.TrimLeft(line, "-*+>| \t")) {
			headings, sentences = append(headings, heading), append(sentences, s)
		}
	}
	return headings, sentences
}

// ending is where a sentence may end: a point, a question or an exclamation
// mark, before a blank and something that begins another.
var ending = regexp.MustCompile(`[.!?]["”’')*_]*\s+["“‘'(*_]*[\p{Lu}\d]`)

// abbreviation is a word before a point that does not end a sentence.
var abbreviation = regexp.MustCompile(`(?i)(?:\b(?:e\.g|i\.e|etc|vs|mr|mrs|ms|dr|no|nr|st|approx|inc|ltd)|\b[A-Z])\.$`)

func bySentence(line string) []string {
	var out []string
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	from := 0
	for _, at := range ending.FindAllStringIndex(line, -1) {
		stop := at[0] + strings.IndexAny(line[at[0]:at[1]], " \t")
		if abbreviation.MatchString(line[from:stop]) {
			continue
		}
		add(line[from:stop])
		from = stop
	}
	add(line[from:])
	return out
}
