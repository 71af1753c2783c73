package eval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/assay-llmops/assay/internal/calls"
)

// part is the file of the run that goes on.
func (r *rig) part() string {
	r.t.Helper()
	found, err := filepath.Glob(filepath.Join(r.dir, ".assay", "runs", "*.part.jsonl"))
	if err != nil || len(found) != 1 {
		r.t.Fatalf("part files: %v, %v", found, err)
	}
	return found[0]
}

func (r *rig) runs(want int) []string {
	r.t.Helper()
	found, err := filepath.Glob(filepath.Join(r.dir, ".assay", "runs", "*.jsonl"))
	if err != nil || len(found) != want {
		r.t.Fatalf("%d run files, want %d: %v", len(found), want, found)
	}
	return found
}

// interrupt makes a run that ends after n answers.
func (r *rig) interrupt(n int) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := r.try(ctx, Select{}, Options{Concurrency: 1, Progress: func(s Status) {
		if s.Done == n {
			cancel()
		}
	}})
	if !Interrupted(err) {
		r.t.Fatalf("interrupted after %d: %v", n, err)
	}
}

func TestInterruptedRunGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.interrupt(1)
	part := r.part()
	r.runs(1)
	before := r.asked.Load()
	run := r.run(Select{}, Options{})
	if total := r.asked.Load(); total-before > 2 || total < 3 {
		t.Errorf("%d requests, then %d", before, total-before)
	}
	if got := outcomes(run, "right"); got != "a:pass b:pass c:fail" {
		t.Errorf("outcomes %s", got)
	}
	if want := strings.Replace(part, ".part.jsonl", ".jsonl", 1); run.Path != want {
		t.Errorf("the run is %s, not the one that was interrupted, %s", run.Path, want)
	}
	r.runs(1)
}

// Whatever a crash leaves of the file, the run goes on and ends the same.
func TestRunGoesOnFromADamagedFile(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"whole":            func(b []byte) []byte { return b },
		"last line cut":    func(b []byte) []byte { return b[:len(b)-30] },
		"last line no end": func(b []byte) []byte { return b[:len(b)-1] },
		"header alone":     func(b []byte) []byte { return b[:strings.IndexByte(string(b), '\n')+1] },
		"header cut":       func(b []byte) []byte { return b[:20] },
		"empty":            func([]byte) []byte { return nil },
		"zeros at the end": func(b []byte) []byte { return append(b, make([]byte, 100)...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.interrupt(2)
			part := r.part()
			text, err := os.ReadFile(part)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(part, damage(text), 0o644); err != nil {
				t.Fatal(err)
			}
			run := r.run(Select{}, Options{})
			if got := outcomes(run, "right"); got != "a:pass b:pass c:fail" {
				t.Errorf("outcomes %s", got)
			}
			if asked := r.asked.Load(); asked > 4 {
				t.Errorf("%d requests: what was answered was asked again", asked)
			}
			read, err := ReadFile(run.Path, true)
			if err != nil || len(read.Records) != 3 {
				t.Errorf("the run's file has %d records, %v", len(read.Records), err)
			}
			r.runs(1)
		})
	}
}

// Two processes that make the same run do not do it twice.
func TestSameRunTwiceAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const n = 3
	var group sync.WaitGroup
	got := make([]string, n)
	plans := make([]*Plan, n)
	for i := range n {
		plans[i] = r.plan(Select{}) // a store and a registry each, as processes have
	}
	for i, p := range plans {
		group.Go(func() {
			side, err := p.Candidate()
			if err != nil {
				t.Error(err)
				return
			}
			defer side.Close()
			runs, err := p.Execute(context.Background(), []*Side{side}, Options{Concurrency: 2})
			if err != nil {
				t.Error(err)
				return
			}
			got[i] = outcomes(runs[0], "right")
		})
	}
	group.Wait()
	for i := range n {
		if got[i] != "a:pass b:pass c:fail" {
			t.Errorf("process %d: %s", i, got[i])
		}
	}
	if r.asked.Load() != 3 {
		t.Errorf("%d requests for 3 cases", r.asked.Load())
	}
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	run := r.run(Select{Repeats: 3}, Options{})
	if r.asked.Load() != 9 || len(run.Records) != 9 {
		t.Fatalf("%d requests, %d records", r.asked.Load(), len(run.Records))
	}
	for i, rec := range run.Records {
		if rec.Case != string("abc"[i/3]) || rec.Repeat != i%3 {
			t.Errorf("record %d is %s#%d: repeats stand together in dataset order", i, rec.Case, rec.Repeat)
		}
	}
	r.asks(0, "one repeat is among the three")
	r.run(Select{Repeats: 4}, Options{})
	if r.asked.Load() != 12 {
		t.Errorf("a fourth repeat made %d requests in all", r.asked.Load())
	}
}

