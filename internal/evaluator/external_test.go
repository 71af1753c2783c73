package evaluator

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script, more string
		want               Outcome
		value              float64
		label, reason      string
	}{
		{"pass", `echo '{"pass": true, "reason": "fine"}'`, "", Pass, none, "", "fine"},
		{"fail", `echo '{"pass": false, "reason": "rude"}'`, "", Fail, none, "", "rude"},
		{"fail, negated", `echo '{"pass": false}'`, "negate: true", Pass, none, "", "negated"},
		{"pass with a score", `echo '{"pass": true, "score": 0.2}'`, "", Pass, 0.2, "", ""},
		{"score and threshold", `echo '{"score": 0.8}'`, "threshold: 0.7", Pass, 0.8, "", ""},
		{"score below threshold", `echo '{"score": 0.6}'`, "threshold: 0.7", Fail, 0.6, "", "0.6 against a threshold of 0.7"},
		{"score in a range of its own", `echo '{"score": 4}'`, "range: [1, 5]\nthreshold: 3", Pass, 4, "", ""},
		{"score without threshold", `echo '{"score": 0.8}'`, "", Error, none, "", "decides nothing"},
		{"score out of range", `echo '{"score": 8, "pass": true}'`, "", Error, none, "", "outside its range of 0 to 1"},
		{"label", `echo '{"label": "polite"}'`, "expected: polite", Pass, none, "polite", ""},
		{"another label", `echo '{"label": "rude"}'`, "expected: polite", Fail, none, "rude", `rude, not "polite"`},
		{"label without expected", `echo '{"label": "rude"}'`, "", Error, none, "", "decides nothing"},
		{"reads the output", `grep -q '"output":"hello"' && echo '{"pass": true}'`, "", Pass, none, "", ""},
		{"reads the extract", `grep -q '"output":"ell"' && echo '{"pass": true}'`, "extract: {regex: ell}", Pass, none, "", ""},
		{"reads what is expected", `grep -q '"expected":{"x":1}' && echo '{"pass": true}'`, "", Pass, none, "", ""},
		{"reads an expression", `grep -q '"expected":\[1\]' && echo '{"pass": true}'`, "expected: ['{{ expected.x }}']", Pass, none, "", ""},
		{"crash", `echo oops >&2; exit 3`, "", Error, none, "", "ended with exit status 3; stderr: oops"},
		{"crash, negated", `exit 3`, "negate: true", Error, none, "", "exit status 3"},
		{"signal", `kill -9 $$`, "", Error, none, "", "ended by a signal: killed"},
		{"nothing", `true`, "", Error, none, "", "wrote nothing"},
		{"no JSON", `echo hello`, "", Error, none, "", "not the one asked for"},
		{"other field", `echo '{"passed": true}'`, "", Error, none, "", "passed"},
		{"two replies", `echo '{"pass": true}{"pass": false}'`, "", Error, none, "", "more than one reply"},
		{"too much", `head -c 2000000 /dev/zero`, "", Error, none, "", "more than 1048576 bytes"},
		{"much log", `head -c 100000 /dev/zero | tr '\0' x >&2; echo end >&2; exit 1`, "", Error, none, "", "xend"},
		{"does not read", `exec <&-; echo '{"pass": true}'`, "", Pass, none, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			env := project(t, map[string]string{"evals/check.sh": test.script})
			item := "type: command\nrun: [sh, check.sh]\n" + test.more
			got := one(t, env, item).Score(context.Background(), &Subject{Output: "hello", Expected: map[string]any{"x": 1}})
			if got.Outcome != test.want || got.Label != test.label || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("%+v", got)
			}
			if (got.Value == nil) != (test.value == none) || got.Value != nil && *got.Value != test.value {
				t.Errorf("the value is %v", got.Value)
			}
			if len(got.Reason) > maxCommandLog+200 {
				t.Errorf("a reason of %d bytes", len(got.Reason))
			}
		})
	}
}

func TestCommandThatHangsIsKilledWithItsChildren(t *testing.T) {
	t.Parallel()
	// The program and its child hold the pipe open for writing: reading it ends
	// when both are gone.
	env := project(t, map[string]string{"evals/check.sh": "exec 9> alive; echo x >&9; sleep 60 & echo waiting >&2; wait"})
	pipe := filepath.Join(env.Dir, "alive")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	alive, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	got := one(t, env, "type: command\nrun: [sh, check.sh]\ntimeout: 1500ms").Score(context.Background(), &Subject{})
	if got.Outcome != Error || !strings.Contains(got.Reason, "did not answer within 1.5s; stderr: waiting") {
		t.Errorf("%+v", got)
	}
	if err := alive.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(alive); err != nil || string(text) != "x\n" {
		t.Errorf("the program or its child lives on: %q, %v", text, err)
	}
}

