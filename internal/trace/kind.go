package trace

import "fmt"

// Kind is what a span does. The numbers are kept in indexes and never change.
type Kind uint8

// The kinds. A span that says nothing of an LLM application is KindOther.
const (
	KindOther     Kind = 0
	KindLLM       Kind = 1  // one call of a language model
	KindEmbedding Kind = 2  // one call of an embedding model
	KindRetriever Kind = 3  // a search in a corpus
	KindReranker  Kind = 4  // documents put in another order
	KindTool      Kind = 5  // one call of a tool
	KindAgent     Kind = 6  // a loop of model and tools
	KindChain     Kind = 7  // a workflow, a task, glue
	KindGuardrail Kind = 8  // a check of input or output
	KindEvaluator Kind = 9  // a score being made
	KindPrompt    Kind = 10 // a template being rendered
)

var kindNames = [...]string{
	KindOther: "other", KindLLM: "llm", KindEmbedding: "embedding", KindRetriever: "retriever", KindReranker: "reranker", KindTool: "tool",
	KindAgent: "agent", KindChain: "chain", KindGuardrail: "guardrail", KindEvaluator: "evaluator", KindPrompt: "prompt",
}

// Kinds are the names of all kinds, in the order of their numbers.
func Kinds() []string { return kindNames[:] }

// String is the kind's name.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind-%d", uint8(k))
}

// Billed reports whether a span of this kind is itself what a provider bills.
// Others may carry the sum of what lies below them.
func (k Kind) Billed() bool { return k == KindLLM || k == KindEmbedding || k == KindReranker }

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a kind's name.
func (k *Kind) UnmarshalText(text []byte) error {
	for i, name := range kindNames {
		if name == string(text) {
			*k = Kind(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no kind of span", text)
}
