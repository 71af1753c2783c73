package script

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
)

var placeholder = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// asked is what a rule can say about the call that it answers.
type asked struct {
	model, lastUser string
	call            int      // 1 for the first call of the script
	match           []string // of when.matches
}

// fill puts values in the place of {{ last_user }}, {{ model }}, {{ call }} and
// {{ match.N }}.
func (a *asked) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(s string) string {
		switch name := placeholder.FindStringSubmatch(s)[1]; name {
		case "last_user":
			return a.lastUser
		case "model":
			return a.model
		case "call":
			return strconv.Itoa(a.call)
		default:
			n, err := strconv.Atoi(strings.TrimPrefix(name, "match."))
			if err != nil || n >= len(a.match) {
				return "" // not reachable: checkTemplates saw the names
			}
			return a.match[n]
		}
	})
}

// text fills a value: a text as it is, an object or a list as JSON whose texts
// are filled before they are quoted.
func (a *asked) text(v any) string {
	if v == nil {
		return ""
	}
	return extract.Text(a.inside(v))
}

func (a *asked) inside(v any) any {
	switch v := v.(type) {
	case string:
		return a.fill(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = a.inside(item)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, item := range v {
			object[name] = a.inside(item)
		}
		return object
	}
	return v
}

// arguments of a tool call as text; none are an empty object.
func (a *asked) arguments(c *toolCall) string {
	if c.Arguments == nil {
		return "{}"
	}
	return a.text(c.Arguments)
}

// checkTemplates refuses names that fill does not know.
func (r *rule) checkTemplates() *problem.Problem {
	groups := -1
	if r.When.regex != nil {
		groups = r.When.regex.NumSubexp()
	}
	for _, text := range r.texts() {
		for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
			name := found[1]
			if name == "last_user" || name == "model" || name == "call" {
				continue
			}
			digits, isMatch := strings.CutPrefix(name, "match.")
			n, err := strconv.Atoi(digits)
			if isMatch && err == nil && n >= 0 && n <= groups {
				continue
			}
			return problem.Newf("{{ %s }} stands for nothing here", name).
				Wanted("last_user, model, call, or match.N for group N of when.matches")
		}
	}
	return nil
}

// texts are all texts of a rule that fill is used on.
func (r *rule) texts() []string {
	texts := r.Stream.Chunks
	if r.Reply != nil {
		texts = append(texts[:len(texts):len(texts)], extract.Text(r.Reply.Content), r.Reply.Refusal)
		for _, c := range r.Reply.ToolCalls {
			texts = append(texts, extract.Text(c.Arguments))
		}
	}
	return texts
}
