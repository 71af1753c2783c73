package extractive

import "github.com/assay-llmops/assay/internal/retrieve"

// Words that say nothing about what a question is after.
const common = `a about after all also am an and any are as at be because been before being but by can could did do does
doing done don't for from get gets got had has have having he her hers him his how i if in into is isn't it its itself
i'm i've just let like make makes many may me might mine more most much must my need no not of off on once one only or
other our ours out over own please shall she should so some such tell than that the their theirs them then there these
they this those through to too under up us use used using very want was we were what what's when where which while who
whom whose why will with would you your yours know happen happens still anyone someone something long often`

// ignored are their terms.
func ignored() map[string]bool {
	set := map[string]bool{}
	for _, term := range retrieve.Terms(common) {
		set[term] = true
	}
	return set
}

// content keeps the terms of a question that say something, each once; all of
// them when none does.
func content(terms []string) []string {
	skip := ignored()
	kept := unique(terms, func(t string) bool { return !skip[t] })
	if len(kept) == 0 {
		return unique(terms, func(string) bool { return true })
	}
	return kept
}

func unique(terms []string, keep func(string) bool) []string {
	seen := map[string]bool{}
	var out []string
	for _, t := range terms {
		if keep(t) && !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}
