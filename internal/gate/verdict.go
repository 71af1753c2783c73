package gate

import "github.com/assay-llmops/assay/internal/canonical"

// VerdictFormat names the JSON form of a Verdict.
const VerdictFormat = "assay.verdict/1"

// Outcome of a rule or of a gate.
type Outcome string

// Pass: every rule holds. Fail: at least one rule is broken. Undecided: the
// cases at hand cannot tell. NotApplicable occurs for rules only.
const (
	Pass          Outcome = "pass"
	Fail          Outcome = "fail"
	Undecided     Outcome = "undecided"
	NotApplicable Outcome = "not_applicable" // a relative rule without a baseline
	Withheld      Outcome = "withheld"       // of a gate: too many errors to say anything
)

// Verdict is what a gate says, with its reasons.
type Verdict struct {
	Format     string       `json:"format"` // VerdictFormat
	Eval       string       `json:"eval"`   // name of the eval file
	Outcome    Outcome      `json:"outcome"`
	Summary    string       `json:"summary"` // one sentence
	Candidate  Side         `json:"candidate"`
	Baseline   *Side        `json:"baseline,omitempty"` // nil when there is none
	Unchanged  bool         `json:"unchanged"`          // both sides are the same in everything that counts
	Confidence float64      `json:"confidence"`
	Estimand   string       `json:"estimand"` // population or dataset
	Rules      []RuleResult `json:"rules"`
	Warnings   []string     `json:"warnings,omitempty"`
	Changes    []string     `json:"changes,omitempty"` // what differs between the sides, a line each
	Notes      []string     `json:"notes,omitempty"`   // such as which commit the baseline is, and why
}

// Side is one version on the dataset.
type Side struct {
	Name       string           `json:"name"` // config name
	Version    string           `json:"version"`
	Digest     canonical.Digest `json:"digest"`
	From       string           `json:"from"`
	Run        string           `json:"run"` // id
	Model      string           `json:"model"`
	Cases      int              `json:"cases"`
	Answers    int              `json:"answers"` // cases × repeats
	Errors     int              `json:"errors"`
	ErrorShare float64          `json:"error_share"`
	Faults     []Fault          `json:"faults,omitempty"`   // the errors by kind, most frequent first
	Calls      int              `json:"calls"`              // made in this run
	Cached     int              `json:"cached"`             // answered from the cache
	CostUSD    string           `json:"cost_usd,omitempty"` // of all answers; absent when any is unknown
	SpentUSD   string           `json:"spent_usd,omitempty"`
	Metrics    []Metric         `json:"metrics"` // a figure with its interval for show, for each evaluator and reserved metric
}

// Fault is a kind of error that the world made, with an example.
type Fault struct {
	Kind    string `json:"kind"`    // of llm.Error, or "evaluator NAME"
	Answers int    `json:"answers"` // that ended in it
	Example string `json:"example"` // the first message
	Case    string `json:"case"`    // where it occurred
}

// Metric is a figure of one side with its interval for show.
type Metric struct {
	Name        string  `json:"name"`  // NAME, NAME.score, cost_usd, ...
	Slice       string  `json:"slice"` // "" for all cases, "tag=billing"
	Value       float64 `json:"value"`
	Lower       float64 `json:"lower"`
	Upper       float64 `json:"upper"`
	HasInterval bool    `json:"has_interval"` // false where the cases are too few for one
	Level       float64 `json:"level"`        // of the interval, 0.95
	Method      string  `json:"method"`
	N           int     `json:"n"`        // cases that count
	Unscored    int     `json:"unscored"` // cases that do not
	Errors      int     `json:"errors"`
	Unit        string  `json:"unit"` // share, score, usd, ms, tokens
}

// RuleResult is one rule with its figures.
type RuleResult struct {
	Metric      string   `json:"metric"`
	Slice       string   `json:"slice,omitempty"` // "tag=billing"
	Rule        string   `json:"rule"`            // at_least, at_most, not_worse_by, better_by
	Bound       string   `json:"bound"`           // as written: 0.05, 10%
	Text        string   `json:"text"`            // "correct not_worse_by 0.05 (tag=billing)"
	Outcome     Outcome  `json:"outcome"`
	Reason      string   `json:"reason"`     // one sentence
	Estimate    float64  `json:"estimate"`   // of what the rule bounds: rate, difference or ratio
	HasBounds   bool     `json:"has_bounds"` // false where there were too few cases for the method
	Lower       float64  `json:"lower"`      // 95 % one-sided bounds (at confidence 0.95)
	Upper       float64  `json:"upper"`
	HolmLower   *float64 `json:"holm_lower,omitempty"` // where Holm moves the bound that decides a failure
	HolmUpper   *float64 `json:"holm_upper,omitempty"`
	Limit       float64  `json:"limit"` // where Estimate's scale has the bound: -0.05, 0.6, 1.10
	Scale       string   `json:"scale"` // value, difference or ratio
	Unit        string   `json:"unit"`
	Candidate   *float64 `json:"candidate,omitempty"` // the figure of each side
	Baseline    *float64 `json:"baseline,omitempty"`
	Method      string   `json:"method"`
	N           int      `json:"n"`
	Clusters    int      `json:"clusters,omitempty"`
	Errors      int      `json:"errors"`
	Unscored    int      `json:"unscored"`
	Regressed   int      `json:"regressed"` // cases that passed at the baseline only
	Improved    int      `json:"improved"`  // cases that pass now only
	NeedCases   int      `json:"need_cases,omitempty"`
	NoneWould   bool     `json:"none_would,omitempty"` // the estimate lies on the bound: no number of cases decides it
	ByIdentity  bool     `json:"by_identity,omitempty"`
	WorstCases  []string `json:"worst_cases,omitempty"` // ids, worst first
	Warnings    []string `json:"warnings,omitempty"`
	HigherFirst bool     `json:"higher_is_better"`
}
