package evaluator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/source"
)

// Judge is a config that judges: its messages hold the rubric.
type Judge interface {
	// Version is the name and digest of the judge's config.
	Version() string
	// Ask renders the config over the question, as it would be over a case, and
	// calls the model.
	Ask(ctx context.Context, q Question) (*llm.Reply, error)
}

// Question is the case that a judge is asked about. CaseID and Repeat name it
// for logs and for recorded answers; they are no part of a score's key.
type Question struct {
	CaseID    string
	Repeat    int
	Input     map[string]any // the case's input, and output, tool_calls, rubric and what with: adds
	Expected  any            // the evaluator's expected, or the case's
	Documents []llm.Document // that the answer was made from: documents in the judge's templates
}

// JudgeSchema is the JSON Schema of a judge's reply, for configs without an
// output schema of their own. The reason comes first, so that a model thinks
// before it decides.
const JudgeSchema = `{"type":"object","properties":{` +
	`"reason":{"type":"string","description":"What speaks for and against, in one or two sentences."},` +
	`"pass":{"type":"boolean","description":"Whether the answer meets the rubric."}},` +
	`"required":["reason","pass"],"additionalProperties":false}`

// makeJudge asks another model whether a rubric is met.
func makeJudge(p *params) (prepare, error) {
	if p.env.Judge == nil {
		return nil, p.wrong("type", "judges cannot be asked here").Wanted("evaluators without a judge")
	}
	config, err := source.Resolve(p.env.File, p.text("config", ""))
	if err != nil {
		return nil, placed(p, "config", err)
	}
	judge, err := p.env.Judge(config)
	if err != nil {
		return nil, placed(p, "config", err)
	}
	p.content["judge"] = judge.Version()
	with, err := compileDynamic(p.spec.Params["with"], p.env, p.spec.Place.at("with"))
	if err != nil {
		return nil, err
	}
	for _, name := range with.names {
		if slices.Contains([]string{"tags", "metadata", "finish_reason", "config"}, name) {
			p.uses = append(p.uses, name)
		}
	}
	_, compares := p.spec.Params["expected"]
	ask := judgeCall{judge: judge, with: with, rubric: p.text("rubric", ""), compares: compares}
	return func(expected any) (scoreFunc, error) {
		return func(ctx context.Context, in *input) result { return ask.score(ctx, in, expected) }, nil
	}, nil
}

type judgeCall struct {
	judge    Judge
	with     *dynamic
	rubric   string
	compares bool
}

func (j judgeCall) score(ctx context.Context, in *input, expected any) result {
	q, err := j.question(ctx, in, expected)
	if err != nil {
		return broken("with: " + causeOf(err))
	}
	reply, err := j.judge.Ask(ctx, q)
	if err != nil {
		return broken("the judge gave no reply: " + causeOf(err))
	}
	pass, reason, err := readVerdict(reply.Content)
	if err != nil {
		return broken("the judge gave no valid reply: " + err.Error())
	}
	r := decided(pass, "")
	r.Reason = reason
	return r
}

func (j judgeCall) question(ctx context.Context, in *input, expected any) (Question, error) {
	fields := make(map[string]any, len(in.Input)+4)
	for name, v := range in.Input {
		fields[name] = v
	}
	fields["output"], fields["tool_calls"] = extract.Text(in.answer), toolCallValues(in.ToolCalls)
	if j.rubric != "" {
		fields["rubric"] = j.rubric
	}
	with, err := j.with.resolve(ctx, in.vars)
	if err != nil {
		return Question{}, err
	}
	if more, ok := with.(map[string]any); ok {
		for name, v := range more {
			fields[name] = v
		}
	}
	q := Question{CaseID: in.CaseID, Repeat: in.Repeat, Input: fields, Expected: in.Expected, Documents: in.Documents}
	if j.compares {
		q.Expected = expected
	}
	return q, nil
}

// readVerdict reads {"reason": text, "pass": boolean}, alone or in a fenced
// block. Anything else is no verdict, not a fail.
func readVerdict(reply string) (pass bool, reason string, err error) {
	text := strings.TrimSpace(reply)
	if strings.HasPrefix(text, "```") {
		block, err := extract.Parse("fenced_block")
		if err != nil {
			return false, "", fmt.Errorf("reading a fenced block: %w", err)
		}
		if part, found, _ := block.Apply(text); found {
			text = extract.Text(part)
		}
	}
	var verdict struct {
		Reason *string `json:"reason"`
		Pass   *bool   `json:"pass"`
	}
	if err := json.Unmarshal([]byte(text), &verdict); err != nil {
		return false, "", errors.New(`it is not JSON of the form {"reason": "...", "pass": true}`)
	}
	switch {
	case verdict.Pass == nil:
		return false, "", errors.New("it has no pass")
	case verdict.Reason == nil || strings.TrimSpace(*verdict.Reason) == "":
		return false, "", errors.New("it has no reason")
	}
	return *verdict.Pass, *verdict.Reason, nil
}

// placed puts an error at a parameter, unless it has a place already.
func placed(p *params, name string, err error) error {
	var known *problem.Problem
	if errors.As(err, &known) {
		return p.spec.Place.at(name).put(known)
	}
	return fmt.Errorf("%s: %s: %w", p.spec.Place.at(name).where(), name, err)
}