func TestCommandEndsWithItsContext(t *testing.T) {
	t.Parallel()
	env := project(t, map[string]string{"evals/check.sh": "sleep 60"})
	set, err := buildIn(t, env, "- {type: command, run: [sh, check.sh]}")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if scores, err := set.Score(ctx, &Subject{}, nil); err == nil || scores != nil {
		t.Errorf("%v, %v", scores, err)
	}
}

func TestCommandThatIsNotThere(t *testing.T) {
	t.Parallel()
	got := one(t, project(t, nil), "type: command\nrun: [no-such-program-here]").Score(context.Background(), &Subject{})
	if got.Outcome != Error || !strings.Contains(got.Reason, "could not be run") {
		t.Errorf("%+v", got)
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, reply string
		err         error
		want        Outcome
		reason      string
	}{
		{"pass", `{"reason": "it is", "pass": true}`, nil, Pass, "it is"},
		{"fail", `{"reason": "it is not", "pass": false}`, nil, Fail, "it is not"},
		{"fenced", "```json\n{\"reason\": \"it is\", \"pass\": true}\n```", nil, Pass, "it is"},
		{"no JSON", "Yes, it passes.", nil, Error, "no valid reply"},
		{"no pass", `{"reason": "it is"}`, nil, Error, "it has no pass"},
		{"no reason", `{"pass": true}`, nil, Error, "it has no reason"},
		{"empty reason", `{"reason": " ", "pass": false}`, nil, Error, "it has no reason"},
		{"a text for pass", `{"reason": "it is", "pass": "true"}`, nil, Error, "no valid reply"},
		{"cut short", `{"reason": "it is", "pa`, nil, Error, "no valid reply"},
		{"call failed", "", &llm.Error{Kind: llm.RateLimited, Message: "slow down"}, Error, "the judge gave no reply: rate_limited"},
	} {
		for _, negate := range []string{"", "\nnegate: true"} {
			env := project(t, nil)
			env.Judge = func(string) (Judge, error) { return &fakeJudge{version: "j@1", reply: test.reply, err: test.err}, nil }
			got := one(t, env, "type: judge\nconfig: j.yaml"+negate).Score(context.Background(), &Subject{Output: "x"})
			want := test.want
			if negate != "" {
				want = turned(want)
			}
			if got.Outcome != want || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("%s%s: %+v", test.name, negate, got)
			}
		}
	}
}

func turned(o Outcome) Outcome {
	switch o {
	case Pass:
		return Fail
	case Fail:
		return Pass
	}
	return o
}

func TestJudgeSeesTheAnswer(t *testing.T) {
	t.Parallel()
	judge := &fakeJudge{version: "j@1"}
	env := project(t, nil)
	env.Judge = func(string) (Judge, error) { return judge, nil }
	e := one(t, env, "type: judge\nconfig: j.yaml\nrubric: polite\nextract: last_line\nwith: {count: '{{ documents | length }}'}\nexpected: '{{ expected.x }}'")
	subject := &Subject{CaseID: "c", Repeat: 2, Input: map[string]any{"question": "why?"}, Expected: map[string]any{"x": "y"},
		Output: "a\nvery polite", Documents: docs("a"), ToolCalls: calls("f", `{"a":1}`)}
	if got := e.Score(context.Background(), subject); got.Outcome != Pass {
		t.Errorf("%+v", got)
	}
	q := judge.asked[0]
	if q.CaseID != "c" || q.Repeat != 2 || q.Expected != "y" || len(q.Documents) != 1 || q.Input["question"] != "why?" ||
		q.Input["output"] != "very polite" || q.Input["rubric"] != "polite" || q.Input["count"] != int64(1) || q.Input["tool_calls"] == nil {
		t.Errorf("%+v", q)
	}
	if len(subject.Input) != 1 {
		t.Error("the subject was changed")
	}
}

// memory keeps scores in a map.
type memory struct {
	scores map[string]kept
	fail   bool
}

func (m *memory) GetScore(key string, score any) bool {
	s, ok := m.scores[key]
	if to, isKept := score.(*kept); ok && isKept {
		*to = s
	}
	return ok
}

func (m *memory) PutScore(key string, score any) error {
	if m.fail {
		return errors.New("disk full")
	}
	if s, ok := score.(kept); ok {
		m.scores[key] = s
	}
	return nil
}

