package trace

import (
	"fmt"
	"math"
)

// Target is what a score is about. Exactly one of Trace (with Span for a step
// of it), Session and Case is set.
type Target struct {
	Trace   ID     `json:"trace,omitzero"`
	Span    SpanID `json:"span,omitzero"`
	Session string `json:"session,omitempty"`
	Case    string `json:"case,omitempty"`
}

// Score is a number, a label or a text about a span, trace, session or case.
// Its ID makes writing it idempotent: a later score of the same id replaces the
// earlier one. Where several scores of one name are about one target, queries
// use the latest.
type Score struct {
	ID      string   `json:"id"`
	Target  Target   `json:"target"`
	Name    string   `json:"name"`
	Value   *float64 `json:"value,omitempty"` // finite
	Label   string   `json:"label,omitempty"`
	Text    string   `json:"text,omitempty"`
	Source  string   `json:"source,omitempty"` // evaluator, person, user, sdk, or as sent
	Comment string   `json:"comment,omitempty"`
	Time    int64    `json:"time"` // UTC nanoseconds: when it was made
}

// Check says what is wrong with the score, nil when nothing is.
func (s *Score) Check() error {
	targets := 0
	for _, set := range []bool{!s.Target.Trace.IsZero(), s.Target.Session != "", s.Target.Case != ""} {
		if set {
			targets++
		}
	}
	switch {
	case s.ID == "":
		return fmt.Errorf("a score needs an id: it makes a retry harmless")
	case s.Name == "":
		return fmt.Errorf("score %q needs a name", s.ID)
	case targets != 1:
		return fmt.Errorf("score %q needs one target: a trace (with a span for one step), a session or a case", s.ID)
	case !s.Target.Span.IsZero() && s.Target.Trace.IsZero():
		return fmt.Errorf("score %q names a span without its trace", s.ID)
	case s.Value == nil && s.Label == "" && s.Text == "":
		return fmt.Errorf("score %q needs a value, a label or a text", s.ID)
	case s.Value != nil && (math.IsNaN(*s.Value) || math.IsInf(*s.Value, 0)):
		return fmt.Errorf("score %q has a value that is no finite number", s.ID)
	}
	return nil
}
