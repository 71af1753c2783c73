// Package providers turns the name of a model into a model: it knows the
// vendors' addresses, reads the settings under providers: in assay.yaml, takes
// keys from the environment and nowhere else, and keeps one wire exchange for
// each provider, so that the provider's ceiling holds for all its models.
//
// A key goes only to the address it belongs to: the environment variable of a
// vendor (OPENAI_API_KEY) is used for that vendor's provider, and for a provider
// of another name only at the vendor's own address. Anything else names its
// variable by api_key_env.
package providers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/llm/wire"
	"github.com/assay-llmops/assay/internal/problem"
)

// Settings of one provider, as under providers: in assay.yaml. What is absent
// is the default of the type.
type Settings struct {
	Type           string            `json:"type,omitempty"` // openai, anthropic, gemini, ollama, vllm, llamacpp or script; default: the provider's name, else openai
	BaseURL        string            `json:"base_url,omitempty"`
	APIKeyEnv      string            `json:"api_key_env,omitempty"` // variable that holds the key, sent as Authorization: Bearer
	Headers        map[string]string `json:"headers,omitempty"`
	HeadersEnv     map[string]string `json:"headers_env,omitempty"` // header -> variable that holds its value
	Query          map[string]string `json:"query,omitempty"`
	MaxTokensField string            `json:"max_tokens_field,omitempty"`
	Stream         *bool             `json:"stream,omitempty"`
	Concurrency    int               `json:"concurrency,omitempty"` // calls at once to begin with and at most; default 8
	Timeouts       Timeouts          `json:"timeouts,omitzero"`
	Retries        Retries           `json:"retries,omitzero"`
	Pin            string            `json:"pin,omitempty"`  // exact or local: names of models do not move (read by package llmconfig)
	File           string            `json:"file,omitempty"` // of type script
}

// Timeouts of one attempt; see wire.Timeouts.
type Timeouts struct {
	Connect   Duration `json:"connect,omitempty"`
	FirstByte Duration `json:"first_byte,omitempty"`
	Idle      Duration `json:"idle,omitempty"`
	Total     Duration `json:"total,omitempty"`
}

// Retries of one call; see wire.Retries.
type Retries struct {
	Max    *int     `json:"max,omitempty"`
	Base   Duration `json:"base,omitempty"`
	Cap    Duration `json:"cap,omitempty"`
	Budget Duration `json:"budget,omitempty"`
}

// Duration is a time.Duration that is written 500ms, 30s or 5m.
type Duration time.Duration

// UnmarshalJSON reads a text for time.ParseDuration.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		return fmt.Errorf("%s is not a duration like 500ms, 30s or 5m", data)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed <= 0 {
		return fmt.Errorf("%q is not a duration like 500ms, 30s or 5m", text)
	}
	*d = Duration(parsed)
	return nil
}

// MarshalJSON writes the text that UnmarshalJSON reads.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

func (t Timeouts) wire() wire.Timeouts {
	return wire.Timeouts{
		Connect: time.Duration(t.Connect), FirstByte: time.Duration(t.FirstByte),
		Idle: time.Duration(t.Idle), Total: time.Duration(t.Total),
	}
}

func (r Retries) wire() wire.Retries {
	out := wire.Retries{Base: time.Duration(r.Base), Cap: time.Duration(r.Cap), Budget: time.Duration(r.Budget)}
	if r.Max != nil {
		out.Max = *r.Max
		if out.Max == 0 {
			out.Max = -1 // written as none, not left to the default
		}
	}
	return out
}

// ParseSettings reads the value of providers: in assay.yaml, strictly. Errors
// are Problems, placed at file; line finds the line of a JSON pointer into the
// file (nil: unknown).
func ParseSettings(v any, file string, line func(pointer string) int) (map[string]Settings, error) {
	place := placer{file, line}
	object, ok := v.(map[string]any)
	if v == nil {
		return nil, nil
	}
	if !ok {
		return nil, problem.Newf("providers is not an object").Wanted("providers: {NAME: {type: openai, base_url: ...}}").At(place.at("/providers"))
	}
	out := make(map[string]Settings, len(object))
	var bad problem.List
	for _, name := range slices.Sorted(maps.Keys(object)) {
		var s Settings
		if p := decode(object[name], &s); p != nil {
			bad = append(bad, p.At(place.at("/providers/"+escape(name))))
			continue
		}
		if p := s.check(name); p != nil {
			bad = append(bad, p.At(place.at("/providers/"+escape(name))))
			continue
		}
		out[name] = s
	}
	return out, bad.OrNil()
}

