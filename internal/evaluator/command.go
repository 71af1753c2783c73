package evaluator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
)

// commandRequest is what an evaluator's command reads on stdin. It holds only
// what the answer is judged by, nothing that names the case or the run, so that
// equal answers get equal requests and the score can be kept.
type commandRequest struct {
	Assay     int             `json:"assay"`
	Input     map[string]any  `json:"input"`
	Expected  any             `json:"expected"`
	Output    any             `json:"output"`
	Documents []llm.Document  `json:"documents"`
	ToolCalls []llm.ToolCall  `json:"tool_calls"`
	Deadline  json.RawMessage `json:"deadline_ms"`
}

// commandReply is what it writes on stdout.
type commandReply struct {
	Score  *float64 `json:"score"`
	Pass   *bool    `json:"pass"`
	Label  *string  `json:"label"`
	Reason string   `json:"reason"`
}

const (
	defaultCommandTimeout = 30 * time.Second
	maxCommandReply       = 1 << 20
	maxCommandLog         = 2 << 10
)

// makeCommand judges by a program of the user's.
func makeCommand(p *params) (prepare, error) {
	run := p.texts("run")
	if len(run) == 0 || run[0] == "" {
		return nil, p.wrong("run", "run names no program").Wanted("a program and its arguments, such as [python3, checks/policy.py]")
	}
	if err := commandFiles(p, run); err != nil {
		return nil, err
	}
	scale, err := commandRange(p)
	if err != nil {
		return nil, err
	}
	p.rng = &scale
	timeout := p.duration("timeout")
	if timeout == 0 {
		timeout = defaultCommandTimeout
	}
	_, compares := p.spec.Params["expected"]
	program := program{argv: run, dir: p.env.Dir, timeout: timeout, maxOut: maxCommandReply, maxLog: maxCommandLog}
	threshold := p.spec.Threshold != nil
	return func(expected any) (scoreFunc, error) {
		return func(ctx context.Context, in *input) result {
			wanted := in.Expected
			if compares {
				wanted = expected
			}
			request, err := json.Marshal(commandRequest{
				Assay: 1, Input: in.Input, Expected: wanted, Output: in.answer, Documents: in.Documents,
				ToolCalls: in.ToolCalls, Deadline: fmt.Append(nil, timeout.Milliseconds()),
			})
			if err != nil {
				return broken("writing the request: " + err.Error())
			}
			stdout, err := program.run(ctx, request)
			if err != nil {
				return broken(err.Error())
			}
			reply, err := readReply(stdout, scale)
			if err != nil {
				return broken(err.Error())
			}
			return reply.result(wanted, compares, threshold)
		}, nil
	}, nil
}

// commandFiles puts the content of the files that the score depends on into
// the digest: those under files, and arguments of run that are files.
func commandFiles(p *params, run []string) error {
	content := make(map[string]any)
	for _, pattern := range p.texts("files") {
		paths, err := p.env.glob(pattern)
		if err != nil {
			return placed(p, "files", err)
		}
		if len(paths) == 0 {
			return p.wrong("files", "no file matches %s", pattern).Wanted("paths relative to the eval file, or patterns such as checks/**/*.py")
		}
		for _, path := range paths {
			data, err := p.env.Tree.Read(path)
			if err != nil {
				return placed(p, "files", err)
			}
			content[path] = canonical.OfBytes([]byte(canonical.Text(data)))
		}
	}
	for _, argument := range run {
		if data, err := p.env.read(argument); err == nil {
			content[argument] = canonical.OfBytes([]byte(canonical.Text(data)))
		}
	}
	p.content["files"] = content
	return nil
}

// commandRange reads range: [lo, hi].
func commandRange(p *params) (Range, error) {
	v, given := p.spec.Params["range"]
	if !given {
		return unit, nil
	}
	list, ok := v.([]any)
	if ok && len(list) == 2 {
		lo, isLo := toFloat(list[0])
		hi, isHi := toFloat(list[1])
		if isLo && isHi && lo < hi {
			return Range{Lo: lo, Hi: hi, Bounded: true}, nil
		}
	}
	return unit, p.wrong("range", "range is %s", describe(v)).Wanted("the lowest and the highest score, such as [1, 5]")
}

// readReply reads one JSON object of the known fields and nothing else.
func readReply(stdout []byte, scale Range) (commandReply, error) {
	var reply commandReply
	dec := json.NewDecoder(bytes.NewReader(stdout))
	dec.DisallowUnknownFields()
	if len(bytes.TrimSpace(stdout)) == 0 {
		return reply, errors.New("the command wrote nothing to stdout")
	}
	if err := dec.Decode(&reply); err != nil {
		return reply, fmt.Errorf("the command's reply is not the one asked for: %w", err)
	}
	if dec.More() {
		return reply, errors.New("the command wrote more than one reply")
	}
	if s := reply.Score; s != nil && (math.IsNaN(*s) || *s < scale.Lo || *s > scale.Hi) {
		return reply, fmt.Errorf("the command's score %s is outside its range of %s to %s", figure(*s), figure(scale.Lo), figure(scale.Hi))
	}
	return reply, nil
}

// result turns a reply into an outcome: pass says it, else a score against the
// threshold, else a label that was expected.
func (r commandReply) result(expected any, compares, threshold bool) result {
	var out result
	switch {
	case r.Pass != nil:
		out = decided(*r.Pass, "")
	case r.Score != nil && threshold:
		out = decided(false, "") // the threshold decides
	case r.Label != nil && compares:
		out = decided(*r.Label == expected, fmt.Sprintf("%s, not %s", *r.Label, show(expected)))
	default:
		return broken("the command's reply decides nothing: give pass, or a score and threshold:, or a label and expected:")
	}
	out.Value = r.Score
	if r.Label != nil {
		out.Label = *r.Label
	}
	out.Reason = join(out.Reason, r.Reason)
	return out
}
