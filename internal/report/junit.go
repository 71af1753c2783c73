package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/gate"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string     `xml:"name,attr"`
	Class   string     `xml:"classname,attr"`
	Time    string     `xml:"time,attr,omitempty"` // seconds
	Skipped *junitSays `xml:"skipped"`
	Error   *junitSays `xml:"error"`
	Failure *junitSays `xml:"failure"`
	Out     *junitText `xml:"system-out"`
}

type junitText struct {
	Text string `xml:",cdata"` // clean
}

type junitSays struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",cdata"` // clean: nothing is escaped here
}

// JUnit writes the report as JUnit XML: one suite of the gate's rules, then
// one suite for each evaluator with a test for each case and repeat.
//
// A broken rule is a failure, an undecided rule and a withheld verdict are
// errors, a rule that does not apply is skipped. Without a gate a failed case is
// a failure and what the world failed an error; with one the rules decide, and
// such cases are skipped with what they are. Cases that an evaluator did not
// judge are skipped.
func JUnit(w io.Writer, in *Input) error {
	all := junitSuites{Name: "assay " + in.name()}
	if in.Verdict != nil {
		all.add(rulesSuite(in))
	}
	for _, name := range in.evaluators() {
		all.add(evaluatorSuite(in, name))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing JUnit: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(&all); err != nil {
		return fmt.Errorf("writing JUnit: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("writing JUnit: %w", err)
	}
	return nil
}

func (all *junitSuites) add(s junitSuite) {
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	s.Tests = len(s.Cases)
	all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	all.Suites = append(all.Suites, s)
}

func stamp(h *eval.Header) string {
	if h.Started == 0 {
		return ""
	}
	return time.Unix(0, h.Started).UTC().Format("2006-01-02T15:04:05")
}

func rulesSuite(in *Input) junitSuite {
	v := in.Verdict
	s := junitSuite{Name: "gate " + in.name(), Timestamp: stamp(&in.Candidate.Header)}
	for i := range v.Rules {
		s.Cases = append(s.Cases, ruleCase(in.name(), &v.Rules[i]))
	}
	if v.Outcome == gate.Withheld {
		s.Cases = append(s.Cases, junitCase{Name: "verdict", Class: "gate." + in.name(), Error: &junitSays{Type: "withheld", Message: v.Summary}})
	}
	return s
}

func ruleCase(name string, r *gate.RuleResult) junitCase {
	c := junitCase{Name: r.Text, Class: "gate." + name}
	text := strings.Join(details(r), ", ")
	if h := holm(r); h != "" {
		text += "\n" + h
	}
	if len(r.WorstCases) > 0 {
		text += "\nworst cases: " + strings.Join(r.WorstCases, ", ")
	}
	says := &junitSays{Type: string(r.Outcome), Message: r.Reason, Text: clean(text)}
	switch r.Outcome {
	case gate.Fail:
		c.Failure = says
	case gate.Undecided:
		c.Error = says
	case gate.NotApplicable:
		c.Skipped = &junitSays{Message: r.Reason}
	default:
		c.Out = &junitText{clean(r.Reason + "\n" + text)}
	}
	return c
}

func evaluatorSuite(in *Input, name string) junitSuite {
	s := junitSuite{Name: "evaluator " + name, Timestamp: stamp(&in.Candidate.Header)}
	class := "evaluator." + name
	for i := range in.Candidate.Records {
		r := &in.Candidate.Records[i]
		c := junitCase{Name: r.Case, Class: class}
		if in.Candidate.Header.Repeats > 1 {
			c.Name += " repeat " + strconv.Itoa(r.Repeat+1)
		}
		if r.Timing.Total > 0 {
			c.Time = strconv.FormatFloat(time.Duration(r.Timing.Total).Seconds(), 'f', 3, 64)
		}
		c.judge(r, name)
		if in.Verdict != nil {
			c.leaveToRules()
		}
		s.Cases = append(s.Cases, c)
	}
	return s
}

// leaveToRules takes the red from a case: a gate that passes at 90 % must not
// turn a test page red.
func (c *junitCase) leaveToRules() {
	switch {
	case c.Failure != nil:
		c.Skipped, c.Failure = &junitSays{Message: "fail: " + c.Failure.Message}, nil
	case c.Error != nil:
		c.Skipped, c.Error = &junitSays{Message: "error: " + c.Error.Message}, nil
	}
}

// judge sets how a test ended.
func (c *junitCase) judge(r *eval.Record, name string) {
	score := r.Scores[name]
	says := &junitSays{Type: string(score.Outcome), Message: score.Reason}
	switch {
	case r.Error != nil:
		c.Error = &junitSays{Type: string(r.Error.Kind), Message: r.Error.Error()}
	case score.Outcome == evaluator.Fail:
		c.Failure = says
	case score.Outcome == evaluator.Error:
		c.Error = says
	case score.Outcome != evaluator.Pass:
		c.Skipped = &junitSays{Message: score.Reason}
	}
}