type placer struct {
	file string
	line func(pointer string) int
}

func (p placer) at(pointer string) (string, int) {
	if p.line == nil {
		return p.file, 0
	}
	return p.file, p.line(pointer)
}

func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// decode reads an object into a struct with json tags; a name that the struct
// does not have is a problem that knows the nearest one.
func decode(v any, into any) *problem.Problem {
	if p := unknownNames(v, reflect.TypeOf(into).Elem(), ""); p != nil {
		return p
	}
	data, err := json.Marshal(v)
	if err != nil {
		return problem.Newf("%s", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(into); err != nil {
		text := err.Error()
		if mismatch, ok := err.(*json.UnmarshalTypeError); ok { //nolint:errorlint // as the decoder returns it
			text = fmt.Sprintf("%s is a %s", mismatch.Field, mismatch.Value)
			return problem.Newf("%s", text).Wanted("%s", mismatch.Type)
		}
		return problem.Newf("%s", text)
	}
	return nil
}

func unknownNames(v any, t reflect.Type, path string) *problem.Problem {
	object, ok := v.(map[string]any)
	if !ok || t.Kind() != reflect.Struct {
		return nil
	}
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fields[name] = t.Field(i).Type
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		field, known := fields[name]
		if !known {
			return problem.Newf("unknown field %q of a provider", path+name).Remedy("%s", problem.DidYouMean(name, slices.Sorted(maps.Keys(fields))))
		}
		if p := unknownNames(object[name], field, path+name+"."); p != nil {
			return p
		}
	}
	return nil
}

// check validates what can be seen without the environment.
func (s *Settings) check(name string) *problem.Problem {
	if name == "builtin" {
		return problem.Newf("builtin cannot be the name of a provider: it is Assay's own")
	}
	if strings.Contains(name, "/") || name == "" {
		return problem.Newf("the name of the provider %q has a slash or is empty", name).Wanted("a name that stands before the slash in model: NAME/MODEL")
	}
	if s.Type != "" {
		if _, known := presets[s.Type]; !known {
			return problem.Newf("providers.%s.type is %q", name, s.Type).Remedy("%s", problem.DidYouMean(s.Type, slices.Sorted(maps.Keys(presets))))
		}
	}
	if s.BaseURL != "" {
		u, err := url.Parse(s.BaseURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return problem.Newf("providers.%s.base_url is not an address", name).Wanted("http:// or https://, a host, and the path up to /chat/completions")
		}
		if u.RawQuery != "" || u.User != nil {
			return problem.Newf("providers.%s.base_url carries a query or a user", name).Remedy("write a query under query:, and a key's variable under api_key_env or headers_env")
		}
	}
	if s.Concurrency < 0 || s.Concurrency > 1024 {
		return problem.Newf("providers.%s.concurrency is %d", name, s.Concurrency).Wanted("a number from 1 to 1024")
	}
	if s.Retries.Max != nil && (*s.Retries.Max < 0 || *s.Retries.Max > 100) {
		return problem.Newf("providers.%s.retries.max is %d", name, *s.Retries.Max).Wanted("a number from 0 to 100")
	}
	if s.Pin != "" && s.Pin != "exact" && s.Pin != "local" {
		return problem.Newf("providers.%s.pin is %q", name, s.Pin).Wanted("exact or local")
	}
	return s.checkHeaders(name)
}

func (s *Settings) checkHeaders(name string) *problem.Problem {
	for header := range s.Headers {
		switch http.CanonicalHeaderKey(header) {
		case "Authorization", "Api-Key", "X-Api-Key", "X-Goog-Api-Key":
			return problem.Newf("providers.%s.headers holds a key in %s", name, header).
				Remedy("keep the key in the environment: headers_env: {%s: VARIABLE}", header)
		}
	}
	for header, variable := range s.HeadersEnv {
		if variable == "" {
			return problem.Newf("providers.%s.headers_env.%s names no variable", name, header)
		}
	}
	return nil
}
