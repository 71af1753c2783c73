package script

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/yamldoc"
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
	Schema string `json:"$schema"` // for editors
	Name   string `json:"name"`
	Rules  []rule `json:"rules"`
}

type rule struct {
	When      condition `json:"when"`
	Times     int       `json:"times"`      // calls that the rule answers, 0 for any number
	TimesEach int       `json:"times_each"` // calls of one distinct request that it answers
	Delay     duration  `json:"delay"`
	Reply     *reply    `json:"reply"`
	Stream    stream    `json:"stream"`
	Fault     *fault    `json:"fault"`
}

type condition struct {
	Model    string `json:"model"`
	Contains string `json:"contains"`
	Matches  string `json:"matches"`
	Call     int    `json:"call"`
	regex    *regexp.Regexp
}

type reply struct {
	Content      any        `json:"content"`
	ToolCalls    []toolCall `json:"tool_calls"`
	Refusal      string     `json:"refusal"`
	FinishReason string     `json:"finish_reason"`
	Model        string     `json:"model"`
	Usage        usage      `json:"usage"`
}

type toolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments any    `json:"arguments"`
}

// usage is counted in words when it is not written, and left out when it is
// written as none.
type usage struct {
	Input     int64 `json:"input_tokens"`
	Cached    int64 `json:"cached_tokens"`
	Output    int64 `json:"output_tokens"`
	Reasoning int64 `json:"reasoning_tokens"`
	given     bool
	none      bool
}

// UnmarshalJSON reads an object, or the word none.
func (u *usage) UnmarshalJSON(text []byte) error {
	type plain usage
	if u.none = string(text) == `"none"`; u.none {
		return nil
	}
	u.given = true
	return json.Unmarshal(text, (*plain)(u))
}

type stream struct {
	Chunks []string `json:"chunks"` // of the content; by words when not written
	Every  duration `json:"every"`  // pause before each chunk but the first
	NoDone bool     `json:"no_done"`
}

type fault struct {
	Status     int               `json:"status"`
	Headers    map[string]string `json:"headers"`
	Body       any               `json:"body"` // text or object; else an error of the next three
	Code       string            `json:"code"`
	Type       string            `json:"type"`
	Message    string            `json:"message"`
	Disconnect bool              `json:"disconnect"`
	Hang       bool              `json:"hang"`
	Truncate   bool              `json:"truncate"`
	StopAfter  *int              `json:"stop_after"`
	HangAfter  *int              `json:"hang_after"`
	ErrorAfter *int              `json:"error_after"`
}

// duration is written 200ms, 1.5s, 2m.
type duration time.Duration

// UnmarshalText reads the form that the schema lets through. One of more than
// 290 years, the only other mistake, is as good as for ever.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		parsed = 1<<63 - 1
	}
	*d = duration(parsed)
	return nil
}

// Parse reads a script. Errors are Problems with file and line.
func Parse(name string, data []byte) (*Script, error) {
	doc, err := schema.Read("script", name, data)
	if err != nil {
		return nil, err
	}
	var f file
	if err := doc.Decode(&f); err != nil {
		return nil, fmt.Errorf("reading a script: %w", err)
	}
	s := &Script{Name: f.Name, file: name, rules: f.Rules, digest: canonical.OfBytes([]byte(canonical.Text(data)))}
	var bad problem.List
	for i := range s.rules {
		at := "/rules/" + strconv.Itoa(i)
		if p := s.rules[i].check(doc, at); p != nil {
			bad = append(bad, p.At(name, doc.Line(at)))
		}
	}
	return s, bad.OrNil()
}

// check finds what a schema cannot say, and compiles the rule's parts.
func (r *rule) check(doc *yamldoc.Doc, at string) *problem.Problem {
	var err error
	if r.When.Matches != "" {
		if r.When.regex, err = regexp.Compile(r.When.Matches); err != nil {
			return doc.Problem(at+"/when/matches", "when.matches does not compile: %v", err).Wanted("a regular expression in RE2 syntax")
		}
	}
	if f := r.Fault; f != nil && r.Reply == nil && (f.Truncate || f.StopAfter != nil || f.HangAfter != nil || f.ErrorAfter != nil) {
		return problem.Newf("the fault happens in the middle of a reply, and there is no reply").Remedy("add reply: {content: ...}")
	}
	return r.checkTemplates()
}
