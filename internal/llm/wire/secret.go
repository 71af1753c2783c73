package wire

import "log/slog"

// Secret is a key or a token. However it is printed, logged or written as
// JSON, it reads [redacted].
type Secret struct{ text string }

const redacted = "[redacted]"

// NewSecret keeps text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal is the text itself, for the header it belongs in.
func (s Secret) Reveal() string { return s.text }

func (s Secret) String() string { return redacted }

// GoString covers %#v.
func (s Secret) GoString() string { return redacted }

// MarshalText covers encoding/json and every encoder that asks for text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue covers log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
