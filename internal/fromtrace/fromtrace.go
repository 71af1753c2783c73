// Package fromtrace makes evaluation cases of traces: what a user really asked
// becomes a case that every later version has to answer.
//
// The input of a case is the variables of the prompt where a span names its
// config and tells them, so that any version of the config can be rendered with
// them. Else it is the messages of the first model call, else what went into
// the root. What the application retrieved and what its tools returned are kept
// beside it as fixtures, with the answer of that day and a link to the trace.
// Nothing is expected yet: what a right answer is, a person says.
package fromtrace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/trace"
)

// ErrNothing says that a trace holds no input that a case could be made of.
var ErrNothing = errors.New("no span of the trace has variables, messages or a root with an input")

// Case is a case as a line of a dataset's file.
type Case struct {
	Input    map[string]any `json:"input"`
	Cluster  string         `json:"cluster,omitempty"` // the session: its traces are not independent
	Metadata Metadata       `json:"metadata"`
}

// Metadata is what is kept beside the input of a case.
type Metadata struct {
	Source    Source           `json:"source"`
	Documents []trace.Document `json:"documents,omitempty"`
	ToolCalls []trace.ToolCall `json:"tool_calls,omitempty"`
	Output    string           `json:"output,omitempty"` // the answer that was given
}

// Source is where a case comes from.
type Source struct {
	Trace   string `json:"trace_id"`
	Span    string `json:"span_id"`
	Config  string `json:"config,omitempty"`
	Version string `json:"version,omitempty"`
	Model   string `json:"model,omitempty"`
}

// Make makes a case of a trace with the content of its spans.
func Make(t *api.Trace) (*Case, error) {
	at, input, err := inputOf(t)
	if err != nil {
		return nil, err
	}
	span := &t.List[at]
	c := &Case{Input: input, Cluster: t.Session, Metadata: Metadata{Source: Source{
		Trace: t.TraceID, Span: span.SpanID, Config: span.Config, Version: span.Version, Model: span.Model,
	}}}
	for i := range t.List {
		s := &t.List[i]
		if s.Content == nil {
			continue
		}
		if s.Kind == trace.KindRetriever.String() || s.Kind == trace.KindReranker.String() {
			c.Metadata.Documents = append(c.Metadata.Documents, s.Documents...)
		}
		if s.ToolCall != nil {
			c.Metadata.ToolCalls = append(c.Metadata.ToolCalls, *s.ToolCall)
		}
		if answer := answerOf(s.Content); answer != "" && (s.Kind == trace.KindLLM.String() || c.Metadata.Output == "") {
			c.Metadata.Output = answer
		}
	}
	_, _, err = c.line() // a case that a dataset cannot hold is none
	return c, err
}

// inputOf finds the span that says best what was asked.
func inputOf(t *api.Trace) (at int, input map[string]any, err error) {
	for i := range t.List {
		s := &t.List[i]
		if s.Content == nil || s.Config == "" && s.Prompt == nil {
			continue
		}
		var variables map[string]any
		if decode(s.Variables, &variables) == nil && len(variables) > 0 {
			return i, variables, nil
		}
	}
	for i := range t.List {
		if s := &t.List[i]; s.Content != nil && len(s.InputMessages) > 0 {
			return i, map[string]any{"messages": plain(s.InputMessages)}, nil
		}
	}
	for i := range t.List {
		s := &t.List[i]
		if s.Content == nil || s.Depth > 0 || s.InputText == "" {
			continue
		}
		var object map[string]any
		if decode([]byte(s.InputText), &object) == nil && len(object) > 0 {
			return i, object, nil
		}
		return i, map[string]any{"input": s.InputText}, nil
	}
	return 0, nil, ErrNothing
}

// decode reads JSON with its numbers as they are written.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// plain are messages as templates and models take them: a role and a text, or
// the parts where there is more than text.
func plain(list []trace.Message) []any {
	out := make([]any, len(list))
	for i, m := range list {
		message := map[string]any{"role": m.Role}
		if text, only := textOf(m); only {
			message["content"] = text
		} else {
			message["parts"] = m.Parts
		}
		out[i] = message
	}
	return out
}

// textOf joins the texts of a message; only says that it has nothing else.
func textOf(m trace.Message) (text string, only bool) {
	only = true
	for _, p := range m.Parts {
		if p.Type == "text" {
			text += p.Text
		} else {
			only = false
		}
	}
	return text, only
}

func answerOf(c *api.Content) string {
	for _, m := range c.OutputMessages {
		if text, _ := textOf(m); text != "" {
			return text
		}
	}
	return c.OutputText
}

// Add appends cases to the text of a dataset in JSON lines, but for those whose
// input it has already. name is the file's, for messages.
func Add(name string, text []byte, cases []*Case) (out []byte, added int, err error) {
	seen := map[canonical.Digest]bool{}
	if len(bytes.TrimSpace(text)) > 0 {
		d, err := dataset.Read(name, text, dataset.Mapping{})
		if err != nil {
			return nil, 0, err
		}
		for i := range d.Cases {
			digest, err := canonical.Of(d.Cases[i].Input)
			if err != nil {
				return nil, 0, fmt.Errorf("reading case %s: %w", d.Cases[i].ID, err)
			}
			seen[digest] = true
		}
		if !bytes.HasSuffix(text, []byte("\n")) {
			text = append(bytes.Clone(text), '\n')
		}
	}
	for _, c := range cases {
		line, digest, err := c.line()
		if err != nil {
			return nil, 0, err
		}
		if seen[digest] {
			continue
		}
		seen[digest] = true
		text = append(bytes.Clone(text), line...)
		added++
	}
	if added > 0 { // what is written can be read
		if _, err := dataset.Read(name, text, dataset.Mapping{}); err != nil {
			return nil, 0, err
		}
	}
	return text, added, nil
}

// line is the case as it stands in a file, and the digest of its input.
func (c *Case) line() ([]byte, canonical.Digest, error) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(c); err != nil {
		return nil, "", fmt.Errorf("writing the case of trace %s: %w", c.Metadata.Source.Trace, err)
	}
	d, err := dataset.Read("case.jsonl", line.Bytes(), dataset.Mapping{})
	if err != nil {
		return nil, "", err
	}
	digest, err := canonical.Of(d.Cases[0].Input)
	if err != nil {
		return nil, "", fmt.Errorf("reading the case of trace %s: %w", c.Metadata.Source.Trace, err)
	}
	return line.Bytes(), digest, nil
}
