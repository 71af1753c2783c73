package evaluator

// Outcome is what an evaluator says about one answer.
type Outcome string

// Pass and Fail are about the candidate. Error means that the evaluator could
// not do its work: a judge that gave no valid reply, a command that crashed.
// Unscored means that the evaluator has nothing to say about this case.
const (
	Pass     Outcome = "pass"
	Fail     Outcome = "fail"
	Error    Outcome = "error"
	Unscored Outcome = "unscored"
)

// Score is what one evaluator thinks of one answer. An Error or Unscored has
// no Value and no Label.
type Score struct {
	Outcome Outcome  `json:"outcome"`
	Value   *float64 `json:"value,omitempty"`  // in the evaluator's Range; nil where it has none
	Label   string   `json:"label,omitempty"`  // of evaluators that label
	Reason  string   `json:"reason,omitempty"` // why, for a person; may quote short parts of the answer
}

// Range says where the values of an evaluator lie and which way is better.
type Range struct {
	Lo          float64 `json:"lo"`
	Hi          float64 `json:"hi"`      // equal to Lo when not bounded
	Bounded     bool    `json:"bounded"` // Lo and Hi hold
	LowerBetter bool    `json:"lower_better,omitempty"`
}

// unit is the range of shares: 0 is worst, 1 is best.
var unit = Range{Lo: 0, Hi: 1, Bounded: true}
