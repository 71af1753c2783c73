package llmconfig

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/jinja"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/secret"
	"github.com/assay-llmops/assay/internal/source"
)

// Message is one turn of the prompt, as a template.
type Message struct {
	Role       string
	Name       string
	ToolCallID string
	Path       string // of the template's file; "" when inline
	Source     string // the template's text
	ToolCalls  []llm.ToolCall
	Turns      string // {{ expr }} of a conversation that is put in here; "" for one turn

	template *jinja.Template
	turns    *jinja.Expr
}

// file is the file that the template stands in.
func (m *Message) file(config string) string {
	if m.Path != "" {
		return m.Path
	}
	return config
}

// The names that templates see beside the input's own fields.
var reserved = []string{"input", "documents", "tags", "config"}

// messages parses all templates and checks the names that they use.
func (l *loader) messages() {
	l.templates = jinja.New(jinja.Options{Loader: l.include})
	for i := range l.file.Messages {
		at := "/messages/" + strconv.Itoa(i)
		m, ok := l.message(at, &l.file.Messages[i])
		if !ok {
			continue
		}
		l.Messages = append(l.Messages, *m)
		if m.template != nil {
			l.names(m.template.Variables())
		} else {
			l.names(m.turns.Variables())
		}
	}
	if l.Retrieval != nil {
		t, err := l.templates.Parse(l.Path, l.Retrieval.Query, l.doc.TextLine("/retrieval/query"))
		if !l.bad("/retrieval/query", l.inline(err)) {
			l.Retrieval.query = t
			l.names(t.Variables())
		}
	}
}

func (l *loader) message(at string, f *messageForm) (*Message, bool) {
	m := &Message{Role: f.Role, Name: f.Name, ToolCallID: f.ToolCallID}
	if f.Turns != "" {
		return m, l.turns(at, f, m)
	}
	if f.Role == "" {
		p := l.wrong(at, "the message has no role")
		p.Want = "role: system, developer, user, assistant or tool"
		return nil, false
	}
	calls, wrong := exampleCalls(f.ToolCalls)
	if wrong != nil && l.bad(at+"/tool_calls", wrong) {
		return nil, false
	}
	m.ToolCalls = calls
	if len(calls) > 0 && f.Role != "assistant" {
		l.wrong(at+"/tool_calls", "a message of the %s has tool calls", f.Role).Want = "tool_calls in messages of the assistant only"
	}
	name, line := l.Path, l.doc.TextLine(at+"/content")
	switch {
	case f.Content != nil && f.File != "":
		l.wrong(at, "the message has both content and file").Want = "one of them"
		return nil, false
	case f.File != "":
		file, ok := l.read(at+"/file", f.File)
		if !ok {
			return nil, false
		}
		m.Path, m.Source = file.Path, file.Text
		name, line = file.Path, 1
		l.bad(at+"/file", secret.Text(file.Path, file.Text))
	case f.Content != nil:
		m.Source = *f.Content
	case len(calls) == 0:
		l.wrong(at, "the message has no content").Want = `content: "{{ question }}", or file: prompt.md.jinja, or turns: "{{ input.conversation }}"`
		return nil, false
	}
	t, err := l.templates.Parse(name, m.Source, line)
	m.template = t
	return m, !l.bad(at, l.inline(err))
}

// turns reads the expression of a conversation.
func (l *loader) turns(at string, f *messageForm, m *Message) bool {
	if f.Content != nil || f.File != "" || f.Role != "" || f.Name != "" || f.ToolCallID != "" || len(f.ToolCalls) > 0 {
		l.wrong(at, "the message has more than turns").Want = "turns alone: each turn brings its role and content"
		return false
	}
	text, ok := jinja.SingleExpr(f.Turns)
	if !ok {
		l.wrong(at+"/turns", "turns is not one expression").Want = `turns: "{{ input.conversation }}"`
		return false
	}
	x, err := l.templates.ParseExpr(l.Path, text, l.doc.TextLine(at+"/turns"))
	m.Turns, m.turns = f.Turns, x
	return !l.bad(at, l.inline(err))
}

// inline takes the column away from a problem of a template that stands in the
// config's own file: it is counted in the template.
func (c *Config) inline(err error) error {
	var p *problem.Problem
	if errors.As(err, &p) && p.File == c.Path && p.Col > 0 {
		q := *p
		q.Col = 0
		return &q
	}
	return err
}

// include finds a template that another one names: relative to that one, inside
// the tree.
func (l *loader) include(name, from string) (text, resolved string, err error) {
	at, err := source.Resolve(from, name)
	if err != nil {
		return "", "", err
	}
	f, err := l.open(at)
	if err != nil {
		return "", "", err
	}
	return f.Text, at, secret.Text(f.Path, f.Text)
}

// names refuses variables that cannot be there: what the input schema does not
// declare, and expected, which a prompt must not see.
func (l *loader) names(used []jinja.Name) {
	declared, closed := l.inputNames()
	for _, n := range used {
		field := n.Name
		if n.Name == "input" {
			field = n.Attr
		}
		place := &problem.Problem{File: n.File, Line: n.Line, Col: n.Col}
		if n.File == l.Path {
			place.Col = 0 // counted in the template, not in the file that it stands in
		}
		switch {
		case n.Name == "expected":
			place.What = "a prompt uses expected: what is expected of the answer must not be shown to the model"
			place.Want = "the input's fields, input, documents, tags or config"
			l.problems = append(l.problems, place)
		case n.Guarded || !closed || field == "" || slices.Contains(reserved, n.Name) && n.Name != "input" || slices.Contains(declared, field):
		default:
			place.What = "the variable " + n.Name + dotted(n) + " is not defined: the input schema declares no " + field
			place.Want = "a field of the input, or " + strings.Join(reserved, ", ")
			slices.Sort(declared)
			place.Fix = didYouMean(field, append(slices.Clone(declared), reserved...))
			l.problems = append(l.problems, place)
		}
	}
}

func dotted(n jinja.Name) string {
	if n.Attr == "" {
		return ""
	}
	return "." + n.Attr
}
