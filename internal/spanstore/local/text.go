package local

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/local/token"
)

// textCond is a condition on the text of a span: that one of its texts fits, or,
// negated, that it has texts and none of them fits.
type textCond struct {
	fits    func(text []byte) bool
	tokens  [][]byte              // that a text which fits has; none where that is not known
	needs   needs                 // what the bytes of a message with such a text hold
	mayBeAt func(seglog.Ref) bool // what the filters of the log say of the tokens
	negated bool
}

func newTextCond(c *filter.Cond) (t textCond, err error) {
	switch c.Op {
	case filter.Words:
		words := token.NewPhrase(c.Value.Text)
		t.tokens = words.Tokens()
		t.needs = needsOf(t.tokens)
		t.fits = words.In
	case filter.Match, filter.NoMatch:
		re, err := regexp.Compile(c.Value.Text)
		if err != nil {
			return t, fmt.Errorf("reading the expression of text: %w", err)
		}
		t.negated = c.Op == filter.NoMatch
		t.fits = re.Match
	default:
		return t, fmt.Errorf("text cannot be compared with %s: %w", c.Op, spanstore.ErrUnsupported)
	}
	return t, nil
}

// errEnough ends a walk over texts.
var errEnough = errors.New("enough is known")

// holds says whether the condition is true of the span.
func (t *textCond) holds(o *opened) (bool, error) {
	some, found := false, false
	err := o.texts(func(text []byte) error {
		some = true
		if found = t.fits(text); found {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return false, err
	}
	return found != t.negated && some, nil
}
