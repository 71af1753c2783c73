package captured

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Fixture is one scenario of one instrumentation.
type Fixture struct {
	Instrumentation string
	Scenario        string
	Requests        []Request
	Wire            Wire
}

// String is the fixture's name, as in a path.
func (f *Fixture) String() string { return f.Instrumentation + "/" + f.Scenario }

// Request is one OTLP request as the SDK sent it.
type Request struct {
	File        string            `json:"file"`
	Path        string            `json:"path"` // of the URL: /v1/traces, /v1/logs, or a vendor's own
	ContentType string            `json:"content_type"`
	Headers     map[string]string `json:"headers"` // those that tell something; of credentials the scheme alone
	Body        []byte            `json:"-"`
}

// Logs reports whether the request carries log records, not spans.
func (r *Request) Logs() bool { return strings.HasSuffix(r.Path, "/logs") }

// JSON reports whether the body is OTLP JSON, not protobuf.
func (r *Request) JSON() bool { return strings.Contains(r.ContentType, "json") }

// Wire is what happened, whatever was told of it.
type Wire struct {
	Set       Set        `json:"set"`
	Exchanges []Exchange `json:"exchanges"`
}

// Set is what the program itself gave to its SDK.
type Set struct {
	Session   string     `json:"session"`
	User      string     `json:"user"`
	Tags      []string   `json:"tags"`
	Documents []Document `json:"documents"`
}

// Document is a chunk that the program's retriever found.
type Document struct {
	ID      string  `json:"id"`
	Content string  `json:"content"`
	Score   float64 `json:"score"`
}

// Exchange is one request to the model's server with its answer.
type Exchange struct {
	Operation     string         `json:"operation"` // chat or embeddings
	Status        int            `json:"status"`
	Stream        bool           `json:"stream"`
	Model         string         `json:"model"`
	ResponseModel string         `json:"response_model"`
	ResponseID    string         `json:"response_id"`
	Messages      []Message      `json:"messages"`
	Tools         []Tool         `json:"tools"`
	Params        map[string]any `json:"params"`
	Output        *Message       `json:"output"`
	FinishReason  string         `json:"finish_reason"`
	Usage         Usage          `json:"usage"`
	Error         *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// Message is a message in OpenAI's form.
type Message struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"` // text, parts, or null
	ToolCallID string          `json:"tool_call_id"`
	ToolCalls  []struct {
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

// Tool is a definition in OpenAI's form.
type Tool struct {
	Function struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
	} `json:"function"`
}

// Usage is what the server billed.
type Usage struct {
	Input     int64 `json:"input"`
	Cached    int64 `json:"cached"`
	Output    int64 `json:"output"`
	Reasoning int64 `json:"reasoning"`
}

// Absence is a field that an instrumentation does not send.
type Absence struct {
	Field     string   `json:"field"`     // as in Difference, without its index
	Scenarios []string `json:"scenarios"` // all, when there are none
	Part      bool     `json:"part"`      // it sends some of it, not nothing
	Why       string   `json:"why"`
}

// holds reports whether the absence speaks of a field in a scenario.
func (a *Absence) holds(field, scenario string) bool {
	return a.Field == field && (len(a.Scenarios) == 0 || slices.Contains(a.Scenarios, scenario))
}

// Load reads all fixtures of a folder, sorted by name, and the absences of each
// instrumentation.
func Load(dir string) ([]Fixture, map[string][]Absence, error) {
	absent := map[string][]Absence{}
	if err := readJSON(filepath.Join(dir, "absent.json"), &absent); err != nil {
		return nil, nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*", "*", "meta.json"))
	if err != nil {
		return nil, nil, fmt.Errorf("looking for fixtures in %s: %w", dir, err)
	}
	all := make([]Fixture, 0, len(names))
	for _, name := range names {
		f, err := LoadOne(filepath.Dir(name))
		if err != nil {
			return nil, nil, err
		}
		all = append(all, *f)
	}
	return all, absent, nil
}

// LoadOne reads the fixture in a folder.
func LoadOne(dir string) (*Fixture, error) {
	var meta struct {
		Instrumentation string    `json:"instrumentation"`
		Scenario        string    `json:"scenario"`
		Requests        []Request `json:"requests"`
	}
	if err := readJSON(filepath.Join(dir, "meta.json"), &meta); err != nil {
		return nil, err
	}
	f := &Fixture{Instrumentation: meta.Instrumentation, Scenario: meta.Scenario, Requests: meta.Requests}
	for i := range f.Requests {
		body, err := os.ReadFile(filepath.Join(dir, f.Requests[i].File))
		if err != nil {
			return nil, fmt.Errorf("reading what %s sent: %w", f, err)
		}
		f.Requests[i].Body = body
	}
	return f, readJSON(filepath.Join(dir, "wire.json"), &f.Wire)
}

func readJSON(name string, into any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("reading a fixture: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}
