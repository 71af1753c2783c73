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

func (r *rule) texts() []string {
	texts := r.Stream.Chunks
	if r.Reply != nil {
		texts = append(texts[:len(texts):len(texts)], r.Reply.text(), r.Reply.Refusal)
		for _, c := range r.Reply.ToolCalls {
			texts = append(texts, c.argumentsText())
		}
	}
	return texts
}

// text is the content as written: a text, or an object or list as JSON.
func (r *reply) text() string {
	if r.Content == nil {
		return ""
	}
	return extract.Text(r.Content)
}

func (c *toolCall) argumentsText() string {
	if c.Arguments == nil {
		return "{}"
	}
	return extract.Text(c.Arguments)
}
