package providers

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/openai"
	"github.com/assay-llmops/assay/internal/llm/script"
	"github.com/assay-llmops/assay/internal/llm/wire"
	"github.com/assay-llmops/assay/internal/problem"
)

// Options are what a Registry needs from outside. Only LookupEnv is required.
type Options struct {
	LookupEnv func(name string) (string, bool)        // os.LookupEnv
	Builtin   map[string]llm.Model                    // engines of builtin/NAME
	ReadFile  func(path string) ([]byte, error)       // for providers of type script; path relative to File
	File      string                                  // assay.yaml as the user would type it, for messages
	Line      func(pointer string) int                // line of a JSON pointer in File; nil: unknown
	Observer  func(provider string) wire.Observer     // hears of every attempt; nil: nobody does
	Transport func(concurrency int) http.RoundTripper // nil: that of wire
}

// Registry resolves names of models. It is safe for concurrent use.
type Registry struct {
	settings map[string]Settings
	options  Options
	place    placer

	mu     sync.Mutex
	models map[string]llm.Model // by provider
	wires  map[string]*wire.Exchange
}

// New makes a Registry over settings that ParseSettings has checked. Nothing is
// read and nothing is connected until a model is asked for.
func New(settings map[string]Settings, o Options) *Registry {
	return &Registry{
		settings: settings, options: o, place: placer{o.File, o.Line},
		models: map[string]llm.Model{}, wires: map[string]*wire.Exchange{},
	}
}

// Model returns the model that ref names. A provider that is unknown and a key
// that is missing are Problems that say what to do.
func (r *Registry) Model(_ context.Context, ref llm.Ref) (llm.Model, error) {
	if ref.Provider == "builtin" {
		return r.builtin(ref)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if m, ok := r.models[ref.Provider]; ok {
		return m, nil
	}
	m, err := r.connect(ref)
	if err != nil {
		return nil, err
	}
	r.models[ref.Provider] = m
	return m, nil
}

func (r *Registry) builtin(ref llm.Ref) (llm.Model, error) {
	if m, ok := r.options.Builtin[ref.Name]; ok {
		return m, nil
	}
	switch ref.Name {
	case "recorded":
		return nil, problem.Newf("%s answers from a file, and the config names none", ref).
			Remedy("add answers: {file: answers.jsonl, id: $.id, output: $.output} to the config")
	case "script":
		return nil, problem.Newf("%s answers from a script, and none is named", ref).
			Remedy("add providers: {rehearsal: {type: script, file: script.yaml}} to assay.yaml, and write model: rehearsal/any-name")
	}
	return nil, problem.Newf("there is no model %s", ref).
		Remedy("%s", problem.DidYouMean(ref.Name, slices.Sorted(maps.Keys(r.options.Builtin))))
}

// Concurrency is the configured ceiling of a provider: how many calls it is
// worth having ready. The ceiling in force may be lower.
func (r *Registry) Concurrency(provider string) int {
	if s, ok := r.settings[provider]; ok && s.Concurrency > 0 {
		return s.Concurrency
	}
	return 8
}

// Close gives idle connections back.
func (r *Registry) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.wires {
		x.CloseIdle()
	}
}

// connect makes the model of a provider. r.mu is held.
func (r *Registry) connect(ref llm.Ref) (llm.Model, error) {
	name := ref.Provider
	s, configured := r.settings[name]
	kind := s.Type
	if kind == "" {
		kind = name
	}
	p, known := presets[kind]
	if !known {
		if !configured {
			return nil, r.unknown(ref)
		}
		kind, p = "openai", presets["openai"]
	}
	if kind == "script" {
		return r.scripted(name, &s)
	}
	baseURL, own, err := r.baseURL(name, &s, kind, p)
	if err != nil {
		return nil, err
	}
	secrets, err := r.secrets(name, &s, p, own)
	if err != nil {
		return nil, err
	}
	field := s.MaxTokensField
	if field == "" {
		field = p.maxTokensField
		if !own {
			field = "max_tokens" // what servers that only speak like OpenAI understand
		}
	}
	header := http.Header{}
	for key, value := range s.Headers {
		header.Set(key, value)
	}
	query := url.Values{}
	for key, value := range s.Query {
		query.Set(key, value)
	}
	x := wire.New(r.wireSettings(name, &s))
	r.wires[name] = x
	return openai.New(openai.Options{
		Provider: name, BaseURL: baseURL, Query: query, Header: header, Secrets: secrets,
		MaxTokensField: field, Stream: s.Stream, Exchange: x,
	}), nil
}

