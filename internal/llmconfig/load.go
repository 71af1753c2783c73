package llmconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/recorded"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/retrieve"
	"github.com/assay-llmops/assay/internal/source"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// loader fills a Config from its file, part by part, and gathers what is wrong.
type loader struct {
	*Config
	opt      Options
	file     *file
	problems problem.List
	other    error // the first that no user can mend
}

func (l *loader) load() (*Config, error) {
	l.Params, l.Choice, l.Input = l.file.Params, l.file.ToolChoice, l.file.Input
	l.kind()
	l.output()
	l.tools()
	l.retrieval()
	l.policies()
	l.target()
	l.answers()
	l.declared()
	l.input()
	l.messages()
	if l.other != nil {
		return nil, l.other
	}
	if err := l.problems.OrNil(); err != nil {
		return nil, err
	}
	slices.Sort(l.files)
	l.files = slices.Compact(l.files)
	return l.Config, l.redigest()
}

// bad records an error at a place of the file; true when there was one.
func (l *loader) bad(pointer string, err error) bool {
	var one *problem.Problem
	var list problem.List
	switch {
	case err == nil:
		return false
	case errors.As(err, &list):
		l.problems = append(l.problems, list...)
	case errors.As(err, &one):
		placed := *one
		if placed.File != "" && placed.File != l.Path && placed.Line == 0 {
			// A file that this one names: say who names it.
			placed.What = placed.File + " " + placed.What
			placed.File = ""
		}
		l.problems = append(l.problems, placed.At(l.Path, l.doc.Line(pointer)))
	case l.other == nil:
		l.other = err
	}
	return true
}

func (l *loader) wrong(pointer, format string, args ...any) *problem.Problem {
	p := l.problem(pointer, format, args...)
	l.problems = append(l.problems, p)
	return p
}

// read reads a file that the config names.
func (l *loader) read(pointer, written string) (f File, ok bool) {
	at, err := source.Resolve(l.Path, written)
	if l.bad(pointer, err) {
		return f, false
	}
	text, err := l.tree.Read(at)
	if l.bad(pointer, err) {
		return f, false
	}
	l.files = append(l.files, at)
	return File{Path: at, Text: canonical.Text(text)}, true
}

// glob reads all files that match patterns.
func (l *loader) glob(pointer string, patterns []string) (files []File) {
	seen := map[string]bool{}
	for i, written := range patterns {
		at := pointer + "/" + strconv.Itoa(i)
		pattern, err := source.Resolve(l.Path, written)
		if l.bad(at, err) {
			continue
		}
		names, err := l.tree.Glob(pattern)
		if l.bad(at, err) {
			continue
		}
		if len(names) == 0 {
			p := l.wrong(at, "no file matches %q", written)
			p.Want, p.Fix = "at least one file", "paths are relative to this file's folder, "+path.Dir(l.Path)
			continue
		}
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			text, err := l.tree.Read(name)
			if l.bad(at, err) {
				continue
			}
			files = append(files, File{Path: name, Text: canonical.Text(text)})
			l.files = append(l.files, name)
		}
	}
	slices.SortFunc(files, func(a, b File) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	return files
}

// kind checks that the config is exactly one of a prompt, a target and
// recorded answers, and reads the models.
func (l *loader) kind() {
	f := l.file
	if f.Target != nil {
		for name, there := range map[string]bool{"model": f.Model != "", "messages": f.Messages != nil, "retrieval": f.Retrieval != nil, "answers": f.Answers != nil} {
			if there {
				l.wrong("/"+name, "%s stands beside target", name).Want = "a target alone: the application does that itself"
			}
		}
		return
	}
	if f.Model == "" {
		p := l.wrong("", "the config has no model")
		p.Want, p.Fix = "model: provider/name (or a target)", "for a first try: model: builtin/extractive"
		return
	}
	l.Model, _ = llm.ParseRef(f.Model) // the schema has checked its form
	for _, name := range f.Fallbacks {
		ref, _ := llm.ParseRef(name)
		l.Fallbacks = append(l.Fallbacks, ref)
	}
	l.pin()
	recordedModel := l.Model == llm.Ref{Provider: "builtin", Name: "recorded"}
	switch {
	case recordedModel && f.Answers == nil:
		l.wrong("/model", "builtin/recorded has no answers").Want = "answers: {file: answers.jsonl, id: $.id, output: $.output}"
	case !recordedModel && f.Answers != nil:
		l.wrong("/answers", "answers belong to model: builtin/recorded").Fix = "set model: builtin/recorded, or remove answers"
	case !recordedModel && len(f.Messages) == 0:
		l.wrong("", "the config has no messages").Want = "messages: [{role: user, content: \"{{ question }}\"}]"
	}
	scripted := l.Model == llm.Ref{Provider: "builtin", Name: "script"}
	switch {
	case scripted && f.Script == "":
		l.wrong("/model", "builtin/script has no script").Want = "script: replies.yaml"
	case !scripted && f.Script != "":
		l.wrong("/script", "script belongs to model: builtin/script").Fix = "set model: builtin/script, or remove script"
	case scripted:
		if script, ok := l.read("/script", f.Script); ok {
			l.Script = &script
		}
	}
}

