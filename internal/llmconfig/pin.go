package llmconfig

import (
	"errors"
	"regexp"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

// pins says which names of models nobody moves.
type pins struct {
	declared map[string]string // a provider, or provider/model -> exact or local
	ownNames map[string]bool   // providers at which users name models themselves
}

const (
	year  = `20[2-9]\d`
	month = `(?:0[1-9]|1[0-2])`
	day   = `(?:0[1-9]|[12]\d|3[01])`
)

// dated matches names that end in a date, as vendors write it in snapshots:
// gpt-5-mini-2025-08-07, claude-sonnet-5-20260301, gemini-2.5-flash-preview-09-2025,
// gpt-4-0613, mistral-large-2411; a revision may follow: -20240620-v1:0.
var dated = regexp.MustCompile(`[-@_](?:` +
	year + `-?` + month + `(?:-?` + day + `)?|` + // 2025-08-07, 20250807, 2025-08
	month + `-` + year + `|` + // 09-2025
	month + `-?` + day + `|` + // 0613, 05-06
	`2\d` + month + // 2411
	`)(?:-preview)?(?:-v\d+(?::\d+)?)?$`)

// digested matches names that end in a digest of the content.
var digested = regexp.MustCompile(`@(?:sha256:)?[0-9a-f]{7,64}$`)

func (p pins) pinned(ref llm.Ref) bool {
	switch {
	case ref.Provider == "builtin", p.declared[ref.String()] != "", p.declared[ref.Provider] != "":
		return true
	case digested.MatchString(ref.Name):
		return true
	}
	return !p.ownNames[ref.Provider] && dated.MatchString(ref.Name)
}

// AtModel places a problem with the model at the line that names it. One of a
// model from elsewhere, a flag, stays as it is.
func (c *Config) AtModel(err error) error {
	var p *problem.Problem
	top, _ := c.doc.Value().(map[string]any) // the schema has checked it
	if !errors.As(err, &p) || top["model"] != c.Model.String() {
		return err
	}
	return p.At(c.Path, c.doc.Line("/model"))
}

// unpinned is the first of the model and its fallbacks that is not pinned; the
// zero Ref when all are.
func (c *Config) unpinned() llm.Ref {
	if !c.pins.pinned(c.Model) {
		return c.Model
	}
	for _, ref := range c.Fallbacks {
		if !c.pins.pinned(ref) {
			return ref
		}
	}
	return llm.Ref{}
}

// pin decides whether the config is pinned, and warns when it is not.
func (c *Config) pin() {
	ref := c.unpinned()
	c.pinned = ref == llm.Ref{}
	if c.pinned {
		return
	}
	pointer := "/model"
	if ref != c.Model {
		pointer = "/fallbacks"
	}
	p := c.problem(pointer, "the model %s is not pinned: the name may be moved to another model", ref)
	p.Want = "a dated snapshot such as NAME-YYYY-MM-DD, or an @digest"
	if dated.MatchString(ref.Name) {
		p.Want = "a name ending in an @digest: a date in a name that you chose yourself pins nothing"
	}
	p.Fix = "or declare in assay.yaml that it does not move\npin: {" + ref.String() + ": exact}   (local for a model file of your own)"
	c.Warnings = []*problem.Problem{p}
}
