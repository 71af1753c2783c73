package openai

import (
	"encoding/json"
	"fmt"

	"github.com/assay-llmops/assay/internal/llm"
)

// response is a reply, or one chunk of a streamed reply.
type response struct {
	ID      string          `json:"id"`
	Model   string          `json:"model"`
	Choices []choice        `json:"choices"`
	Usage   *usage          `json:"usage"`
	Error   json.RawMessage `json:"error"`
}

type choice struct {
	Index        int       `json:"index"`
	Message      *outgoing `json:"message"`
	Delta        *outgoing `json:"delta"`
	FinishReason *string   `json:"finish_reason"`
}

// outgoing is a message or delta from a model. A server may send null for any
// of it.
type outgoing struct {
	Role         string          `json:"role"`
	Content      content         `json:"content"`
	Refusal      string          `json:"refusal"`
	ToolCalls    []toolDelta     `json:"tool_calls"`
	FunctionCall *functionDelta  `json:"function_call"`
	Reasoning    json.RawMessage `json:"reasoning_content"` // kept in Raw only
}

type toolDelta struct {
	Index    *int          `json:"index"`
	ID       string        `json:"id"`
	Function functionDelta `json:"function"`
}

type functionDelta struct {
	Name      string        `json:"name"`
	Arguments argumentsPart `json:"arguments"`
}

// content is text, or a list of parts of which the texts count.
type content string

func (c *content) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*c = content(text)
		return nil
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(data, &parts); err != nil {
		return fmt.Errorf("content is neither a text nor a list of parts")
	}
	for _, p := range parts {
		*c += content(p.Text)
	}
	return nil
}

// argumentsPart is a piece of JSON as text; some servers send the object.
type argumentsPart string

func (a *argumentsPart) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*a = argumentsPart(text)
		return nil
	}
	*a = argumentsPart(data)
	return nil
}

// DecodeReply reads a whole reply. An answer that the provider filtered is
// returned together with an error of kind ContentFilter; anything that is not
// the protocol is an error of kind BadReply.
func DecodeReply(data []byte) (*llm.Reply, error) {
	var r response
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, badReply("the answer is not a chat completion: %s", jsonTrouble(data, err))
	}
	if failure := inBandError(r.Error); failure != nil {
		return nil, failure
	}
	if len(r.Choices) == 0 {
		return nil, badReply("the answer has no choices")
	}
	a := assembler{usage: r.Usage, id: r.ID, model: r.Model}
	first := r.Choices[0]
	if first.Message == nil {
		return nil, badReply("the answer has no message")
	}
	a.add(first.Message)
	if first.FinishReason != nil {
		a.finish = *first.FinishReason
	}
	reply, err := a.reply()
	reply.Raw = json.RawMessage(data)
	return reply, err
}

func badReply(format string, args ...any) *llm.Error {
	return &llm.Error{Kind: llm.BadReply, Message: fmt.Sprintf(format, args...)}
}

// jsonTrouble says what is wrong with a JSON text without showing any of it.
func jsonTrouble(data []byte, err error) string {
	if !json.Valid(data) {
		if len(data) == 0 {
			return "it is empty"
		}
		return fmt.Sprintf("it is not JSON, or JSON cut off (%d bytes)", len(data))
	}
	return err.Error()
}

// arguments keeps what a model wrote as arguments: as JSON where it is JSON,
// else as a JSON string that holds the text. Nothing at all stands for no
// arguments.
func arguments(text string) json.RawMessage {
	if text == "" {
		return json.RawMessage("{}")
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return nil // not reachable: a string can always be written
	}
	return quoted
}
