package script

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/problem"
)

// Script is a parsed script file. It holds no state and may be served several
// times.
type Script struct {
	Name   string
	file   string
	rules  []rule
	digest canonical.Digest
}

// Digest is the digest of the script's text.
func (s *Script) Digest() canonical.Digest { return s.digest }

type file struct {
	Schema string `yaml:"$schema"` // for editors
	Name   string `yaml:"name"`
	Rules  []rule `yaml:"rules"`
}

type rule struct {
	When      condition `yaml:"when"`
	Times     int       `yaml:"times"`      // calls that the rule answers, 0 for any number
	TimesEach int       `yaml:"times_each"` // calls of one distinct request that it answers
	Delay     duration  `yaml:"delay"`
	Reply     *reply    `yaml:"reply"`
	Stream    stream    `yaml:"stream"`
	Fault     *fault    `yaml:"fault"`
	line      int
}

type condition struct {
	Model    string `yaml:"model"`
	Contains string `yaml:"contains"`
	Matches  string `yaml:"matches"`
	Call     int    `yaml:"call"`
	regex    *regexp.Regexp
}

type reply struct {
	Content      any        `yaml:"content"`
	ToolCalls    []toolCall `yaml:"tool_calls"`
	Refusal      string     `yaml:"refusal"`
	FinishReason string     `yaml:"finish_reason"`
	Model        string     `yaml:"model"`
	Usage        usage      `yaml:"usage"`
}

type toolCall struct {
	ID        string `yaml:"id"`
	Name      string `yaml:"name"`
	Arguments any    `yaml:"arguments"`
}

// usage is counted in words when it is not written, and left out when it is
// written as none.
type usage struct {
	Input     int64 `yaml:"input_tokens"`
	Cached    int64 `yaml:"cached_tokens"`
	Output    int64 `yaml:"output_tokens"`
	Reasoning int64 `yaml:"reasoning_tokens"`
	given     bool
	none      bool
}

func (u *usage) UnmarshalYAML(node *yaml.Node) error {
	if node.Value == "none" {
		u.none = true
		return nil
	}
	type plain usage
	if err := known(node, "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens"); err != nil {
		return err
	}
	u.given = true
	return node.Decode((*plain)(u))
}

type stream struct {
	Chunks []string `yaml:"chunks"` // of the content; by words when not written
	Every  duration `yaml:"every"`  // pause before each chunk but the first
	NoDone bool     `yaml:"no_done"`
}

type fault struct {
	Status     int               `yaml:"status"`
	Headers    map[string]string `yaml:"headers"`
	Body       any               `yaml:"body"` // text or object; else an error of the next three
	Code       string            `yaml:"code"`
	Type       string            `yaml:"type"`
	Message    string            `yaml:"message"`
	Disconnect bool              `yaml:"disconnect"`
	Hang       bool              `yaml:"hang"`
	Truncate   bool              `yaml:"truncate"`
	StopAfter  *int              `yaml:"stop_after"`
	HangAfter  *int              `yaml:"hang_after"`
	ErrorAfter *int              `yaml:"error_after"`
}

// duration is written 200ms, 1.5s, 2m.
type duration time.Duration

func (d *duration) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := time.ParseDuration(node.Value)
	if err != nil || parsed < 0 {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %q is not a duration like 200ms or 1.5s", node.Line, node.Value)}}
	}
	*d = duration(parsed)
	return nil
}

func (r *rule) UnmarshalYAML(node *yaml.Node) error {
	type plain rule
	if err := known(node, "when", "times", "times_each", "delay", "reply", "stream", "fault"); err != nil {
		return err
	}
	r.line = node.Line
	if err := node.Decode((*plain)(r)); err != nil {
		return err
	}
	r.line = node.Line
	return nil
}

// known refuses members that a mapping does not have; a decoder that is started
// inside UnmarshalYAML does not do so itself.
func known(node *yaml.Node, names ...string) error {
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		found := false
		for _, n := range names {
			found = found || n == key.Value
		}
		if !found {
			return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: unknown field %q; %s", key.Line, key.Value, problem.DidYouMean(key.Value, names))}}
		}
	}
	return nil
}

