package eval

import (
	"errors"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llmconfig"
	"github.com/assay-llmops/assay/internal/price"
)

// Side is one version that is asked the cases of a plan.
type Side struct {
	Name   string // "candidate" or "baseline"
	Config *llmconfig.Config
	Header Header

	asker       asker
	reuse       reuse
	purpose     string // "judge NAME" in the journal, "" for a side under test
	recorded    bool   // answers come from a file: no call, nothing to keep
	cleanup     func() error
	checkOutput func(text string) error // against the output schema; nil without one
}

// Close ends what the side started: a target's process, a worktree.
func (s *Side) Close() error { return errors.Join(s.asker.close(), s.cleanup()) }

// checkStructure makes an answer that breaks the output schema a failure of the
// candidate. A turn that calls tools is no answer yet.
func (s *Side) checkStructure(r *Record, subject *evaluator.Subject) {
	if s.checkOutput == nil || r.Failure != nil || len(r.ToolCalls) > 0 {
		return
	}
	if err := s.checkOutput(r.Output); err != nil {
		r.Failure = &llm.Error{Kind: llm.InvalidOutput, Message: err.Error()}
		subject.Failure = r.Failure
	}
}

// blank is the record of a case before it is asked.
func (s *Side) blank(c *dataset.Case, repeat int) *Record {
	return &Record{
		Case: c.ID, Repeat: repeat, CaseDigest: c.Digest(), Line: c.Line, Tags: c.Tags, Cluster: c.Cluster,
		Metadata: c.Metadata, Input: c.Input, Expected: c.Expected, Recorded: s.recorded,
	}
}

// fill writes an answer into the record and returns it as evaluators see it.
func (r *Record) fill(q *question, got *answered, s *Side) *evaluator.Subject {
	r.Cached, r.Call, r.Documents = got.cached, q.key, q.documents
	if s.recorded {
		r.Call = ""
	}
	if q.request != nil {
		r.Messages = q.request.Messages
	}
	subject := &evaluator.Subject{
		CaseID: r.Case, Repeat: r.Repeat, Cached: got.cached, ConfigName: s.Header.Config, Version: s.Header.Version,
	}
	if got.call == nil {
		return subject
	}
	call := got.call
	r.Failure, subject.Failure = call.Failure, call.Failure
	if call.CostNanos != nil {
		r.CostUSD, subject.CostNanos = price.FormatUSD(*call.CostNanos), call.CostNanos
	}
	reply := call.Reply
	if reply == nil {
		reply = &llm.Reply{Timing: llm.Timing{Start: call.Start, Total: call.End - call.Start}}
	}
	if reply.Documents != nil {
		r.Documents = reply.Documents
	}
	r.Output = reply.Content
	if r.Output == "" {
		r.Output = reply.Refusal
	}
	r.OutputDigest = canonical.OfBytes([]byte(r.Output))
	r.ToolCalls, r.FinishReason, r.Model = reply.ToolCalls, reply.FinishReason, reply.Model
	r.Usage, r.Timing, r.Attempts = reply.Usage, reply.Timing, reply.Attempts
	s.checkStructure(r, subject)
	subject.Output, subject.Documents, subject.ToolCalls = r.Output, r.Documents, r.ToolCalls
	subject.Usage, subject.Timing, subject.FinishReason = r.Usage, r.Timing, r.FinishReason
	return subject
}
