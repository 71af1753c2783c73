package semconv

import (
	"fmt"
	"strings"

	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// Preview is the beginning of what went into a span and of what came out, at
// most n bytes each, on one line: of a chat the last thing that the user said,
// and the answer. Both are empty for a span that cannot be read.
func Preview(o *Origin, s *otlp.Span, logs []Log, n int) (input, output string) {
	span, err := Whole(o, s, logs)
	if err != nil {
		return "", ""
	}
	input, output = span.InputText, span.OutputText
	for i := len(span.Input) - 1; i >= 0; i-- {
		if text := said(&span.Input[i]); text != "" && (span.Input[i].Role == "user" || i == 0) {
			input = text
			break
		}
	}
	for i := range span.Output {
		if text := said(&span.Output[i]); text != "" {
			output = text
			break
		}
	}
	if input == "" {
		input = span.Query
	}
	return oneLine(input, n), oneLine(output, n)
}

// said is the text of a message, or the names of the tools that it calls.
func said(m *trace.Message) string {
	var texts, calls []string
	for i := range m.Parts {
		switch p := &m.Parts[i]; p.Type {
		case "text":
			texts = append(texts, p.Text)
		case "tool_call":
			calls = append(calls, p.Name+"("+string(p.Arguments)+")")
		case "json":
			texts = append(texts, string(p.Data))
		}
	}
	if len(texts) > 0 {
		return strings.Join(texts, " ")
	}
	return strings.Join(calls, " ")
}

func oneLine(s string, n int) string {
	s = clipTo(s, 4*n) // what is not shown need not be looked at
	return clipTo(strings.Join(strings.Fields(s), " "), n)
}

// EachText calls visit with every text of a span that a search may look in: its
// name, the texts in its attributes, however nested, those of its events with
// their names, and the message of its status. The bytes are the span's own.
func EachText(s *otlp.Span, visit func([]byte) error) error {
	value := func(_ string, v otlp.Value) error { return v.Texts(visit) }
	if err := visit([]byte(s.Name)); err != nil {
		return err
	}
	if err := s.Attributes(value); err != nil {
		return fmt.Errorf("reading the texts of a span: %w", err)
	}
	if err := s.Events(func(e otlp.Event) error {
		if err := visit([]byte(e.Name)); err != nil {
			return err
		}
		return e.Attributes(value)
	}); err != nil {
		return fmt.Errorf("reading the texts of a span's events: %w", err)
	}
	if s.StatusMessage == "" {
		return nil
	}
	return visit([]byte(s.StatusMessage))
}

// EachLogText is EachText for a log record: its event's name, its body and its
// attributes.
func EachLogText(l *otlp.Log, visit func([]byte) error) error {
	if l.EventName != "" {
		if err := visit([]byte(l.EventName)); err != nil {
			return err
		}
	}
	if err := l.Body.Texts(visit); err != nil {
		return fmt.Errorf("reading the text of a log record: %w", err)
	}
	if err := l.Attributes(func(_ string, v otlp.Value) error { return v.Texts(visit) }); err != nil {
		return fmt.Errorf("reading the texts of a log record: %w", err)
	}
	return nil
}