func (l *loader) output() {
	if l.file.Output == nil {
		return
	}
	raw := l.file.Output.Schema
	var written string
	if json.Unmarshal(raw, &written) == nil {
		f, ok := l.read("/output/schema", written)
		if !ok {
			return
		}
		doc, err := yamldoc.Parse(f.Path, []byte(f.Text))
		if l.bad("/output/schema", err) {
			return
		}
		object, ok := doc.Value().(map[string]any)
		if !ok {
			l.wrong("/output/schema", "%s is not a JSON Schema", f.Path).Want = "an object"
			return
		}
		l.Output = object
		l.bad("/output/schema", checkSchema(f.Path, object, doc.Line))
		return
	}
	object, _ := pointerValue(l.doc.Value(), "output", "schema").(map[string]any)
	l.Output = object
	l.bad("/output/schema", checkSchema(l.Path, object, func(p string) int { return l.doc.Line("/output/schema" + p) }))
}

func (l *loader) tools() {
	for i, raw := range l.file.Tools {
		at := "/tools/" + strconv.Itoa(i)
		var written string
		tool := Tool{}
		if json.Unmarshal(raw, &written) == nil {
			f, ok := l.read(at, written)
			if !ok {
				continue
			}
			doc, err := yamldoc.Parse(f.Path, []byte(f.Text))
			if l.bad(at, err) {
				continue
			}
			tool.Path = f.Path
			if raw, err = json.Marshal(doc.Value()); l.bad(at, err) {
				continue
			}
		}
		raw = unwrapTool(raw)
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&tool.Tool); err != nil || tool.Name == "" {
			p := l.wrong(at, "the tool cannot be read")
			p.Want = "{name, description, parameters: a JSON Schema, strict}"
			if err != nil {
				p.What += ": " + err.Error()
			}
			continue
		}
		for _, other := range l.Tools {
			if other.Name == tool.Name {
				l.wrong(at, "two tools are called %s", tool.Name)
			}
		}
		l.Tools = append(l.Tools, tool)
	}
	l.checkChoice()
}

// unwrapTool takes OpenAI's {type: function, function: {...}} as well.
func unwrapTool(raw json.RawMessage) json.RawMessage {
	var wrapped struct {
		Type     string          `json:"type"`
		Function json.RawMessage `json:"function"`
	}
	if json.Unmarshal(raw, &wrapped) == nil && wrapped.Type == "function" && wrapped.Function != nil {
		return wrapped.Function
	}
	return raw
}

func (l *loader) checkChoice() {
	if l.Choice == "" {
		return
	}
	names := []string{"auto", "none", "required"}
	for _, t := range l.Tools {
		names = append(names, t.Name)
	}
	if !slices.Contains(names, l.Choice) {
		l.wrong("/tool_choice", "there is no tool %q", l.Choice).Fix = problem.DidYouMean(l.Choice, names)
	}
}

func (l *loader) policies() {
	for i, written := range l.file.Guardrails {
		at := "/guardrails/" + strconv.Itoa(i)
		f, ok := l.read(at, written)
		if !ok {
			continue
		}
		doc, err := yamldoc.Parse(f.Path, []byte(f.Text))
		if l.bad(at, err) {
			continue
		}
		l.Policies = append(l.Policies, Policy{Path: f.Path, Value: doc.Value()})
	}
}

