package semconv

import "github.com/assay-llmops/assay/internal/trace/otlp"

// Attributes are what a span, a log record, a resource or a scope says of itself.
type Attributes interface {
	Attributes(visit func(key string, v otlp.Value) error) error
}

// Owner is the user and the session that a thing names itself, in the words of
// any convention; empty where it names none, or cannot be read.
func Owner(of Attributes) (userID, sessionID string) {
	var f found
	err := of.Attributes(func(key string, v otlp.Value) error {
		f.take(key, v)
		return nil
	})
	if err != nil {
		return "", ""
	}
	return f.text(user), f.text(session)
}

// Owner is the user and the session that the resource and the scope name.
func (o *Origin) Owner() (userID, sessionID string) { return o.facts.text(user), o.facts.text(session) }
