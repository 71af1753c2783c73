package llmconfig

import "encoding/json"

// form is a config as its file has it.
type form struct {
	Schema      string            `json:"$schema"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Model       string            `json:"model"`
	Params      map[string]any    `json:"params"`
	Messages    []messageForm     `json:"messages"`
	Input       map[string]any    `json:"input"`
	Output      *outputForm       `json:"output"`
	Tools       []json.RawMessage `json:"tools"`
	ToolChoice  string            `json:"tool_choice"`
	Retrieval   *retrievalForm    `json:"retrieval"`
	Guardrails  []string          `json:"guardrails"`
	Fallbacks   []string          `json:"fallbacks"`
	Target      *targetForm       `json:"target"`
	Answers     map[string]any    `json:"answers"`
	Script      string            `json:"script"`
	Version     *declaredForm     `json:"version"`
}

type messageForm struct {
	Role       string            `json:"role"`
	Content    *string           `json:"content"`
	File       string            `json:"file"`
	Name       string            `json:"name"`
	ToolCallID string            `json:"tool_call_id"`
	ToolCalls  []json.RawMessage `json:"tool_calls"`
	Turns      string            `json:"turns"`
}

type outputForm struct {
	Schema json.RawMessage `json:"schema"`
}

type retrievalForm struct {
	Corpus json.RawMessage `json:"corpus"`
	Chunk  struct {
		By        string `json:"by"`
		MaxTokens int    `json:"max_tokens"`
		Overlap   int    `json:"overlap"`
	} `json:"chunk"`
	Method string  `json:"method"`
	Query  *string `json:"query"`
	TopK   *int    `json:"top_k"`
}

type targetForm struct {
	Command  []string `json:"command"`
	URL      string   `json:"url"`
	Protocol string   `json:"protocol"`
	Prepare  []string `json:"prepare"`
	Timeout  string   `json:"timeout"`
}

type declaredForm struct {
	Files []string `json:"files"`
	Env   []string `json:"env"`
}
