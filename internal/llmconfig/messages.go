package llmconfig

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/jinja"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/source"
)

// Message is one turn of the prompt, as a template.
type Message struct {
	Role       string
	Name       string
	ToolCallID string
	Path       string // of the template's file; "" when inline
	Source     string // the template's text
	Turns      string // the expression of a conversation that is put in here; "" for one turn

	template *jinja.Template
	turns    *jinja.Expr
}

type messageFile struct {
	Role       string  `json:"role"`
	Content    *string `json:"content"`
	File       string  `json:"file"`
	Name       string  `json:"name"`
	ToolCallID string  `json:"tool_call_id"`
	Turns      string  `json:"turns"`
}

// The names that templates see beside the input's own fields.
var reserved = []string{"input", "documents", "tags", "config"}

// messages parses all templates and checks the names that they use.
func (l *loader) messages() {
	l.engine = jinja.New(jinja.Options{Loader: l.include})
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
		t, err := l.engine.Parse(l.Path, l.Retrieval.Query, l.doc.Line("/retrieval/query"))
		if !l.bad("/retrieval/query", err) {
			l.Retrieval.query = t
			l.names(t.Variables())
		}
	}
}

func (l *loader) message(at string, f *messageFile) (*Message, bool) {
	m := &Message{Role: f.Role, Name: f.Name, ToolCallID: f.ToolCallID}
	given := 0
	for _, there := range []bool{f.Content != nil, f.File != "", f.Turns != ""} {
		if there {
			given++
		}
	}
	if given != 1 {
		l.wrong(at, "the message has %d of content, file and turns", given).Want = "exactly one of them"
		return nil, false
	}
	if f.Turns != "" {
		text, ok := jinja.SingleExpr(f.Turns)
		if !ok {
			l.wrong(at+"/turns", "turns is not one expression").Want = `turns: "{{ input.conversation }}"`
			return nil, false
		}
		x, err := l.engine.ParseExpr(l.Path, text, l.doc.Line(at+"/turns"))
		m.Turns, m.turns = text, x
		return m, !l.bad(at, err)
	}
	if f.Role == "" {
		l.wrong(at, "the message has no role").Want = "role: system, user or assistant"
		return nil, false
	}
	name, line := l.Path, l.doc.Line(at+"/content")
	if f.File != "" {
		file, ok := l.read(at+"/file", f.File)
		if !ok {
			return nil, false
		}
		m.Path, m.Source = file.Path, file.Text
		name, line = file.Path, 1
	} else {
		m.Source = *f.Content
	}
	t, err := l.engine.Parse(name, m.Source, line)
	m.template = t
	return m, !l.bad(at, err)
}

// include finds a template that another one names: relative to that one, inside
// the tree.
func (l *loader) include(name, from string) (text, resolved string, err error) {
	at, err := source.Resolve(from, name)
	if err != nil {
		return "", "", err
	}
	raw, err := l.tree.Read(at)
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	if err != nil {
		return "", "", err
	}
	l.files = append(l.files, at)
	return canonical.Text(raw), path.Clean(at), nil
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
		switch {
		case n.Name == "expected":
			place.What = "a prompt uses expected: what is expected of the answer must not be shown to the model"
			place.Want = "the input's fields, input, documents, tags or config"
			l.problems = append(l.problems, place)
		case n.Guarded || !closed || field == "" || slices.Contains(reserved, n.Name) && n.Name != "input" || slices.Contains(declared, field):
		default:
			place.What = "the variable " + n.Name + dotted(n) + " is not defined: the input schema declares no " + field
			place.Fix = problem.DidYouMean(field, append(slices.Clone(declared), reserved...))
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
