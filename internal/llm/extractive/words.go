package extractive

import (
	"strings"

	"github.com/assay-llmops/assay/internal/retrieve"
)

// Words that say nothing about what a question is after.
const empty = `a about after all also am an and any are as at be because been before being both but by can can't cannot
could did didn't do does doesn't doing don't done else ever for from get gets got had has have having he her hers here
him his how i i'd i'll i'm i've if in instead into is isn't it its itself just let like make makes many may me might
mine more most much must my myself need no not now of off on once one only onto or other our ours out over own please
shall she should since so some such tell than that that's the their theirs them themselves then there these they this
those though through to too under until up upon us use used using very want was we were what what's when where whether
which while who whom whose why will with within without won't would yet you your yours yourself know happen happens
still anyone anybody anything everyone everything someone somebody something somewhere anywhere often soon long far ago
already always never again`

// Words that say little: the commonest verbs, adverbs, times and measures.
const light = `able add allow allowed amount another ask available away back become begin best better bring called
change come day days different each early enough even every exactly few find first follow fully give given go good
great happening have help high hour hours keep kind large last late later least left less little live look lot low main
maximum mean minimum minute minutes month months move name near new next number old open part people per permitted
person place possible put question rather really run same say second see set several short show side since small start
stay stop sure take than thing things time times today together total try turn two type under way week weeks well whole
work year years`

// Forms that a stemmer cannot bring together.
const irregular = `began begin, begun begin, bent bend, bit bite, bitten bite, blew blow, bought buy, bound bind, broke break,
broken break, brought bring, built build, burnt burn, came come, caught catch, children child, chose choose, chosen choose,
cut cut, dealt deal, drank drink, drawn draw, drew draw, driven drive, drove drive, drunk drink, eaten eat, ate eat,
fallen fall, fed feed, feet foot, fell fall, felt feel, flew fly, flown fly, forbade forbid, forbidden forbid,
forgot forget, forgotten forget, fought fight, found find, froze freeze, frozen freeze, gave give, given give, gone go,
went go, grew grow, grown grow, heard hear, held hold, hid hide, hidden hide, hung hang, kept keep, knew know, known know,
laid lay, led lead, left leave, lent lend, lost lose, loss lose, made make, meant mean, men man, met meet, mice mouse,
paid pay, payable pay, ran run, rang ring, rung ring, ridden ride, rode ride, said say, sang sing, sat sit, saw see, seen see,
sent send, shone shine, shot shoot, shown show, shut shut, slept sleep, sold sell, sale sell, spent spend, spoke speak,
spoken speak, stole steal, stolen steal, stood stand, stuck stick, swam swim, swum swim, taken take, took take,
taught teach, teeth tooth, thought think, threw throw, thrown throw, told tell, torn tear, tore tear, understood understand,
women woman, woke wake, woken wake, won win, wore wear, worn wear, wound wind, written write, wrote write, dying die, lying lie, tying tie`

// lexicon is what the engine knows of English. It does not change once made.
type lexicon struct {
	empty     map[string]bool
	light     map[string]bool
	irregular map[string]string
	alike     map[string][]int // numbers of groups, by stem
	groups    [][]string       // their stems
	stated    map[string]kind
}

func newLexicon() *lexicon {
	l := &lexicon{empty: map[string]bool{}, light: map[string]bool{}, irregular: map[string]string{}, alike: map[string][]int{}, stated: map[string]kind{}}
	for _, w := range strings.Fields(empty) {
		l.empty[w] = true
	}
	for _, w := range strings.Fields(light) {
		l.light[w] = true
	}
	for _, pair := range strings.Split(irregular, ",") {
		if w := strings.Fields(pair); len(w) == 2 {
			l.irregular[w[0]] = w[1]
		}
	}
	for group, line := range strings.Split(alike, "\n") {
		members := retrieve.Terms(line)
		l.groups = append(l.groups, members)
		for _, w := range members {
			l.alike[w] = append(l.alike[w], group)
		}
	}
	for words, k := range map[string]kind{numerals: aNumber, money: aPrice, times: aTime} {
		for _, w := range strings.Fields(words) {
			l.stated[w] |= k
		}
	}
	return l
}

// stem is a word as it is compared.
func (l *lexicon) stem(word string) string {
	if base, ok := l.irregular[word]; ok {
		word = base
	}
	return retrieve.Stem(word)
}