func TestSelections(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct {
		choice Select
		ids    string
		words  string
	}{
		{Select{}, "a b c", ""},
		{Select{Tags: []string{"odd"}}, "a c", "--tag odd"},
		{Select{Cases: []string{"b"}}, "b", "--case b"},
		{Select{Tags: []string{"odd"}, MaxCases: 1}, "", "--tag odd --max-cases 1"},
	} {
		run := r.run(c.choice, Options{})
		var ids []string
		for _, rec := range run.Records {
			ids = append(ids, rec.Case)
		}
		if got := strings.Join(ids, " "); c.ids != "" && got != c.ids || len(ids) != run.Header.Cases {
			t.Errorf("%+v: cases %s", c.choice, got)
		}
		if run.Header.Selection != c.words {
			t.Errorf("%+v: told as %q", c.choice, run.Header.Selection)
		}
	}
	_, err := NewPlan(context.Background(), r.workspace(), "echo", Select{Cases: []string{"x"}})
	wantProblem(t, err, "x")
}

func TestAnotherModel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.asks(3, "first")
	run := r.run(Select{Model: "fake/other"}, Options{})
	if r.asked.Load() != 6 || run.Header.Model != "fake/other" {
		t.Errorf("%d requests, model %s", r.asked.Load(), run.Header.Model)
	}
	_, err := r.try(context.Background(), Select{Model: "nonsense"}, Options{})
	wantProblem(t, err, "names no model", "provider/name")
}

// A call costs 100 × $10/M + 10 × $100/M = $0.002; its forecast, from the words
// of the question, about half of that.
func TestMaxCost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, err := r.try(context.Background(), Select{}, Options{MaxCost: 3_500_000, Concurrency: 1})
	wantProblem(t, err, "--max-cost 0.0035 USD would be exceeded", "0.004 USD are spent", "what was answered is kept")
	spent := r.asked.Load()
	if spent != 2 {
		t.Errorf("%d requests under a limit for 2", spent)
	}
	run := r.run(Select{}, Options{MaxCost: 3_500_000})
	if r.asked.Load() != 3 || run.Header.Totals.SpentUSD != "0.006" {
		t.Errorf("a rerun made %d requests and says %s USD were spent on the run", r.asked.Load()-spent, run.Header.Totals.SpentUSD)
	}
}

func TestMaxCostStopsWithoutLosingAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var cases strings.Builder
	for i := range 60 {
		fmt.Fprintf(&cases, `{"id":"c%d","input":{"question":"number %d"},"expected":{"answer":"%d"}}`+"\n", i, i, i)
	}
	r.write("cases.jsonl", cases.String())
	if _, err := r.try(context.Background(), Select{}, Options{MaxCost: 20_000_000, Concurrency: 8}); err == nil {
		t.Fatal("60 calls of $0.002 fit under $0.02")
	}
	asked := r.asked.Load()
	if asked > 20 {
		t.Errorf("%d calls of $0.002 under a limit of $0.02 and 8 at once", asked)
	}
	r.run(Select{}, Options{Concurrency: 8})
	if total := r.asked.Load(); total != 60 {
		t.Errorf("%d requests for 60 cases: %d answers that were paid for are lost", total, total-60)
	}
}

func TestMaxCostNeedsPrices(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.edit("configs/echo.yaml", "fake/m", "fake/unpriced")
	_, err := r.try(context.Background(), Select{}, Options{MaxCost: 1e9})
	wantProblem(t, err, "the price of fake/unpriced is not known")
	if r.asked.Load() != 0 {
		t.Error("it was asked nevertheless")
	}
	run := r.run(Select{}, Options{})
	if run.Header.Totals.Unpriced != 3 || run.Header.Totals.SpentUSD != "" || run.Records[0].CostUSD != "" {
		t.Errorf("an unknown price is not shown as unknown: %+v", run.Header.Totals)
	}
	// A judge spends too.
	r.edit("configs/echo.yaml", "fake/unpriced", "fake/m")
	r.write("configs/judge.yaml", judgeConfig)
	r.write("evals/echo.yaml", judgeEval)
	_, err = r.try(context.Background(), Select{}, Options{MaxCost: 1e9})
	wantProblem(t, err, "the price of fake/judge is not known")
}