func (c *condition) UnmarshalYAML(node *yaml.Node) error {
	type plain condition
	if err := known(node, "model", "contains", "matches", "call"); err != nil {
		return err
	}
	return node.Decode((*plain)(c))
}

func (r *reply) UnmarshalYAML(node *yaml.Node) error {
	type plain reply
	if err := known(node, "content", "tool_calls", "refusal", "finish_reason", "model", "usage"); err != nil {
		return err
	}
	return node.Decode((*plain)(r))
}

func (s *stream) UnmarshalYAML(node *yaml.Node) error {
	type plain stream
	if err := known(node, "chunks", "every", "no_done"); err != nil {
		return err
	}
	return node.Decode((*plain)(s))
}

func (f *fault) UnmarshalYAML(node *yaml.Node) error {
	type plain fault
	if err := known(node, "status", "headers", "body", "code", "type", "message", "disconnect", "hang", "truncate",
		"stop_after", "hang_after", "error_after"); err != nil {
		return err
	}
	return node.Decode((*plain)(f))
}

// Parse reads a script. Errors are Problems with file and line.
func Parse(name string, data []byte) (*Script, error) {
	var f file
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, badYAML(name, err)
	}
	s := &Script{Name: f.Name, file: name, rules: f.Rules, digest: canonical.OfBytes([]byte(canonical.Text(data)))}
	var bad problem.List
	if len(s.rules) == 0 {
		bad = append(bad, problem.Newf("the script has no rules").Wanted("rules: [{reply: {content: ...}}]").At(name, 1))
	}
	for i := range s.rules {
		if p := s.rules[i].check(); p != nil {
			bad = append(bad, p.At(name, s.rules[i].line))
		}
	}
	return s, bad.OrNil()
}

// check validates a rule and compiles its parts.
func (r *rule) check() *problem.Problem {
	var err error
	if r.When.Matches != "" {
		if r.When.regex, err = regexp.Compile(r.When.Matches); err != nil {
			return problem.Newf("when.matches does not compile: %v", err).Wanted("a regular expression in RE2 syntax")
		}
	}
	if r.Times < 0 || r.TimesEach < 0 || r.When.Call < 0 {
		return problem.Newf("times, times_each or call is negative").Wanted("0 for any, or a number from 1")
	}
	if r.Reply == nil && r.Fault == nil {
		return problem.Newf("the rule has neither reply nor fault").Remedy("add reply: {content: ...} or fault: {status: 500}")
	}
	if f := r.Fault; f != nil {
		if p := f.check(); p != nil {
			return p
		}
		if r.Reply == nil && (f.Truncate || f.StopAfter != nil || f.HangAfter != nil || f.ErrorAfter != nil) {
			return problem.Newf("the fault happens in the middle of a reply, and there is no reply").Remedy("add reply: {content: ...}")
		}
	}
	return r.checkTemplates()
}

func (f *fault) check() *problem.Problem {
	kinds := 0
	for _, set := range []bool{f.Status != 0, f.Disconnect, f.Hang, f.Truncate, f.StopAfter != nil, f.HangAfter != nil, f.ErrorAfter != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		return problem.Newf("the fault says %d things that happen", kinds).
			Wanted("one of status, disconnect, hang, truncate, stop_after, hang_after and error_after")
	}
	if f.Status != 0 && (f.Status < 300 || f.Status > 599) {
		return problem.Newf("fault.status is %d", f.Status).Wanted("an HTTP status from 300 to 599")
	}
	for _, n := range []*int{f.StopAfter, f.HangAfter, f.ErrorAfter} {
		if n != nil && *n < 0 {
			return problem.Newf("a fault after %d chunks", *n).Wanted("0 or more")
		}
	}
	return nil
}

// badYAML places what the YAML library says: "yaml: line 3: ...".
func badYAML(file string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var types *yaml.TypeError
	if errors.As(err, &types) && len(types.Errors) > 0 {
		text = types.Errors[0]
	}
	var row int
	if _, scanErr := fmt.Sscanf(text, "line %d:", &row); scanErr == nil {
		_, text, _ = strings.Cut(text, ": ")
	}
	return problem.Newf("%s", text).At(file, row)
}