func TestCostlyScoresAreKept(t *testing.T) {
	t.Parallel()
	env := project(t, map[string]string{"evals/check.sh": "echo x >> count; echo '{\"score\": 0.5}'"})
	read := func() int {
		text, err := os.ReadFile(filepath.Join(env.Dir, "count"))
		if err != nil {
			return 0
		}
		return strings.Count(string(text), "x")
	}
	keep := &memory{scores: map[string]kept{}}
	build := func(more string) *Set {
		set, err := buildIn(t, env, "- {type: any, name: group, of: [{type: command, run: [sh, check.sh], threshold: 0.4"+more+"}]}")
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	score := func(set *Set, s Subject) Score {
		scores, err := set.Score(context.Background(), &s, keep)
		if err != nil {
			t.Fatal(err)
		}
		return scores["group"]
	}
	set := build("")
	first := score(set, Subject{CaseID: "a", Output: "x", Tags: []string{"t"}, Version: "c@1"})
	again := score(set, Subject{CaseID: "b", Repeat: 3, Output: "x", Version: "c@2"})
	if first.Outcome != Pass || again != first || read() != 1 {
		t.Errorf("%+v, %+v, started %d times", first, again, read())
	}
	if score(set, Subject{Output: "y"}); read() != 2 {
		t.Errorf("another output: started %d times", read())
	}
	if score(build(", negate: true"), Subject{Output: "x"}); read() != 3 {
		t.Errorf("another evaluator: started %d times", read())
	}
	keep.fail = true
	if got := score(set, Subject{Output: "z"}); got.Outcome != Error || !strings.Contains(got.Reason, "disk full") {
		t.Errorf("%+v", got)
	}
}

func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	judge := &fakeJudge{version: "j@1", err: errors.New("no network")}
	env := project(t, nil)
	env.Judge = func(string) (Judge, error) { return judge, nil }
	set, err := buildIn(t, env, "- {type: judge, config: j.yaml}")
	if err != nil {
		t.Fatal(err)
	}
	keep := &memory{scores: map[string]kept{}}
	for _, want := range []Outcome{Error, Pass} {
		scores, err := set.Score(context.Background(), &Subject{}, keep)
		if err != nil || scores["judge"].Outcome != want {
			t.Errorf("%+v, %v", scores, err)
		}
		judge.err = nil
	}
}

func TestKeySeesWhatIsUsed(t *testing.T) {
	t.Parallel()
	base := Subject{CaseID: "a", Input: map[string]any{"q": "x"}, Expected: map[string]any{"x": "1", "y": "2"}, Tags: []string{"t"},
		Output: "o", Documents: docs("d"), ToolCalls: calls("f", "{}"), Usage: llm.Usage{Known: true, InputTokens: 1},
		CostNanos: nanos(1), Timing: llm.Timing{Total: 1}, ConfigName: "c", Version: "c@1"}
	changes := map[string]func(*Subject){
		"id":        func(s *Subject) { s.CaseID, s.Repeat = "b", 1 },
		"version":   func(s *Subject) { s.Version = "c@2" },
		"tags":      func(s *Subject) { s.Tags = nil },
		"metadata":  func(s *Subject) { s.Metadata = map[string]any{"m": 1} },
		"input":     func(s *Subject) { s.Input = map[string]any{"q": "y"} },
		"x":         func(s *Subject) { s.Expected = map[string]any{"x": "9", "y": "2"} },
		"y":         func(s *Subject) { s.Expected = map[string]any{"x": "1", "y": "9"} },
		"output":    func(s *Subject) { s.Output = "p" },
		"documents": func(s *Subject) { s.Documents = docs("e") },
		"calls":     func(s *Subject) { s.ToolCalls = nil },
		"usage":     func(s *Subject) { s.Usage.InputTokens = 2 },
		"cost":      func(s *Subject) { s.CostNanos = nanos(2) },
		"timing":    func(s *Subject) { s.Timing.Total = 2 },
		"start":     func(s *Subject) { s.Timing.Start = 2 },
		"failure":   func(s *Subject) { s.Failure = &llm.Error{Kind: llm.BadRequest} },
	}
	for item, sees := range map[string]string{
		"type: contains\nexpected: '{{ expected.x }}'":             "x output failure",
		"type: contains\nexpected: a\nwhen: \"{{ 't' in tags }}\"": "tags output failure",
		"type: recall_at_k\nexpected: ['{{ input.q }}']":           "input documents failure",
		"type: cost\nmax: 1":                                             "cost failure",
		"type: latency\nmax: 1s":                                         "timing failure",
		"type: tokens\nmax: 1":                                           "usage failure",
		"type: tool_calls\nexpected: [f]":                                "calls failure",
		"type: command\nrun: ['true']":                                   "input x y output documents calls failure",
		"type: judge\nconfig: j.yaml":                                    "input x y output documents calls failure",
		"type: judge\nconfig: j.yaml\nwith: {v: '{{ config.version }}'}": "input x y output documents calls version failure",
		"type: judge\nconfig: j.yaml\nwith: {v: '{{ metadata }}'}":       "input x y output documents calls metadata failure",
		"type: all\nof: [{type: json_valid}, {type: cost, max: 1}]":      "output cost failure",
	} {
		e := one(t, project(t, nil), item)
		want, err := e.Key(&base)
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range changes {
			changed := base
			change(&changed)
			got, err := e.Key(&changed)
			if err != nil {
				t.Fatal(err)
			}
			seen := false
			for _, s := range strings.Fields(sees) {
				seen = seen || s == name
			}
			if (got != want) != seen {
				t.Errorf("%q: %s changes the key: %t", item, name, got != want)
			}
		}
	}
}