func TestBudgetWaitsForCallsUnderWay(t *testing.T) {
	t.Parallel()
	b := newBudget(100)
	settle, err := b.reserve(90)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() {
		again, err := b.reserve(90)
		if err == nil {
			again(90)
		}
		got <- err
	}()
	settle(5)
	if err := <-got; err != nil {
		t.Errorf("the money that a call did not need is not used: %v", err)
	}
	if _, err := b.reserve(6); err == nil {
		t.Error("more than the limit is given out")
	}
	if settle, err := newBudget(0).reserve(1 << 60); err != nil {
		t.Error(err)
	} else {
		settle(1)
	}
}

func TestRetryErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.sh", "cat >/dev/null; if [ -e ok ]; then echo '{\"output\":\"drei\"}'; else echo x >> ok; exit 1; fi\n")
	r.write("configs/echo.yaml", "target: {command: [sh, ../app.sh], timeout: 20s}\n")
	run := r.run(Select{}, Options{Concurrency: 1})
	if got := outcomes(run, "right"); got != "a:no answer b:fail c:pass" {
		t.Fatalf("outcomes %s", got)
	}
	run = r.run(Select{}, Options{Concurrency: 1, RetryErrors: true})
	if got := outcomes(run, "right"); got != "a:fail b:fail c:pass" {
		t.Errorf("outcomes %s", got)
	}
	if run.Header.Totals.Calls != 1 || run.Header.Totals.Cached != 2 {
		t.Errorf("the totals are %+v", run.Header.Totals)
	}
}

// Without a declared version a target's behaviour is not known to be the same:
// its answers resume an interrupted run and serve no other.
func TestTargetWithoutVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.sh", "cat >/dev/null; echo x >> asked; echo '{\"output\":\"one\"}'\n")
	r.write("configs/echo.yaml", "target: {command: [sh, ../app.sh], timeout: 20s}\n")
	asked := func() int {
		text, err := os.ReadFile(filepath.Join(r.dir, "configs", "asked"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return strings.Count(string(text), "x")
	}
	r.interrupt(2)
	before := asked()
	r.run(Select{}, Options{})
	if got := asked(); got-before > 1 {
		t.Errorf("resuming asked %d of 3 again", got-before)
	}
	before = asked()
	run := r.run(Select{}, Options{})
	if got := asked(); got-before != 3 || run.Header.Unfixed == "" {
		t.Errorf("a second run asked %d of 3 (unfixed: %q)", got-before, run.Header.Unfixed)
	}
	r.write("configs/echo.yaml", "target: {command: [sh, ../app.sh], timeout: 20s}\nversion: {files: [../app.sh]}\n")
	r.run(Select{}, Options{})
	before = asked()
	run = r.run(Select{}, Options{})
	if got := asked(); got != before || run.Header.Unfixed != "" {
		t.Errorf("with a declared version %d were asked again (unfixed: %q)", got-before, run.Header.Unfixed)
	}
	r.edit("app.sh", "echo x", "echo xx")
	r.run(Select{}, Options{})
	if got := asked(); got-before != 6 {
		t.Error("a changed script is not asked anew")
	}
}

// A refused key fails every call: five of them are enough to know.
func TestSystemicStop(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{401: "check the key", 404: "check the model's name", 402: "quota is used up"} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			var cases strings.Builder
			for i := range 50 {
				fmt.Fprintf(&cases, `{"id":"c%d","input":{"question":"q%d"},"expected":{"answer":"a"}}`+"\n", i, i)
			}
			r.write("cases.jsonl", cases.String())
			r.says(fmt.Sprintf("rules: [{fault: {status: %d}}]", status))
			_, err := r.try(context.Background(), Select{}, Options{Concurrency: 2})
			wantProblem(t, err, "every call to fake/m fails", want)
			if asked := r.asked.Load(); asked > 8 {
				t.Errorf("%d calls before it stopped", asked)
			}
			r.says(echo)
			if run := r.run(Select{}, Options{}); len(run.Records) != 50 || run.Header.Totals.Errors != 0 {
				t.Errorf("after the key was mended: %+v", run.Header.Totals)
			}
		})
	}
	t.Run("one answer", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.says("rules: [{when: {contains: one}, reply: {content: one}}, {fault: {status: 401}}]")
		if run := r.run(Select{Repeats: 5}, Options{Concurrency: 1}); run.Header.Totals.Errors != 10 {
			t.Errorf("a run with answers was stopped or miscounted: %+v", run.Header.Totals)
		}
	})
}

