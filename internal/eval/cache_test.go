package eval

import (
	"context"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/calls"
)

const judgeEval = rigEval + "  - {name: polite, type: judge, config: judge, rubric: Is it polite}\n"

const judgeConfig = "model: fake/judge\nmessages: [{role: user, content: \"{{ rubric }}? {{ output }} (right: {{ input.expected.answer }})\"}]\n"

const judgeScript = `rules:
  - {when: {model: judge, contains: "two ("}, reply: {content: {reason: short, pass: false}}}
  - {when: {model: judge}, reply: {content: {reason: fine, pass: true}}}
  - {reply: {content: 'You said {{ last_user }}', usage: {input_tokens: 100, output_tokens: 10}}}
`

// The first level: a call is made again only when what is asked has changed.
func TestCallsAreKept(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*rig)
		want   int64
	}{
		{"nothing changed", func(*rig) {}, 0},
		{"an evaluator edited", func(r *rig) { r.edit("evals/echo.yaml", "type: contains", "type: equals") }, 0},
		{"an evaluator added", func(r *rig) {
			r.write("evals/echo.yaml", rigEval+"  - {name: short, type: length, max: 99}\n")
		}, 0},
		{"a tag edited", func(r *rig) { r.edit("cases.jsonl", `"even"`, `"straight"`) }, 0},
		{"an expectation edited", func(r *rig) { r.edit("cases.jsonl", "drei", "three") }, 0},
		{"an id edited", func(r *rig) { r.edit("cases.jsonl", `"id":"a"`, `"id":"z"`) }, 0},
		{"one question edited", func(r *rig) { r.edit("cases.jsonl", "what is two", "what was two") }, 1},
		{"a case added", func(r *rig) {
			r.write("cases.jsonl", rigCases+`{"id":"d","input":{"question":"four"},"expected":{"answer":"four"}}`)
		}, 1},
		{"a description added", func(r *rig) { r.write("configs/echo.yaml", rigConfig+"description: new\n") }, 0},
		{"a parameter changed", func(r *rig) { r.edit("configs/echo.yaml", "params: {", "params: {seed: 3, ") }, 3},
		{"the prompt changed", func(r *rig) { r.edit("configs/echo.yaml", "{{ question }}", "Please: {{ question }}") }, 3},
		{"another model", func(r *rig) { r.edit("configs/echo.yaml", "fake/m", "fake/other") }, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			first := r.asks(3, "the first run")
			if got := outcomes(first, "right"); got != "a:pass b:pass c:fail" {
				t.Fatalf("outcomes %s", got)
			}
			c.change(r)
			run := r.asks(c.want, c.name)
			if run.Header.Totals.Calls != int(c.want) || run.Header.Totals.Cached != len(run.Records)-int(c.want) {
				t.Errorf("the totals say %+v", run.Header.Totals)
			}
			r.asks(0, "again")
		})
	}
}

func TestFreshAsksAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.asks(3, "first")
	run := r.run(Select{}, Options{Fresh: true})
	if r.asked.Load() != 6 || run.Header.Totals.Calls != 3 {
		t.Errorf("%d requests, %+v", r.asked.Load(), run.Header.Totals)
	}
}

// An unpinned model may have changed behind its name: its answers age.
func TestAnswersOfAnUnpinnedModelAge(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("assay.yaml", r.settings("", ""))
	first := r.asks(3, "first")
	again := r.asks(0, "within max_age")
	if again.Header.Unfixed == "" {
		t.Error("an unpinned model's config is taken for fixed")
	}
	oldest := first.Records[0].Timing.Start
	for _, rec := range first.Records {
		oldest = min(oldest, rec.Timing.Start)
	}
	if again.Header.OldestCall != oldest {
		t.Errorf("the oldest call is told as %d, want %d", again.Header.OldestCall, oldest)
	}
	r.write("assay.yaml", r.settings("", "run: {max_age: 1ns}\n"))
	r.asks(3, "beyond max_age")
	r.write("assay.yaml", r.settings("exact", "run: {max_age: 1ns}\n"))
	if pinned := r.asks(0, "a pinned model"); pinned.Header.OldestCall != 0 {
		t.Error("a pinned model's answers are told to be old")
	}
}

// What the world did wrong is never kept; what the candidate did wrong is.
func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.says("rules: [{when: {contains: two}, fault: {status: 503}}, {when: {contains: three}, fault: {status: 400, code: context_length_exceeded, message: too long}}, {reply: {content: one}}]")
	run := r.asks(3, "first")
	if got := outcomes(run, "right"); got != "a:pass b:no answer c:fail" {
		t.Fatalf("outcomes %s", got)
	}
	if run.Header.Totals.Errors != 1 || run.Records[1].Error.Kind != "overloaded" || run.Records[2].Failure.Kind != "context_length" {
		t.Errorf("%+v, %v, %v", run.Header.Totals, run.Records[1].Error, run.Records[2].Failure)
	}
	r.says(echo)
	run = r.asks(1, "second")
	if got := outcomes(run, "right"); got != "a:pass b:pass c:fail" {
		t.Errorf("outcomes %s", got)
	}
}

