package recorded

import (
	"context"
	"fmt"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

// Row is one row of the file of answers, as JSON values (nil, bool, int64,
// float64, string, []any, map[string]any).
type Row struct {
	Value any
	Line  int // 1-based, where the row begins
}

// Model answers from rows. It is an llm.Model and an llm.Keyer.
type Model struct {
	file    string
	joinBy  string              // the path that joins, for messages
	byInput bool                // join by the digest of the input instead of by the case's id
	answers map[string][]answer // by id or digest; repeats in order
	digest  canonical.Digest
}

// New reads the rows of the file that spec names. All rows that cannot be used
// are reported together, as a problem.List with file and line.
func New(spec *Spec, file string, rows []Row) (*Model, error) {
	m := &Model{file: file, answers: make(map[string][]answer, len(rows))}
	join := spec.takes["id"]
	if byInput, ok := spec.takes["input"]; ok {
		join, m.byInput = byInput, true
	}
	m.joinBy = join.path.String()

	var bad problem.List
	values := make([]any, len(rows)+1)
	values[len(rows)] = spec.written // how a row is read is part of what it answers
	for i, row := range rows {
		values[i] = row.Value
		key, err := m.rowKey(join, row.Value)
		var a answer
		if err == nil {
			a, err = spec.read(row.Value)
		}
		if err != nil {
			bad = append(bad, asProblem(err).At(file, row.Line))
			continue
		}
		m.answers[key] = append(m.answers[key], a)
	}
	if err := bad.OrNil(); err != nil {
		return nil, err
	}
	var err error
	if m.digest, err = canonical.Of(values); err != nil {
		return nil, fmt.Errorf("digesting %s: %w", file, err)
	}
	return m, nil
}

func (m *Model) rowKey(join take, row any) (string, error) {
	v, found := join.from(row)
	if !found {
		return "", problem.Newf("the row has nothing at %s", m.joinBy).
			Wanted("what joins the row to a case").Remedy("write the path of the case's id under answers.id, or of its input under answers.input")
	}
	if m.byInput {
		digest, err := canonical.Of(v)
		return string(digest), err
	}
	return extract.Text(v), nil
}

func asProblem(err error) *problem.Problem {
	if p, ok := err.(*problem.Problem); ok { //nolint:errorlint // only made here, never wrapped
		return p
	}
	return problem.Newf("%s", err)
}

// Call returns the recorded answer of the request's case and repeat.
func (m *Model) Call(ctx context.Context, req *llm.Request) (*llm.Reply, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found, err := m.find(req)
	if err != nil {
		return nil, err
	}
	a := found[0]
	if len(found) > 1 || req.Repeat > 0 {
		if req.Repeat >= len(found) {
			return nil, m.missing("%s has %d answers for the case %q, and repeat %d was asked for", m.file, len(found), req.CaseID, req.Repeat+1)
		}
		a = found[req.Repeat]
	}
	if a.err != nil {
		failure := *a.err
		if failure.Kind.OfCandidate() {
			reply := a.reply // what was answered and paid for before it failed
			return &reply, &failure
		}
		return nil, &failure
	}
	reply := a.reply
	return &reply, nil
}

func (m *Model) find(req *llm.Request) ([]answer, error) {
	if !m.byInput {
		if found := m.answers[req.CaseID]; len(found) > 0 {
			return found, nil
		}
		return nil, m.missing("%s has no answer for the case %q (rows join by %s)", m.file, req.CaseID, m.joinBy)
	}
	// A row may hold the whole input or, where the input has one field, its value.
	candidates := []any{req.Input}
	if len(req.Input) == 1 {
		for _, only := range req.Input {
			candidates = append(candidates, only)
		}
	}
	for _, c := range candidates {
		digest, err := canonical.Of(c)
		if err != nil {
			return nil, m.missing("the input of the case %q has no digest: %s", req.CaseID, err)
		}
		if found := m.answers[string(digest)]; len(found) > 0 {
			return found, nil
		}
	}
	return nil, m.missing("%s has no answer for the input of the case %q (rows join by %s)", m.file, req.CaseID, m.joinBy)
}

func (m *Model) missing(format string, args ...any) error {
	return &llm.Error{Kind: llm.BadReply, Message: fmt.Sprintf(format, args...), Attempts: 1}
}

// Digest is the digest of all rows and of how they are read.
func (m *Model) Digest() canonical.Digest { return m.digest }

// Key is the digest of the rows, of how they are read, and of the case.
func (m *Model) Key(req *llm.Request) (canonical.Digest, error) {
	return canonical.Of(map[string]any{
		"engine": "recorded", "rows": m.digest, "case": req.CaseID, "input": req.Input, "repeat": req.Repeat,
	})
}
