// Package recorded is the engine builtin/recorded: it answers with what an
// application answered earlier, from a file of results, so that answers which
// were made elsewhere can be scored and gated without a call.
//
// A Spec says where in each row of that file the parts of an answer are. Rows
// join to cases by id, or by input. Several rows of one case are its repeats,
// in the order of the file. A case without a row is an error of the world that
// names the case; an answer is never invented.
package recorded

import (
	"maps"
	"slices"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
)

// fields are the names under answers: that lead to a part of a row.
var fields = []string{"id", "input", "output", "usage", "latency_ms", "ttft_ms", "documents", "tool_calls", "error", "cost_usd", "model", "finish_reason"}

// Spec is the value of answers: in a config.
type Spec struct {
	File    string // as written, relative to the config
	written map[string]any
	takes   map[string]take
}

// take finds one part of a row.
type take struct {
	path    *extract.Path
	extract *extract.Extract
}

func (t take) from(row any) (any, bool) {
	v, found := t.path.Select(row)
	if found && v != nil && t.extract != nil {
		v, found, _ = t.extract.Apply(v)
	}
	return v, found && v != nil
}

// ParseSpec reads the value of answers:, an object of file and JSONPaths. An
// entry is a path, or {path: ..., extract: ...}. Without id and input, the id
// is at $.id; without output, the output is at $.output. The error is a
// *problem.Problem without a place.
func ParseSpec(v any) (*Spec, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, problem.Newf("answers is %s", extract.Describe(v)).Wanted("{file: answers.jsonl, id: $.id, output: $.output}")
	}
	s := &Spec{written: object, takes: map[string]take{}}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if name == "file" {
			if s.File, ok = object[name].(string); !ok {
				return nil, problem.Newf("answers.file is %s", extract.Describe(object[name])).Wanted("the path of a file, relative to the config")
			}
			continue
		}
		if !slices.Contains(fields, name) {
			return nil, problem.Newf("unknown field %q in answers", name).Remedy("%s", problem.DidYouMean(name, append([]string{"file"}, fields...)))
		}
		t, err := parseTake(name, object[name])
		if err != nil {
			return nil, err
		}
		s.takes[name] = t
	}
	return s, s.complete()
}

func (s *Spec) complete() error {
	if s.File == "" {
		return problem.Newf("answers names no file").Wanted("answers: {file: answers.jsonl, id: $.id, output: $.output}")
	}
	_, byID := s.takes["id"]
	_, byInput := s.takes["input"]
	if byID && byInput {
		return problem.Newf("answers has both id and input").Wanted("one of them: by what the rows join to the cases")
	}
	defaults := map[string]string{"output": "$.output"}
	if !byInput {
		defaults["id"] = "$.id"
	}
	for name, path := range defaults {
		if _, given := s.takes[name]; given {
			continue
		}
		t, err := parseTake(name, path)
		if err != nil {
			return err
		}
		s.takes[name] = t
	}
	return nil
}

func parseTake(name string, v any) (take, error) {
	var t take
	query, isText := v.(string)
	if object, ok := v.(map[string]any); ok {
		query, isText = object["path"].(string)
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if key != "path" && key != "extract" {
				return t, problem.Newf("unknown field %q in answers.%s", key, name).Wanted("path and extract")
			}
		}
		if spec, given := object["extract"]; given {
			var err error
			if t.extract, err = extract.Parse(spec); err != nil {
				return t, err
			}
		}
	}
	if !isText {
		return t, problem.Newf("answers.%s is %s", name, extract.Describe(v)).Wanted("a JSONPath such as $.%s, or {path: $.%s, extract: last_line}", name, name)
	}
	var err error
	t.path, err = extract.ParsePath(query)
	return t, err
}
