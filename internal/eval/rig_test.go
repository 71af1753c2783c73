package eval

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/extractive"
	"github.com/assay-llmops/assay/internal/llm/providers"
	"github.com/assay-llmops/assay/internal/llm/script"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/project"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a small project with an upstream that counts what it is asked. Each
// run opens everything anew, as a process does.
type rig struct {
	t     *testing.T
	dir   string
	up    *httptest.Server
	asked atomic.Int64
	speak atomic.Pointer[http.Handler]
	work  *Workspace // of the newest plan
}

const (
	echo      = "rules: [{reply: {content: 'You said {{ last_user }}', usage: {input_tokens: 100, output_tokens: 10}}}]"
	rigConfig = "model: fake/m\nparams: {max_output_tokens: 10}\nmessages: [{role: user, content: \"{{ question }}\"}]\n"
	rigEval   = "config: echo\ndataset: ../cases.jsonl\nevaluators:\n  - {name: right, type: contains, expected: \"{{ expected.answer }}\"}\n"
	rigCases  = `{"id":"a","input":{"question":"what is one"},"expected":{"answer":"one"},"tags":["odd"]}
{"id":"b","input":{"question":"what is two"},"expected":{"answer":"two"},"tags":["even"]}
{"id":"c","input":{"question":"what is three"},"expected":{"answer":"drei"},"tags":["odd"]}
`
	rigPrices = "providers: {fake: [{model: m, input: '10', output: '100'}, {model: other, input: '20', output: '200'}]}\n"
)

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir()}
	r.says(echo)
	r.up = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.asked.Add(1)
		(*r.speak.Load()).ServeHTTP(w, req)
	}))
	t.Cleanup(r.up.Close)
	r.write("assay.yaml", r.settings("exact", ""))
	r.write("prices.yaml", rigPrices)
	r.write("configs/echo.yaml", rigConfig)
	r.write("evals/echo.yaml", rigEval)
	r.write("cases.jsonl", rigCases)
	return r
}

// settings is assay.yaml; without a pin the model is not fixed.
func (r *rig) settings(pin, run string) string {
	text := "prices: prices.yaml\nproviders:\n  fake: {type: openai, base_url: \"" + r.up.URL + "/v1\", stream: false, retries: {max: 0}}\n" +
		"  spare: {type: openai, base_url: \"" + r.up.URL + "/spare\", stream: false, retries: {max: 0}}\n"
	if pin != "" {
		text += "pin: {fake: " + pin + ", spare: " + pin + "}\n"
	}
	return text + run
}

// says gives the upstream other answers.
func (r *rig) says(text string) {
	parsed, err := script.Parse("script.yaml", []byte(text))
	if err != nil {
		r.t.Fatal(err)
	}
	handler := script.Handler(parsed)
	r.speak.Store(&handler)
}

func (r *rig) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) edit(name, old, fresh string) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(name)))
	if err != nil {
		r.t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		r.t.Fatalf("%s does not have %q", name, old)
	}
	r.write(name, strings.ReplaceAll(string(text), old, fresh))
}

func (r *rig) workspace() *Workspace {
	r.t.Helper()
	p, err := project.Open(r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	w := &Workspace{Project: p, Version: "test", Warn: func(error) error { return nil }}
	prices, err := p.Tree().Read(p.Settings.Prices)
	if err != nil {
		r.t.Fatal(err)
	}
	if w.Prices, err = price.Load(price.File{Name: "prices.yaml", Data: prices}); err != nil {
		r.t.Fatal(err)
	}
	w.Models = providers.New(p.Settings.Providers, providers.Options{
		LookupEnv: os.LookupEnv, Builtin: map[string]llm.Model{"extractive": extractive.New()}, ReadFile: p.ReadBeside, File: p.SettingsPath(), Line: p.Line,
	})
	if w.Store, err = calls.Open(filepath.Join(r.dir, ".assay")); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { w.Models.Close(); w.Store.Close() })
	r.work = w
	return w
}

func (r *rig) plan(choice Select) *Plan {
	r.t.Helper()
	p, err := NewPlan(context.Background(), r.workspace(), "echo", choice)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// try makes a run of the candidate.
func (r *rig) try(ctx context.Context, choice Select, options Options) (*Run, error) {
	r.t.Helper()
	p := r.plan(choice)
	side, err := p.Candidate()
	if err != nil {
		return nil, err
	}
	defer side.Close()
	if options.Concurrency == 0 {
		options.Concurrency = 2
	}
	runs, err := p.Execute(ctx, []*Side{side}, options)
	if err != nil {
		return nil, err
	}
	return runs[0], nil
}

func (r *rig) run(choice Select, options Options) *Run {
	r.t.Helper()
	run, err := r.try(context.Background(), choice, options)
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

// asks makes a plain run and checks how many requests reach the upstream.
func (r *rig) asks(want int64, why string) *Run {
	r.t.Helper()
	before := r.asked.Load()
	run := r.run(Select{}, Options{})
	if got := r.asked.Load() - before; got != want {
		r.t.Errorf("%s: %d requests, want %d", why, got, want)
	}
	return run
}

// passed is the outcome of an evaluator by case.
func outcomes(run *Run, name string) string {
	var out []string
	for i := range run.Records {
		rec := &run.Records[i]
		outcome := string(rec.Scores[name].Outcome)
		if rec.Error != nil {
			outcome = "no answer"
		}
		out = append(out, rec.Case+":"+outcome)
	}
	return strings.Join(out, " ")
}

func wantProblem(t *testing.T, err error, texts ...string) {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) {
		t.Fatalf("no problem for the user: %v", err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q is not in: %v", text, err)
		}
	}
}
