package llmconfig

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

func didYouMean(name string, names []string) string { return problem.DidYouMean(name, names) }

// toolFields are what a tool may have.
var toolFields = []string{"name", "description", "parameters", "strict"}

func (l *loader) tools() {
	for i, raw := range l.file.Tools {
		at := place{"/tools", true}.at(i)
		doc, inside, name := l.doc, at, ""
		value := l.raw["tools"].([]any)[i] //nolint:forcetypeassert // as it was decoded
		var written string
		if json.Unmarshal(raw, &written) == nil {
			f, parsed, ok := l.parse(at, written)
			if !ok {
				continue
			}
			doc, inside, name, value = parsed, "", f.Path, parsed.Value()
		}
		tool, ok := l.tool(doc, inside, value)
		if !ok {
			continue
		}
		tool.Path = name
		for _, other := range l.Tools {
			if other.Name == tool.Name {
				l.wrong(at, "two tools are called %s", tool.Name).Want = "names that differ"
			}
		}
		l.Tools = append(l.Tools, tool)
	}
	l.checkChoice()
}

// tool reads a tool that stands at a pointer of a document. OpenAI's
// {type: function, function: {...}} is unwrapped.
func (l *loader) tool(doc *yamldoc.Doc, at string, value any) (t Tool, ok bool) {
	object, isObject := value.(map[string]any)
	if inner, wrapped := object["function"].(map[string]any); wrapped && object["type"] == "function" {
		object, at = inner, at+"/function"
	}
	fault := func(pointer, fix, format string, args ...any) {
		p := doc.Problem(at+pointer, format, args...)
		p.Want, p.Fix = "{name, description, parameters: a JSON Schema, strict}", fix
		l.problems = append(l.problems, p)
	}
	if !isObject {
		fault("", "", "a tool is not a mapping")
		return t, false
	}
	good := true
	for _, field := range slices.Sorted(maps.Keys(object)) {
		v := object[field]
		switch field {
		case "name":
			t.Name, ok = v.(string)
		case "description":
			t.Description, ok = v.(string)
		case "strict":
			var strict bool
			strict, ok = v.(bool)
			t.Strict = &strict
		case "parameters":
			ok = l.parameters(doc, at+"/parameters", v, &t)
		default:
			fault("/"+field, didYouMean(field, toolFields), "unknown field %q of a tool", field)
			good = false
			continue
		}
		if !ok && field != "parameters" {
			fault("/"+field, "", "%s of a tool is of the wrong type", field)
		}
		good = good && ok
	}
	if t.Name == "" && good {
		fault("", "", "a tool has no name")
		good = false
	}
	t.value = object
	return t, good
}

// parameters reads the JSON Schema of a tool's arguments.
func (l *loader) parameters(doc *yamldoc.Doc, at string, v any, t *Tool) bool {
	object, ok := v.(map[string]any)
	if !ok {
		p := doc.Problem(at, "parameters of a tool is not a mapping")
		p.Want = "a JSON Schema of type object"
		l.problems = append(l.problems, p)
		return false
	}
	if l.bad("/tools", checkSchema(doc, at, object)) {
		return false
	}
	text, err := json.Marshal(object)
	t.Parameters = text
	return !l.bad("/tools", err)
}

func (l *loader) checkChoice() {
	if l.Choice == "" {
		return
	}
	names := []string{"auto", "none", "required"}
	for _, t := range l.Tools {
		names = append(names, t.Name)
	}
	if slices.Contains(names, l.Choice) {
		return
	}
	p := l.wrong("/tool_choice", "tool_choice is %q", l.Choice)
	p.Want, p.Fix = "auto, none, required or the name of a tool", didYouMean(l.Choice, names)
}

// exampleCalls reads the tool calls of an assistant's turn that is an example.
func exampleCalls(raw []json.RawMessage) ([]llm.ToolCall, *problem.Problem) {
	var calls []llm.ToolCall
	for _, text := range raw {
		var c llm.ToolCall
		if err := json.Unmarshal(text, &c); err != nil || c.Name == "" {
			return nil, problem.Newf("a tool call of an example has no name").Wanted("{id, name, arguments}")
		}
		if s := strings.TrimSpace(string(c.Arguments)); s == "" {
			c.Arguments = json.RawMessage("{}")
		}
		calls = append(calls, c)
	}
	return calls, nil
}