// The second level: a judge is asked again only when what it judges or how it
// judges has changed.
func TestScoresAreKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.says(judgeScript)
	r.write("configs/judge.yaml", judgeConfig)
	r.write("evals/echo.yaml", judgeEval)
	run := r.asks(6, "three answers, three judgements")
	if got := outcomes(run, "polite"); got != "a:pass b:fail c:pass" {
		t.Errorf("the judge says %s", got)
	}
	if got := run.Records[1].Scores["polite"].Reason; got != "short" {
		t.Errorf("the judge's reason is %q", got)
	}
	r.asks(0, "nothing changed")
	r.edit("evals/echo.yaml", "type: contains", "type: equals")
	r.asks(0, "another evaluator edited")
	r.edit("cases.jsonl", `"even"`, `"straight"`)
	r.asks(0, "a tag edited")
	r.edit("evals/echo.yaml", "Is it polite", "Is it kind")
	r.asks(3, "the rubric edited")
	r.edit("configs/judge.yaml", "(right:", "(correct:")
	r.asks(3, "the judge's prompt edited")
	r.edit("configs/echo.yaml", "{{ question }}", "Please: {{ question }}")
	r.asks(6, "the answers changed")

	entries, err := r.work.Store.Entries(0, func(e *calls.Entry) bool { return e.Model == "fake/judge" })
	if err != nil || len(entries) != 12 {
		t.Fatalf("the journal has %d calls of the judge, %v", len(entries), err)
	}
	for _, e := range entries {
		if e.Purpose != "judge judge" || e.Config != "judge" {
			t.Errorf("a call of the judge is journalled as %q of %q", e.Purpose, e.Config)
		}
	}
}

// A judge that answers nonsense has not judged: an error, never a fail, and
// asked again.
func TestInvalidJudgementIsAnError(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"prose": "I think so", "no pass": `{"reason":"x"}`, "no reason": `{"pass":true}`, "text for pass": `{"reason":"x","pass":"yes"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.write("configs/judge.yaml", judgeConfig)
			r.write("evals/echo.yaml", judgeEval)
			r.says("rules: [{when: {model: judge}, reply: {content: '" + reply + "'}}, {reply: {content: 'You said {{ last_user }}'}}]")
			run := r.run(Select{}, Options{})
			if got := outcomes(run, "polite"); got != "a:error b:error c:error" {
				t.Errorf("the judge says %s", got)
			}
			if run.Header.Totals.Errors != 3 || run.Header.Totals.Passed["polite"].Judged != 0 {
				t.Errorf("the totals are %+v", run.Header.Totals)
			}
		})
	}
}

// A judge may see what was expected; a prompt under test may not.
func TestJudgeSeesExpected(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.says("rules: [{when: {model: judge, contains: 'right: drei'}, reply: {content: {reason: saw it, pass: true}}}, " +
		"{when: {model: judge}, reply: {content: {reason: other, pass: false}}}, {reply: {content: hello}}]")
	r.write("configs/judge.yaml", judgeConfig)
	r.write("evals/echo.yaml", judgeEval)
	if got := outcomes(r.run(Select{}, Options{}), "polite"); got != "a:fail b:fail c:pass" {
		t.Errorf("the judge says %s", got)
	}
	r.edit("configs/echo.yaml", "{{ question }}", "{{ expected.answer }}")
	p, err := NewPlan(context.Background(), r.workspace(), "echo", Select{})
	if err == nil {
		_, err = p.Candidate()
	}
	wantProblem(t, err, "expected")
}

func TestExplainCache(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	explain := func(options Options) string {
		t.Helper()
		var said []string
		options.Concurrency = 1
		options.Explain = func(e Explain) {
			if e.Hit != (e.Why == "hit") || len(e.Key) != 64 || e.Side != "candidate" {
				t.Errorf("%+v", e)
			}
			said = append(said, e.Case+" "+e.Why)
		}
		r.run(Select{}, options)
		return strings.Join(said, "; ")
	}
	for _, c := range []struct {
		name    string
		change  func()
		options Options
		want    string
	}{
		{"first", func() {}, Options{}, "a miss: this case was never asked with this config"},
		{"second", func() {}, Options{}, "a hit; b hit; c hit"},
		{"parameter", func() { r.edit("configs/echo.yaml", "params: {", "params: {seed: 3, ") }, Options{}, "other params than the last time"},
		{"prompt", func() { r.edit("configs/echo.yaml", "{{ question }}", "Please: {{ question }}") }, Options{}, "other messages than the last time"},
		{"model", func() { r.edit("configs/echo.yaml", "fake/m", "fake/other") }, Options{}, "other model than the last time"},
		{"case", func() { r.edit("cases.jsonl", "what is two", "what was two") }, Options{}, "a hit; b miss: other messages than the last time; c hit"},
		{"fresh", func() {}, Options{Fresh: true}, "made anew"},
		{"age", func() { r.write("assay.yaml", r.settings("", "run: {max_age: 1ns}\n")) }, Options{}, "unpinned model is 0s old (max_age 1ns)"},
		{"gone", func() {
			r.write("assay.yaml", r.settings("exact", ""))
			r.edit("configs/echo.yaml", "fake/other", "fake/third")
			r.run(Select{}, Options{})
			r.edit("configs/echo.yaml", "fake/third", "spare/third")
		}, Options{}, "other model than the last time"},
	} {
		c.change()
		if got := explain(c.options); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
