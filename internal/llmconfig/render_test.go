package llmconfig

import (
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

func TestPrompt(t *testing.T) {
	t.Parallel()
	c := one.config(t, supportPath)
	input := map[string]any{"question": "Where is my order?", "history": []any{
		map[string]any{"role": "user", "content": "Hi"}, map[string]any{"role": "assistant", "content": "Hello"},
	}}
	docs := []llm.Document{{ID: "a.md#a", Source: "a.md#a", Content: "Text of a.", Score: 0.5}}
	r, err := c.Prompt(t.Context(), input, docs, []string{"billing"})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range r.Messages {
		b.WriteString("[" + m.Role + "] " + m.Content + "|")
	}
	want := "[system] Rules:\nBe brief.\n\n\nYou are kind.\nText of a.\n|[user] A question|[assistant] An answer|[user] Hi|[assistant] Hello|[user] Where is my order?|"
	if b.String() != want {
		t.Errorf("messages\n%q\nwant\n%q", b.String(), want)
	}
	form, err := canonical.JSON(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"params":{"max_output_tokens":400,"reasoning":{"effort":"low"},"temperature":0.2}`, `"tool_choice":"auto"`,
		`"tools":[{"name":"lookup","parameters":{"type":"object"}},{"description":"Closes a ticket","name":"close"}]`,
		`"output_schema":{"properties":{"answer":{"type":"string"}},"type":"object"}`,
	} {
		if !strings.Contains(string(form), part) {
			t.Errorf("%s\nhas no %s", form, part)
		}
	}
	if r.Model.String() != "openai/gpt-5-mini-2025-08-07" {
		t.Errorf("model %s", r.Model)
	}
	if q, err := c.Query(t.Context(), input, nil); err != nil || q != "Where is my order?" {
		t.Errorf("query %q, %v", q, err)
	}
}

func TestNamesThatTemplatesSee(t *testing.T) {
	t.Parallel()
	f := folder{"c.yaml": `
model: builtin/extractive
messages:
  - role: user
    content: "{{ q }} {{ input.q }} {{ input.tags }} {{ tags | join(',') }} {{ config.name }} {{ config.version }} {{ documents | length }}"
`}
	c := f.config(t, "c.yaml")
	r, err := c.Prompt(t.Context(), map[string]any{"q": "Q", "tags": "T"}, nil, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "Q Q T a,b c " + c.Version() + " 0"; r.Messages[0].Content != want {
		t.Errorf("%q, want %q", r.Messages[0].Content, want)
	}
}

func TestRenderProblems(t *testing.T) {
	t.Parallel()
	f := folder{"c.yaml": "model: builtin/extractive\nmessages:\n  - role: user\n    content: |\n      one\n      {{ qestion }}\n", "t.yaml": "model: builtin/extractive\nmessages: [{turns: \"{{ input.h }}\"}]\n"}
	c := f.config(t, "c.yaml")
	_, err := c.Prompt(t.Context(), map[string]any{"question": "x"}, nil, nil)
	if !problem.Is(err) || !strings.Contains(err.Error(), "c.yaml:6: ") || !strings.Contains(err.Error(), "question") {
		t.Errorf("an undefined name: %v", err)
	}
	turns := f.config(t, "t.yaml")
	for name, h := range map[string]any{"text": "x", "no role": []any{map[string]any{"content": "x"}}, "a list of texts": []any{"x"}} {
		if _, err := turns.Prompt(t.Context(), map[string]any{"h": h}, nil, nil); !problem.Is(err) || !strings.Contains(err.Error(), "{role, content}") {
			t.Errorf("turns of %s: %v", name, err)
		}
	}
}

func TestCheckInput(t *testing.T) {
	t.Parallel()
	c := one.config(t, supportPath)
	if err := c.CheckInput(map[string]any{"question": "x", "other": int64(1)}); err != nil {
		t.Errorf("a good input: %v", err)
	}
	for _, tc := range []struct {
		input map[string]any
		want  string
	}{
		{map[string]any{}, "the input: missing property 'question'"},
		{map[string]any{"question": int64(3)}, "input.question: got number, want string"},
		{map[string]any{"question": "x", "history": "y"}, "input.history: got string, want array"},
	} {
		if err := c.CheckInput(tc.input); err == nil || err.Error() != tc.want {
			t.Errorf("%v: %v, want %s", tc.input, err, tc.want)
		}
	}
	if err := (folder{"c.yaml": "model: builtin/extractive\nmessages: [{role: user, content: x}]\n"}).config(t, "c.yaml").CheckInput(nil); err != nil {
		t.Errorf("no schema: %v", err)
	}
}

func TestPins(t *testing.T) {
	t.Parallel()
	p := pins{declared: map[string]string{"mine": "exact", "openai/alias": "exact"}, ownNames: map[string]bool{"ollama": true}}
	for name, want := range map[string]bool{
		"openai/gpt-5-mini-2025-08-07": true, "anthropic/claude-sonnet-5-20260301": true, "gemini/gemini-2.5-flash-preview-09-2025": true,
		"gemini/gemini-2.5-pro-preview-05-06": true, "openai/gpt-4-0613": true, "openai/gpt-4-0125-preview": true, "mistral/mistral-large-2411": true,
		"aws/anthropic.claude-3-5-sonnet-20240620-v1:0": true, "vertex/claude-3-5-sonnet@20240620": true, "hf/org/model@sha256:0123456789abcdef": true,
		"hf/org/model@abc1234": true, "builtin/extractive": true, "mine/anything": true, "openai/alias": true, "ollama/llama3@sha256:0123456789ab": true,
		"openai/gpt-5": false, "openai/gpt-5-mini": false, "anthropic/claude-sonnet-latest": false, "ollama/llama3:8b": false,
		"ollama/llama3-2024-07-01": false, "openai/gpt-oss-120b": false, "x/model-9999": false, "gemini/gemini-2.0-flash-001": false, "x/m-2026-13-40": false,
	} {
		ref, ok := llm.ParseRef(name)
		if !ok {
			t.Fatal(name)
		}
		if got := p.pinned(ref); got != want {
			t.Errorf("%s: pinned is %v", name, got)
		}
	}
}

func TestWatchedAndFiles(t *testing.T) {
	t.Parallel()
	c := one.config(t, supportPath)
	want := "configs/shared/tone.md configs/support.yaml configs/support/answer.schema.json configs/support/rules.md " +
		"configs/support/system.md.jinja guard/default.yaml help/a.md help/deep/b.md tools/lookup.json"
	if got := strings.Join(c.Files(), " "); got != want {
		t.Errorf("files\n%s\nwant\n%s", got, want)
	}
	if got := strings.Join(c.Watched(), " "); got != want+" help/**/*.md" {
		t.Errorf("watched\n%s", got)
	}
	if c.Retrieval.Root != "help" || c.Retrieval.Files[1].Path != "deep/b.md" {
		t.Errorf("root %s, %s", c.Retrieval.Root, c.Retrieval.Files[1].Path)
	}
}