func (l *loader) target() {
	f := l.file.Target
	if f == nil {
		return
	}
	if (len(f.Command) == 0) == (f.URL == "") {
		l.wrong("/target", "the target has %s", map[bool]string{true: "neither command nor url", false: "both command and url"}[f.URL == ""]).Want = "one of them"
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
	spec, err := recorded.ParseSpec(l.file.Answers)
	if l.bad("/answers", err) {
		return
	}
	if f, ok := l.read("/answers/file", spec.File); ok {
		l.Answers = &Answers{Spec: spec, File: f, raw: l.file.Answers}
	}
}

func (l *loader) declared() {
	f := l.file.Version
	if f == nil {
		return
	}
	d := &Declared{Globs: f.Files, Files: l.glob("/version/files", f.Files), Env: map[string]string{}}
	for i, name := range f.Env {
		value, ok := l.opt.LookupEnv(name)
		if !ok {
			l.wrong("/version/env/"+strconv.Itoa(i), "the environment has no variable %s", name).Fix = "set it, for example " + name + "=$(git rev-parse HEAD)"
			continue
		}
		d.Env[name] = string(canonical.OfBytes([]byte(value)))
	}
	l.Declared = d
}

// retrievalFile is retrieval: in the file.
type retrievalFile struct {
	Corpus json.RawMessage `json:"corpus"`
	Chunk  struct {
		By        string `json:"by"`
		MaxTokens int    `json:"max_tokens"`
		Overlap   int    `json:"overlap"`
	} `json:"chunk"`
	Method string `json:"method"`
	Query  string `json:"query"`
	TopK   *int   `json:"top_k"`
}

// The defaults of retrieval.
const (
	defaultMaxTokens = 300
	defaultTopK      = 4
	defaultQuery     = "{{ question }}"
)

func (l *loader) retrieval() {
	f := l.file.Retrieval
	if f == nil {
		return
	}
	var globs []string
	pointer := "/retrieval/corpus"
	if json.Unmarshal(f.Corpus, &globs) != nil {
		globs = make([]string, 1)
		if err := json.Unmarshal(f.Corpus, &globs[0]); l.bad(pointer, err) {
			return
		}
	}
	spec := retrieve.Spec{
		Chunk:  retrieve.ChunkSpec{By: f.Chunk.By, MaxTokens: f.Chunk.MaxTokens, Overlap: f.Chunk.Overlap},
		Method: f.Method, TopK: defaultTopK,
	}
	if spec.Chunk.By == "" {
		spec.Chunk.By = "heading"
	}
	if spec.Chunk.MaxTokens == 0 {
		spec.Chunk.MaxTokens = defaultMaxTokens
	}
	if spec.Method == "" {
		spec.Method = "bm25"
	}
	if f.TopK != nil {
		spec.TopK = *f.TopK
	}
	if spec.Chunk.Overlap >= spec.Chunk.MaxTokens {
		l.wrong("/retrieval/chunk/overlap", "overlap is %d, max_tokens %d", spec.Chunk.Overlap, spec.Chunk.MaxTokens).Want = "an overlap smaller than max_tokens"
	}
	r := &Retrieval{Spec: spec, Globs: globs, Query: f.Query}
	if r.Query == "" {
		r.Query = defaultQuery
	}
	r.Root = l.corpusRoot(globs)
	for _, doc := range l.glob(pointer, globs) {
		r.Files = append(r.Files, retrieve.File{Path: relative(r.Root, doc.Path), Content: []byte(doc.Text)})
	}
	l.Retrieval = r
}

// corpusRoot is the deepest folder that all globs lie in before their first
// wildcard: documents are named relative to it, so that moving the corpus as a
// whole changes no version.
func (l *loader) corpusRoot(globs []string) string {
	root := ""
	for i, written := range globs {
		pattern, err := source.Resolve(l.Path, written)
		if err != nil {
			continue // reported by glob
		}
		folder := fixedFolder(pattern)
		if i == 0 {
			root = folder
		}
		for root != "." && folder != root && !isInside(root, folder) {
			root = path.Dir(root)
		}
	}
	return root
}
