package semconv

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

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
// their names, and the message of its status. A JSON text comes without its
// escapes: a word after a line's end is a word, and é is é. The bytes are only
// lent. An error is visit's, at which the walk ends; what cannot be read has no
// texts, for one odd span must not end a search.
func EachText(s *otlp.Span, visit func([]byte) error) error {
	t := texts{visit: visit}
	_ = t.text([]byte(s.Name)) // t keeps the error, here and below
	_ = s.Attributes(t.value)
	_ = s.Events(func(e otlp.Event) error {
		_ = t.text([]byte(e.Name))
		return e.Attributes(t.value)
	})
	_ = t.text([]byte(s.StatusMessage))
	return t.err
}

// EachLogText is EachText for a log record: its event's name, its body and its
// attributes.
func EachLogText(l *otlp.Log, visit func([]byte) error) error {
	t := texts{visit: visit}
	_ = t.text([]byte(l.EventName)) // t keeps the error, here and below
	_ = t.value("", l.Body)
	_ = l.Attributes(t.value)
	return t.err
}

// texts hands texts to visit until it returns an error.
type texts struct {
	visit func([]byte) error
	err   error
}

func (t *texts) text(b []byte) error {
	if t.err == nil && len(b) > 0 {
		t.err = t.visit(unescape(b))
	}
	return t.err
}

func (t *texts) value(_ string, v otlp.Value) error {
	_ = v.Texts(t.text) // its own error is one of the bytes
	return t.err
}

// unescape takes the escapes out of a JSON text, and out of the JSON texts in
// it: arguments of tools are JSON in JSON. Other texts stay as they are.
func unescape(b []byte) []byte {
	if t := bytes.TrimLeft(b, " \t\r\n"); len(t) == 0 || t[0] != '{' && t[0] != '[' && t[0] != '"' {
		return b
	}
	for range 3 {
		if bytes.IndexByte(b, '\\') < 0 {
			break
		}
		more := bytes.Contains(b, []byte(`\\`)) // an escaped escape: of a text within
		b = unescapeOnce(b)
		if !more {
			break
		}
	}
	return b
}

func unescapeOnce(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		switch b[i] {
		case 'n', 'r', 't', 'b', 'f':
			out = append(out, ' ')
		case 'u':
			r, n := hexRune(b[i+1:])
			if utf16.IsSurrogate(r) && bytes.HasPrefix(b[i+1+n:], []byte(`\u`)) {
				low, m := hexRune(b[i+3+n:])
				r, n = utf16.DecodeRune(r, low), n+2+m
			}
			if n == 0 {
				out = append(out, 'u')
				continue
			}
			out, i = utf8.AppendRune(out, r), i+n
		default:
			out = append(out, b[i])
		}
	}
	return out
}

// hexRune reads four hex digits; n is 0 where there are none.
func hexRune(b []byte) (r rune, n int) {
	if len(b) < 4 {
		return 0, 0
	}
	x, err := strconv.ParseUint(string(b[:4]), 16, 16)
	if err != nil {
		return 0, 0
	}
	return rune(x), 4
}
