package llmconfig

import (
	"path"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm/recorded"
	"github.com/assay-llmops/assay/internal/llm/script"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/secret"
)

// defaultTimeout is how long a target may take for an answer.
const defaultTimeout = time.Minute

func (l *loader) target() {
	f := l.file.Target
	if f == nil {
		return
	}
	switch {
	case len(f.Command) == 0 && f.URL == "":
		l.wrong("/target", "the target has neither command nor url").Want = "one of them"
	case len(f.Command) > 0 && f.URL != "":
		l.wrong("/target", "the target has both command and url").Want = "one of them"
	case f.URL != "" && f.Protocol != "":
		l.wrong("/target/protocol", "protocol stands beside url").Fix = "remove protocol: an endpoint is asked once for each case"
	}
	t := &Target{Command: f.Command, URL: f.URL, Lines: f.Protocol == "jsonl", Prepare: f.Prepare, Timeout: defaultTimeout, Dir: path.Dir(l.Path)}
	if f.Timeout != "" {
		d, err := time.ParseDuration(f.Timeout)
		if err != nil || d <= 0 {
			l.wrong("/target/timeout", "timeout is %q", f.Timeout).Want = "a duration such as 60s or 2m"
		}
		t.Timeout = d
	}
	l.Target = t
}

func (l *loader) answers() {
	if l.file.Answers == nil {
		return
	}
	value, _ := l.raw["answers"].(map[string]any)
	spec, err := recorded.ParseSpec(value)
	if l.bad("/answers", err) {
		return
	}
	if f, ok := l.read("/answers/file", spec.File); ok {
		l.Answers = &Answers{Spec: spec, File: f}
	}
}

func (l *loader) script() {
	if l.file.Script == "" {
		return
	}
	f, doc, ok := l.parse("/script", l.file.Script)
	if !ok {
		return
	}
	if _, err := script.Parse(f.Path, []byte(f.Text)); !l.bad("/script", err) {
		l.Script = &Script{File: f, value: doc.Value()}
	}
}

func (l *loader) policies() {
	for i, written := range l.file.Guardrails {
		at := place{"/guardrails", true}.at(i)
		f, doc, ok := l.parse(at, written)
		if !ok {
			continue
		}
		wrong, err := schema.Check("policy", doc)
		if err == nil {
			err = wrong.OrNil()
		}
		if !l.bad(at, err) && !l.bad(at, secret.Document(doc)) {
			l.Policies = append(l.Policies, Policy{Path: f.Path, Value: doc.Value()})
		}
	}
}

// declared reads version:, what behaviour depends on beside the config.
func (l *loader) declared() {
	f := l.file.Version
	if f == nil {
		return
	}
	if len(f.Files) == 0 && len(f.Env) == 0 {
		l.wrong("/version", "version names neither files nor env").Want = "version: {files: [src/**], env: [GIT_SHA]}, one of them or both"
		return
	}
	d := &Declared{Env: map[string]string{}}
	d.Files, d.Root = l.glob(place{"/version/files", true}, f.Files)
	for _, name := range f.Env {
		d.Env[name] = ""
		if l.opt.LookupEnv == nil {
			continue
		}
		if value, ok := l.opt.LookupEnv(name); ok {
			d.Env[name] = string(canonical.OfBytes([]byte(value)))
		}
	}
	l.Declared = d
}
