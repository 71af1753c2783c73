package recorded

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
)

// answer is one row in canonical form: a reply, an error, or both.
type answer struct {
	reply llm.Reply
	err   *llm.Error
}

// read turns a row into an answer.
func (s *Spec) read(row any) (answer, error) {
	a := answer{reply: llm.Reply{Message: llm.Message{Role: "assistant"}, Provider: "builtin", Attempts: 1}}
	for _, name := range fields {
		t, given := s.takes[name]
		if !given || name == "id" || name == "input" {
			continue
		}
		v, found := t.from(row)
		if !found {
			continue
		}
		if err := a.set(name, v); err != nil {
			return a, problem.Newf("%s at %s: %s", name, t.path, err)
		}
	}
	if _, found := s.takes["output"].from(row); !found && a.err == nil && len(a.reply.ToolCalls) == 0 {
		return a, problem.Newf("the row has nothing at %s", s.takes["output"].path).
			Wanted("an output, tool_calls or an error").Remedy("write the path of the output under answers.output")
	}
	return a, nil
}

func (a *answer) set(name string, v any) (err error) {
	r := &a.reply
	switch name {
	case "output":
		r.Content = extract.Text(v)
	case "model":
		r.Model = extract.Text(v)
	case "finish_reason":
		r.FinishReason = extract.Text(v)
	case "usage":
		r.Usage, err = usage(v)
	case "latency_ms":
		r.Timing.Total, err = milliseconds(v)
	case "ttft_ms":
		r.Timing.TTFT, err = milliseconds(v)
	case "documents":
		r.Documents, err = documents(v)
	case "tool_calls":
		r.ToolCalls, err = toolCalls(v)
	case "cost_usd":
		r.CostNanos, err = cost(v)
	case "error":
		a.err, err = failure(v)
	}
	return err
}

func milliseconds(v any) (int64, error) {
	f, ok := number(v)
	if !ok || f < 0 || f > float64(24*time.Hour/time.Millisecond) {
		return 0, fmt.Errorf("%s is no time in milliseconds, at most a day", extract.Describe(v))
	}
	return int64(math.Round(f * float64(time.Millisecond))), nil
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v)
	case string: // a column of a CSV file
		f, err := strconv.ParseFloat(v, 64)
		return f, err == nil && !math.IsNaN(f)
	}
	return 0, false
}

func cost(v any) (*int64, error) {
	text, ok := v.(string)
	if f, isNumber := number(v); !ok && isNumber {
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	nanos, err := price.ParseUSD(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no amount of US dollars", extract.Describe(v))
	}
	return &nanos, nil
}

// usage reads the names of llm.Usage and those of vendors. A usage that names
// no tokens of input or of output is not known.
func usage(v any) (llm.Usage, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return llm.Usage{}, fmt.Errorf("%s is no usage like {input_tokens: 10, output_tokens: 20}", extract.Describe(v))
	}
	var u llm.Usage
	var in, out bool
	for _, part := range []struct {
		to    *int64
		found *bool
		paths [][]string
	}{
		{&u.InputTokens, &in, [][]string{{"input_tokens"}, {"prompt_tokens"}}},
		{&u.OutputTokens, &out, [][]string{{"output_tokens"}, {"completion_tokens"}}},
		{&u.CachedTokens, nil, [][]string{{"cached_tokens"}, {"prompt_tokens_details", "cached_tokens"}, {"input_tokens_details", "cached_tokens"}}},
		{&u.CacheWriteTokens, nil, [][]string{{"cache_write_tokens"}}},
		{&u.ReasoningTokens, nil, [][]string{{"reasoning_tokens"}, {"completion_tokens_details", "reasoning_tokens"}, {"output_tokens_details", "reasoning_tokens"}}},
	} {
		for _, path := range part.paths {
			value := at(object, path)
			if value == nil {
				continue
			}
			f, ok := number(value)
			if !ok || f < 0 || f > 1<<53 || f != math.Trunc(f) {
				return llm.Usage{}, fmt.Errorf("%s is %s, not a number of tokens", path[len(path)-1], extract.Describe(value))
			}
			*part.to = int64(f)
			if part.found != nil {
				*part.found = true
			}
			break
		}
	}
	u.Known = in && out
	return u, nil
}

func at(v any, path []string) any {
	for _, name := range path {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

// documents reads a list of texts or of objects with id, source, content and
// score; an object without an id is named by its source or by its place.
func documents(v any) ([]llm.Document, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is no list of documents", extract.Describe(v))
	}
	docs := make([]llm.Document, 0, len(list))
	for i, item := range list {
		d := llm.Document{ID: strconv.Itoa(i + 1)}
		switch item := item.(type) {
		case string:
			d.Content = item
		case map[string]any:
			for _, f := range []struct {
				to   *string
				name string
			}{{&d.ID, "source"}, {&d.ID, "id"}, {&d.Source, "source"}, {&d.Content, "content"}} {
				if value := item[f.name]; value != nil {
					*f.to = extract.Text(value)
				}
			}
			d.Score, _ = number(item["score"])
		default:
			return nil, fmt.Errorf("document %d is %s", i+1, extract.Describe(item))
		}
		docs = append(docs, d)
	}
	return docs, nil
}

// toolCalls reads {id, name, arguments, result} and OpenAI's
// {id, function: {name, arguments}}.
func toolCalls(v any) ([]llm.ToolCall, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is no list of tool calls", extract.Describe(v))
	}
	calls := make([]llm.ToolCall, 0, len(list))
	for i, item := range list {
		object, _ := item.(map[string]any)
		call := object
		if function, ok := object["function"].(map[string]any); ok {
			call = function
		}
		name, _ := call["name"].(string)
		if name == "" {
			return nil, fmt.Errorf("tool call %d has no name", i+1)
		}
		id, _ := object["id"].(string)
		calls = append(calls, llm.ToolCall{ID: id, Name: name, Arguments: raw(call["arguments"]), Result: raw(object["result"])})
	}
	return calls, nil
}

// raw is v as JSON; a text that is JSON itself stands for what it says.
func raw(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	if text, ok := v.(string); ok && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil // not reachable: v was read from JSON
	}
	return data
}

// failure reads an error: a text, or {type, message, status}. A type that is
// none of llm's kinds is an application that failed.
func failure(v any) (*llm.Error, error) {
	e := &llm.Error{Kind: llm.TargetFailed}
	switch v := v.(type) {
	case bool:
		if !v {
			return nil, nil
		}
		e.Message = "the recorded answer is an error"
	case string:
		if v == "" {
			return nil, nil
		}
		e.Message = v
		if slices.Contains(llm.Kinds(), llm.ErrorKind(v)) {
			e.Kind = llm.ErrorKind(v)
		}
	case map[string]any:
		e.Message = "the recorded answer is an error"
		if message, ok := v["message"].(string); ok {
			e.Message = message
		}
		if kind, ok := v["type"].(string); ok && slices.Contains(llm.Kinds(), llm.ErrorKind(kind)) {
			e.Kind = llm.ErrorKind(kind)
		}
		if status, ok := number(v["status"]); ok {
			e.Status = int(status)
		}
	default:
		return nil, fmt.Errorf("%s is no error like {type: timeout, message: ...}", extract.Describe(v))
	}
	return e, nil
}
