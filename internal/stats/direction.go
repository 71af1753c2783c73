package stats

// Validate refuses a question that no method answers, before any data is at
// hand.
func (q Question) Validate() error { return q.validate() }

// PassesAbove reports whether the rule passes above its threshold: a figure, a
// difference candidate − baseline or a ratio candidate ÷ baseline.
func (q Question) PassesAbove() bool {
	_, above := q.target()
	return above
}
