package jinja

import (
	"context"
	"strings"
	"testing"
)

// BenchmarkPrompt renders a prompt with ten documents of 2 kB.
func BenchmarkPrompt(b *testing.B) {
	docs := make([]any, 10)
	for i := range docs {
		docs[i] = map[string]any{"id": "d", "content": strings.Repeat("some words ", 180), "score": 0.5}
	}
	vars := map[string]any{"input": map[string]any{"question": "How?"}, "documents": docs}
	t, err := New(Options{}).Parse("p", "Answer.\n{% for d in documents if d.score > 0.1 %}[{{ loop.index }}] {{ d.content|trim|indent(2) }}\n"+
		"{% endfor %}{% if input.question %}Q: {{ input.question }}{% endif %}\n", 1)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Render(context.Background(), vars); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParse reads a prompt of a usual size.
func BenchmarkParse(b *testing.B) {
	source := strings.Repeat("Some text. {{ input.question|trim }} {% if a and b > 3 %}x{% else %}{{ d|join(', ') }}{% endif %}\n", 20)
	e := New(Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Parse("p", source, 1); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoop is what a million steps cost at most.
func BenchmarkLoop(b *testing.B) {
	t, err := New(Options{}).Parse("p", "{% for i in range(100000) %}{{ i }}{% endfor %}", 1)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Render(context.Background(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
