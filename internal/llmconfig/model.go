package llmconfig

import (
	"maps"
	"slices"

	"github.com/assay-llmops/assay/internal/llm"
)

// The models that answer from a file.
var (
	recordedRef = llm.Ref{Provider: "builtin", Name: "recorded"}
	scriptRef   = llm.Ref{Provider: "builtin", Name: "script"}
)

// builtins are the models that are part of Assay.
var builtins = []string{"builtin/extractive", "builtin/recorded", "builtin/script"}

// kind checks that the config is exactly one of a prompt, a target and
// answers from a file, and reads the models.
func (l *loader) kind() {
	f := &l.file
	if f.Target != nil {
		l.alone()
		return
	}
	if f.Model == "" {
		p := l.wrong("", "the config has no model")
		p.Want, p.Fix = "model: provider/name, or a target", "for a first try: model: builtin/extractive"
		return
	}
	l.Model, _ = llm.ParseRef(f.Model) // the schema has checked its form
	for i, name := range f.Fallbacks {
		ref, _ := llm.ParseRef(name)
		if ref == recordedRef || ref == scriptRef {
			l.wrong(place{"/fallbacks", true}.at(i), "%s cannot be a fallback", ref).Want = "a model of a provider, or builtin/extractive"
		}
		l.Fallbacks = append(l.Fallbacks, ref)
	}
	if l.Model.Provider == "builtin" && !slices.Contains(builtins, f.Model) {
		l.wrong("/model", "there is no model %s", f.Model).Fix = didYouMean(f.Model, builtins)
		return
	}
	l.pin()
	l.belongs("answers", f.Answers != nil, recordedRef, "{file: answers.jsonl, id: $.id, output: $.output}")
	l.belongs("script", f.Script != "", scriptRef, "replies.yaml")
	if l.Model != recordedRef && len(f.Messages) == 0 {
		p := l.wrong("", "the config has no messages")
		p.Want = `messages: [{role: user, content: "{{ question }}"}]`
	}
}

// alone refuses what a target does itself.
func (l *loader) alone() {
	f := &l.file
	beside := map[string]bool{
		"model": f.Model != "", "messages": len(f.Messages) > 0, "retrieval": f.Retrieval != nil, "answers": f.Answers != nil,
		"script": f.Script != "", "params": len(f.Params) > 0, "tools": len(f.Tools) > 0, "fallbacks": len(f.Fallbacks) > 0,
	}
	for _, name := range slices.Sorted(maps.Keys(beside)) {
		if beside[name] {
			p := l.wrong("/"+name, "%s stands beside target", name)
			p.Want, p.Fix = "a target without it: the application does that itself", "remove "+name+", or remove target"
		}
	}
}

// belongs checks that a field is there for one model and for no other.
func (l *loader) belongs(field string, there bool, ref llm.Ref, example string) {
	switch is := l.Model == ref; {
	case is && !there:
		l.wrong("/model", "%s has no %s", ref, field).Want = field + ": " + example
	case !is && there:
		l.wrong("/"+field, "%s belongs to model: %s", field, ref).Fix = "set model: " + ref.String() + ", or remove " + field
	}
}