func (r *Registry) wireSettings(name string, s *Settings) wire.Settings {
	w := wire.Settings{
		Timeouts: s.Timeouts.wire(), Retries: s.Retries.wire(), Concurrency: r.Concurrency(name), Classify: openai.Classify,
	}
	if r.options.Observer != nil {
		w.Observer = r.options.Observer(name)
	}
	if r.options.Transport != nil {
		w.Transport = r.options.Transport(w.Concurrency)
	}
	return w
}

func (r *Registry) unknown(ref llm.Ref) error {
	names := slices.Collect(maps.Keys(r.settings))
	for name := range presets {
		if name != "script" {
			names = append(names, name)
		}
	}
	names = append(names, "builtin")
	slices.Sort(names)
	p := problem.Newf("there is no provider %q, which %s names", ref.Provider, ref)
	if near := problem.Nearest(ref.Provider, names); near != "" {
		return p.Remedy("did you mean %s?", near)
	}
	return p.Wanted("one of %s, or a provider of assay.yaml", strings.Join(slices.Compact(names), ", ")).
		Remedy("add providers: {%s: {type: openai, base_url: https://...}} to assay.yaml", ref.Provider)
}

// baseURL is the address of a provider. own reports whether it is the address
// that the type's key belongs to.
func (r *Registry) baseURL(name string, s *Settings, kind string, p preset) (address string, own bool, err error) {
	switch {
	case s.BaseURL != "":
		return s.BaseURL, name == kind || sameHost(s.BaseURL, p.baseURL), nil
	case name == kind && p.baseURLEnv != "":
		value, set := r.options.LookupEnv(p.baseURLEnv)
		if !set || value == "" {
			break
		}
		u, parseErr := url.Parse(value)
		if parseErr != nil || u.Host == "" {
			return "", false, problem.Newf("the environment variable %s is not an address", p.baseURLEnv).Wanted("an address like %s", p.baseURL)
		}
		return value, true, nil
	case s.Type == "" && name != kind:
		return "", false, problem.Newf("the provider %s has neither type nor base_url", name).
			Remedy("add base_url: https://... up to /chat/completions").At(r.place.at("/providers/" + escape(name)))
	}
	return p.baseURL, true, nil
}

func sameHost(a, b string) bool {
	ua, errA := url.Parse(a)
	ub, errB := url.Parse(b)
	return errA == nil && errB == nil && ua.Scheme == ub.Scheme && ua.Host == ub.Host
}

// secrets reads the keys of a provider from the environment.
func (r *Registry) secrets(name string, s *Settings, p preset, own bool) (map[string]wire.Secret, error) {
	secrets := map[string]wire.Secret{}
	for header, variable := range s.HeadersEnv {
		value, err := r.key(name, variable)
		if err != nil {
			return nil, err
		}
		secrets[http.CanonicalHeaderKey(header)] = wire.NewSecret(value)
	}
	variable, optional := s.APIKeyEnv, false
	if variable == "" && own && len(s.HeadersEnv) == 0 {
		variable, optional = p.keyEnv, p.keyOptional
	}
	if variable == "" {
		return secrets, nil
	}
	if value, set := r.options.LookupEnv(variable); optional && (!set || value == "") {
		return secrets, nil
	}
	value, err := r.key(name, variable)
	if err != nil {
		return nil, err
	}
	secrets["Authorization"] = wire.NewSecret("Bearer " + value)
	return secrets, nil
}

func (r *Registry) key(name, variable string) (string, error) {
	value, set := r.options.LookupEnv(variable)
	value = strings.TrimSpace(value)
	switch {
	case !set || value == "":
		return "", problem.Newf("the provider %s needs a key, and the environment variable %s is not set", name, variable).
			Remedy("export %s=..., or name another variable under providers.%s.api_key_env in assay.yaml; builtin/extractive needs no key", variable, name)
	case strings.ContainsAny(value, "\r\n\x00"):
		return "", problem.Newf("the environment variable %s holds a line break", variable).Remedy("set it to the key alone")
	}
	return value, nil
}

func (r *Registry) scripted(name string, s *Settings) (llm.Model, error) {
	if s.File == "" || r.options.ReadFile == nil {
		return nil, problem.Newf("the provider %s is a script without a file", name).Remedy("add file: script.yaml").At(r.place.at("/providers/" + escape(name)))
	}
	data, err := r.options.ReadFile(s.File)
	if err != nil {
		return nil, fmt.Errorf("reading the script of the provider %s: %w", name, err)
	}
	parsed, err := script.Parse(s.File, data)
	if err != nil {
		return nil, err
	}
	var observer wire.Observer
	if r.options.Observer != nil {
		observer = r.options.Observer(name)
	}
	return script.New(name, parsed, observer), nil
}
