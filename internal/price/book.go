package price

import (
	"math/big"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
)

// Book is a set of dated prices. It does not change after Load and is safe for
// concurrent use.
type Book struct {
	files   []File
	asOf    string
	entries map[string][]entry // provider -> prices, later files first
}

// entry is one price of one model from a date on, in pico-dollars per token.
type entry struct {
	pattern    pattern
	from       time.Time // first day, UTC
	above      int64     // applies to calls with more input tokens than this
	layer      int       // number of the file: a later one wins
	input      int64
	cached     int64
	cacheWrite int64
	output     int64
}

// AsOf is the date, YYYY-MM-DD, at which the built-in prices were last checked.
func (b *Book) AsOf() string { return b.asOf }

// Cost is what a call cost in nano-dollars, rounded half up once. It is not
// known when the usage is not, when no price fits the model at that time, or
// when the parts of the usage exceed the whole. Tokens read from the provider's
// cache and written to it cost the price of input where the book has none for
// them.
func (b *Book) Cost(provider, model string, at time.Time, u llm.Usage) (nanos int64, known bool) {
	if !u.Known || u.InputTokens < 0 || u.OutputTokens < 0 || u.CachedTokens < 0 || u.CacheWriteTokens < 0 {
		return 0, false
	}
	e := b.find(provider, model, at, u.InputTokens)
	fresh := u.InputTokens - u.CachedTokens - u.CacheWriteTokens
	if e == nil || fresh < 0 {
		return 0, false
	}
	sum := new(big.Int)
	for _, part := range [...][2]int64{
		{fresh, e.input}, {u.CachedTokens, e.cached}, {u.CacheWriteTokens, e.cacheWrite}, {u.OutputTokens, e.output},
	} {
		sum.Add(sum, new(big.Int).Mul(big.NewInt(part[0]), big.NewInt(part[1])))
	}
	sum.Add(sum, big.NewInt(500)).Quo(sum, big.NewInt(1000)) // pico to nano, half up; never negative
	if !sum.IsInt64() {
		return 0, false
	}
	return sum.Int64(), true
}

// Knows reports whether the book has a price for the model at that time.
func (b *Book) Knows(provider, model string, at time.Time) bool {
	return b.find(provider, model, at, 0) != nil
}

// find returns the price that fits best: of the most particular pattern, then
// of the later file, the later date and the higher tier.
func (b *Book) find(provider, model string, at time.Time, input int64) *entry {
	var best *entry
	var bestFit int
	for i := range b.entries[provider] {
		e := &b.entries[provider][i]
		fit := e.pattern.fit(model)
		if fit == 0 || e.from.After(at) || (e.above > 0 && input <= e.above) {
			continue
		}
		if best == nil || e.beats(fit, best, bestFit) {
			best, bestFit = e, fit
		}
	}
	return best
}

func (e *entry) beats(fit int, other *entry, otherFit int) bool {
	switch {
	case e.layer != other.layer:
		return e.layer > other.layer
	case fit != otherFit:
		return fit > otherFit
	case !e.from.Equal(other.from):
		return e.from.After(other.from)
	}
	return e.above > other.above
}

// pattern is a model's name, in which one or more * stand for any text.
type pattern string

// fit says how particularly p fits model: 0 not at all; more for more letters
// that p fixes; a name that is equal fits best. A name without * also fits its
// dated snapshots: gpt-5-mini fits gpt-5-mini-2025-08-07, claude-opus-4-1 fits
// claude-opus-4-1-20250805 and claude-opus-4-1@20250805.
func (p pattern) fit(model string) int {
	name := string(p)
	if !strings.Contains(name, "*") {
		rest, ok := strings.CutPrefix(model, name)
		switch {
		case !ok:
			return 0
		case rest == "":
			return 4*len(name) + 4
		case isSnapshot(rest):
			return 4*len(name) + 2
		}
		return 0
	}
	if !matches(name, model) {
		return 0
	}
	return 4*(len(name)-strings.Count(name, "*")) + 1
}

// isSnapshot reports whether what follows a model's name is a date or the word
// latest: -2025-08-07, -20250807, @20250807, -latest.
func isSnapshot(rest string) bool {
	if rest == "-latest" {
		return true
	}
	if rest[0] != '-' && rest[0] != '@' {
		return false
	}
	digits := strings.ReplaceAll(rest[1:], "-", "")
	return len(digits) == 8 && onlyDigits(digits)
}

// matches reports whether text is what pattern says, * standing for any text.
func matches(pattern, text string) bool {
	head, tail, found := strings.Cut(pattern, "*")
	if !found {
		return pattern == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	for rest := text[len(head):]; ; rest = rest[1:] {
		if matches(tail, rest) {
			return true
		}
		if rest == "" {
			return false
		}
	}
}
