package llmconfig

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/canonical"
)

// Difference is what changed from one version to another.
type Difference struct {
	Before  string   `json:"before"` // version
	After   string   `json:"after"`
	Same    bool     `json:"same"` // equal digests
	Changes []Change `json:"changes"`
}

// Change is one part that differs.
type Change struct {
	Part   string `json:"part"` // "params.temperature", "messages[0] (system)", "corpus billing.md"
	Kind   string `json:"kind"` // added, removed or changed
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	Text   bool   `json:"text,omitempty"` // Before and After are texts to compare by line and word
}

// Diff compares two versions: prompts as texts, the corpus by document, the
// rest by value.
func Diff(before, after *Config) *Difference {
	d := &Difference{Before: before.Version(), After: after.Version(), Same: before.digest == after.digest, Changes: []Change{}}
	d.messages(before, after)
	a, b := flatten(before.Canonical()), flatten(after.Canonical())
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, at := range slices.Sorted(maps.Keys(all)) {
		if !strings.HasPrefix(at, "messages[") {
			d.add(naming(at), a, b, at)
		}
	}
	return d
}

func (d *Difference) add(part string, a, b map[string]string, at string) {
	before, had := a[at]
	after, has := b[at]
	switch {
	case had && has && before == after:
	case !had:
		d.Changes = append(d.Changes, Change{Part: part, Kind: "added", After: after})
	case !has:
		d.Changes = append(d.Changes, Change{Part: part, Kind: "removed", Before: before})
	default:
		d.Changes = append(d.Changes, Change{Part: part, Kind: "changed", Before: before, After: after})
	}
}

// naming turns a path of the canonical form into words of the file.
func naming(at string) string {
	if name, ok := strings.CutPrefix(at, "retrieval.corpus."); ok {
		return "corpus " + name
	}
	if name, ok := strings.CutPrefix(at, "version.files."); ok {
		return "version file " + name
	}
	return at
}

// messages compares the prompts turn by turn, templates with what they
// include.
func (d *Difference) messages(before, after *Config) {
	for i := range max(len(before.Messages), len(after.Messages)) {
		part := "messages[" + strconv.Itoa(i) + "]"
		var a, b *Message
		if i < len(before.Messages) {
			a = &before.Messages[i]
		}
		if i < len(after.Messages) {
			b = &after.Messages[i]
		}
		switch {
		case a == nil:
			d.Changes = append(d.Changes, Change{Part: part + b.label(), Kind: "added", After: b.text(), Text: true})
		case b == nil:
			d.Changes = append(d.Changes, Change{Part: part + a.label(), Kind: "removed", Before: a.text(), Text: true})
		default:
			if a.Role != b.Role {
				d.Changes = append(d.Changes, Change{Part: part + ".role", Kind: "changed", Before: a.Role, After: b.Role})
			}
			if a.text() != b.text() {
				d.Changes = append(d.Changes, Change{Part: part + b.label(), Kind: "changed", Before: a.text(), After: b.text(), Text: true})
			}
			for _, field := range [][3]string{
				{"name", a.Name, b.Name}, {"tool_call_id", a.ToolCallID, b.ToolCallID}, {"tool_calls", a.calls(), b.calls()},
			} {
				if field[1] != field[2] {
					d.Changes = append(d.Changes, Change{Part: part + "." + field[0], Kind: "changed", Before: field[1], After: field[2]})
				}
			}
		}
	}
}

// label is a message's role behind its place.
func (m *Message) label() string {
	if m.turns != nil {
		return " (turns)"
	}
	return " (" + m.Role + ")"
}

// calls are a message's tool calls in JSON.
func (m *Message) calls() string {
	if len(m.ToolCalls) == 0 {
		return ""
	}
	text, err := canonical.JSON(m.ToolCalls)
	if err != nil {
		return fmt.Sprint(m.ToolCalls)
	}
	return string(text)
}

// text is a message's template with the templates that it reaches below it.
func (m *Message) text() string {
	if m.turns != nil {
		return m.Turns
	}
	parts := append([]string{m.Source}, m.template.Sources()...)
	return strings.Join(parts, "\n")
}

// flatten gives every leaf of a value a path.
func flatten(v any) map[string]string {
	leaves := map[string]string{}
	text, err := canonical.JSON(v)
	if err != nil {
		return leaves
	}
	var plain any
	if json.Unmarshal(text, &plain) != nil {
		return leaves
	}
	flattenInto(leaves, "", plain)
	return leaves
}

func flattenInto(leaves map[string]string, at string, v any) {
	object, isObject := v.(map[string]any)
	list, isList := v.([]any)
	switch {
	case isObject && len(object) > 0:
		for k, child := range object {
			flattenInto(leaves, join(at, k), child)
		}
	case isList && len(list) > 0:
		for i, child := range list {
			flattenInto(leaves, at+"["+strconv.Itoa(i)+"]", child)
		}
	default:
		text, err := canonical.JSON(v)
		if err != nil {
			text = []byte(fmt.Sprint(v))
		}
		leaves[at] = string(text)
	}
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

// Lines says what changed, a line each, without the texts.
func (d *Difference) Lines() []string {
	var lines []string
	for _, c := range d.Changes {
		lines = append(lines, c.Line())
	}
	return lines
}

// Line is a change in one line: values in full where they are short, digests
// and texts by name.
func (c *Change) Line() string {
	switch {
	case c.Text, c.long(), c.opaque():
		return c.Part + " " + c.Kind
	case c.Kind == "added":
		return c.Part + " added: " + c.After
	case c.Kind == "removed":
		return c.Part + " removed: was " + c.Before
	}
	return c.Part + ": " + c.Before + " → " + c.After
}

func (c *Change) long() bool { return len(c.Before) > 50 || len(c.After) > 50 }

// opaque reports whether the values are digests, which tell a reader nothing.
func (c *Change) opaque() bool {
	return strings.HasPrefix(c.Part, "corpus ") || strings.HasPrefix(c.Part, "version file ") ||
		strings.HasPrefix(c.Part, "version.env.") || c.Part == "answers.rows"
}
