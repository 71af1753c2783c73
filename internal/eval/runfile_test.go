package eval

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/llm"
)

func aRun() *Run {
	half := 0.5
	return &Run{
		Header: Header{
			Format: Format, ID: "r1", Eval: "e", Config: "c", Version: "c@aaaaaaaaaaaa", Digest: canonical.Digest(strings.Repeat("a", 64)),
			From: "working tree", Model: "fake/m", Dataset: "cases.jsonl", Cases: 2, Repeats: 1, Started: 5, Finished: 9,
			Evaluators: map[string]string{"right": "d1"}, Engines: map[string]int{"bm25": 1},
			Ranges: map[string]Range{"right": {Hi: 1, Bounded: true}},
			Totals: Totals{Calls: 1, Errors: 1, SpentUSD: "0.002", Passed: map[string]Count{"right": {1, 1}}},
		},
		Records: []Record{
			{
				Case: "a", CaseDigest: "d", Line: 3, Tags: []string{"t"}, Cluster: "k", Metadata: map[string]any{"m": "secret metadata"},
				Input: map[string]any{"question": "secret <question>"}, Expected: map[string]any{"answer": "secret expectation"},
				Messages:  []llm.Message{{Role: "user", Content: "secret & message"}},
				Documents: []llm.Document{{ID: "x", Content: "secret document"}}, Output: "secret output", OutputDigest: "od",
				ToolCalls: []llm.ToolCall{{Name: "f", Arguments: json.RawMessage(`{"q":"secret argument"}`)}},
				Usage:     llm.Usage{InputTokens: 1, OutputTokens: 2, Known: true}, CostUSD: "0.002",
				Timing: llm.Timing{Start: 6, Total: 2}, Scores: map[string]evaluator.Score{"right": {Outcome: evaluator.Pass, Value: &half, Reason: "secret reason"}},
			},
			{Case: "b", Error: &llm.Error{Kind: llm.Timeout, Message: "no answer within 1s"}},
		},
	}
}

func export(t *testing.T, run *Run, content bool) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Export(&out, run, content); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRunFileRoundTrip(t *testing.T) {
	t.Parallel()
	run := aRun()
	read, err := Read(bytes.NewReader(export(t, run, true)), "run.jsonl", true)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(run.Header, read.Header) {
		t.Errorf("header:\n%+v\nread as\n%+v", run.Header, read.Header)
	}
	if !reflect.DeepEqual(run.Records, read.Records) {
		t.Errorf("records:\n%+v\nread as\n%+v", run.Records, read.Records)
	}
	slim, err := Read(bytes.NewReader(export(t, run, true)), "run.jsonl", false)
	if err != nil {
		t.Fatal(err)
	}
	if rec := slim.Records[0]; rec.Output != "" || rec.Messages != nil || rec.Usage.OutputTokens != 2 || rec.Scores["right"].Outcome != evaluator.Pass {
		t.Errorf("without content: %+v", rec)
	}
}

// A file without content tells nothing of what was asked, answered or expected.
func TestExportWithoutContent(t *testing.T) {
	t.Parallel()
	text := export(t, aRun(), false)
	if bytes.Contains(text, []byte("secret")) {
		t.Errorf("content is left: %s", text)
	}
	read, err := Read(bytes.NewReader(text), "run.jsonl", true)
	if err != nil {
		t.Fatal(err)
	}
	rec := read.Records[0]
	if !read.Header.NoContent || rec.Scores["right"].Outcome != evaluator.Pass || *rec.Scores["right"].Value != 0.5 || rec.CostUSD != "0.002" || rec.Cluster != "k" {
		t.Errorf("what a gate needs is lost: %+v", rec)
	}
	if again := export(t, read, true); !bytes.Contains(again, []byte(`"no_content":true`)) {
		t.Error("a file without content is told to have some")
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := string(export(t, aRun(), true))
	for name, c := range map[string]struct{ text, want string }{
		"empty":         {"", "the results file is empty"},
		"blank":         {"\n\n", "the results file is empty"},
		"no JSON":       {"hello\n", "run.jsonl:1"},
		"another file":  {`{"id":"a","input":{}}` + "\n", "the first line is not the header of a run"},
		"a newer one":   {strings.Replace(good, Format, "assay.run/2", 1), "a newer Assay wrote it"},
		"cut short":     {good[:len(good)-9], "run.jsonl:3"},
		"not a record":  {good + "[1]\n", "run.jsonl:4"},
		"wrong in type": {good + `{"case":7}` + "\n", "run.jsonl:4"},
	} {
		_, err := Read(strings.NewReader(c.text), "run.jsonl", true)
		if err == nil {
			t.Errorf("%s: read without complaint", name)
			continue
		}
		wantProblem(t, err, c.want, "fix: ")
	}
	_, err := ReadFile(filepath.Join(t.TempDir(), "none.jsonl"), true)
	wantProblem(t, err, "there is no such results file", "--out")
}

// A later Assay reads an earlier one's file, and passes over what it does not know.
func TestReadPassesOverUnknownFields(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(string(export(t, aRun(), true)), `{"case":`, `{"later":{"x":1},"case":`)
	if read, err := Read(strings.NewReader(text), "run.jsonl", true); err != nil || len(read.Records) != 2 {
		t.Errorf("%v", err)
	}
}

func TestListIsNewestFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, started := range map[string]int64{"a": 1, "c": 3, "b": 2} {
		run := aRun()
		run.Header.ID, run.Header.Started = name, started
		if err := os.WriteFile(filepath.Join(dir, name+".jsonl"), export(t, run, true), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "d.part.jsonl"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	headers, err := List(dir)
	if err != nil || len(headers) != 3 || headers[0].ID != "c" || headers[2].ID != "a" {
		t.Errorf("%+v, %v", headers, err)
	}
}

// A run holds prompts and answers: while it goes on and when it is finished its
// file is for its owner alone.
func TestRunFilesArePrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	header := aRun().Header
	part, err := createPart(filepath.Join(dir, "a.part.jsonl"), &header)
	if err != nil {
		t.Fatal(err)
	}
	private := func(name string) {
		t.Helper()
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	private("a.part.jsonl")
	if err := part.finish(filepath.Join(dir, "a.jsonl"), &header, nil); err != nil {
		t.Fatal(err)
	}
	private("a.jsonl")
}

func FuzzRead(f *testing.F) {
	var whole bytes.Buffer
	if err := Export(&whole, aRun(), true); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()-7])
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"format":"assay.run/1"}` + "\n" + `{"case":"a","scores":{"x":{"outcome":"pass","value":1e400}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		run, err := Read(bytes.NewReader(text), "fuzz", true)
		if err != nil {
			if run != nil {
				t.Fatal("an error with a run")
			}
			return
		}
		again, err := Read(bytes.NewReader(export(t, run, true)), "again", true)
		if err != nil || len(again.Records) != len(run.Records) {
			t.Fatalf("what was read cannot be written and read: %v", err)
		}
	})
}