// A fallback's answer is priced as the fallback's.
func TestFallbackIsPricedByWhoAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("prices.yaml", rigPrices[:len(rigPrices)-2]+", spare: [{model: s, input: '1', output: '2'}]}\n")
	r.write("configs/echo.yaml", rigConfig+"fallbacks: [spare/s]\n")
	r.says("rules: [{when: {model: m, contains: two}, fault: {status: 503}}, {reply: {content: two, usage: {input_tokens: 100, output_tokens: 10}}}]")
	run := r.run(Select{}, Options{})
	if got := run.Records[0].CostUSD; got != "0.002" {
		t.Errorf("the first model's answer costs %s", got)
	}
	if got := run.Records[1]; got.CostUSD != "0.00012" {
		t.Errorf("the fallback's answer costs %s, want 0.00012", got.CostUSD)
	}
}

func TestForecast(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	forecast := func(choice Select) SideForecast {
		t.Helper()
		p := r.plan(choice)
		side, err := p.Candidate()
		if err != nil {
			t.Fatal(err)
		}
		f, err := p.Forecast(context.Background(), []*Side{side}, Options{})
		if err != nil || f.Format != "assay.forecast/1" || len(f.Sides) != 1 {
			t.Fatalf("%+v, %v", f, err)
		}
		return f.Sides[0]
	}
	f := forecast(Select{})
	if f.Answers != 3 || f.Calls != 3 || f.Kept != 0 || f.TokensIn == 0 || f.CostUSD == "" {
		t.Errorf("before: %+v", f)
	}
	r.run(Select{Tags: []string{"odd"}}, Options{})
	if f = forecast(Select{}); f.Calls != 1 || f.Kept != 2 {
		t.Errorf("with two kept: %+v", f)
	}
	if f = forecast(Select{Repeats: 2}); f.Answers != 6 || f.Calls != 4 {
		t.Errorf("with two repeats: %+v", f)
	}
	if f = forecast(Select{Model: "fake/unpriced"}); f.CostUSD != "" {
		t.Errorf("an unknown price gives a cost of %s", f.CostUSD)
	}
	if r.asked.Load() != 2 {
		t.Error("a forecast called")
	}
}

func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("answers.jsonl", `{"id":"a","output":"one"}`+"\n"+`{"id":"b","output":"zwei"}`+"\n"+`{"id":"c","output":"drei"}`+"\n")
	r.write("configs/echo.yaml", "model: builtin/recorded\nanswers: {file: ../answers.jsonl, id: $.id, output: $.output}\n")
	run := r.asks(0, "recorded")
	if got := outcomes(run, "right"); got != "a:pass b:fail c:pass" || run.Header.Totals.Recorded != 3 || run.Header.Totals.Calls != 0 {
		t.Errorf("%s, %+v", got, run.Header.Totals)
	}
	entries, err := r.work.Store.Entries(0, func(*calls.Entry) bool { return true })
	if err != nil || len(entries) != 0 {
		t.Errorf("recorded answers are journalled as calls: %d, %v", len(entries), err)
	}
	r.write("answers.jsonl", `{"id":"a","output":"one"}`+"\n{oops\n")
	_, err = r.try(context.Background(), Select{}, Options{})
	wantProblem(t, err, "answers.jsonl:2", "not JSON")
}

// What is on disk is the whole record; what is in memory is slim.
func TestRecordsOnDiskAreWhole(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	run := r.run(Select{}, Options{})
	if rec := run.Records[0]; rec.Output != "" || rec.Messages != nil || rec.Input != nil {
		t.Error("records in memory carry content")
	}
	whole, err := ReadFile(run.Path, true)
	if err != nil {
		t.Fatal(err)
	}
	rec := whole.Records[0]
	if rec.Output != "You said what is one" || rec.Messages[0].Content != "what is one" || rec.Input["question"] != "what is one" || rec.CostUSD != "0.002" {
		text, _ := json.Marshal(rec)
		t.Errorf("the record is %s", text)
	}
	call, err := r.work.Store.Find(rec.Call[:8])
	if err != nil || call.Case != "a" || call.Run != run.Header.ID {
		t.Errorf("its call is %+v, %v", call, err)
	}
}
