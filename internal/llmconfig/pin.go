package llmconfig

import "regexp"

// A name that carries a date or a content digest does not move:
// gpt-5-mini-2026-03-17, claude-sonnet-5-20260301, model@sha256:..., gemini-3-pro-001.
var dated = regexp.MustCompile(`(?:[-@_]20\d{2}-?[01]\d(?:-?[0-3]\d)?$)|(?:@(?:sha256:)?[0-9a-f]{8,}$)|(?:-(?:0\d|1[0-2])-20\d{2}$)|(?:-\d{3}$)`)

// pin decides whether the model is pinned: by its name, by a declaration in
// assay.yaml, or because the engine is ours and numbered.
func (l *loader) pin() {
	ref := l.Model
	switch {
	case ref.Provider == "builtin":
		l.pinned = true
	case l.opt.Pins[ref.String()] != "", l.opt.Pins[ref.Provider] != "":
		l.pinned = true
	default:
		l.pinned = dated.MatchString(ref.Name)
	}
	if !l.pinned {
		p := l.problem("/model", "the model %s is not pinned: the vendor may move this name to another model", ref)
		p.Want = "a dated snapshot such as " + ref.String() + "-2026-03-17, or an @digest"
		p.Fix = "or declare in assay.yaml that it does not move\npin: {" + ref.String() + ": exact}   (local for a model file of your own)"
		l.Warnings = append(l.Warnings, p)
	}
}
