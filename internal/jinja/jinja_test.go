package jinja

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/assay-llmops/assay/internal/problem"
)

// fixture is testdata/jinja2.jsonl, which testdata/generate.py writes.
type fixture struct {
	Vars      map[string]any
	Templates map[string]string
	cases     []fixtureCase
}

type fixtureCase struct {
	Template string
	Output   *string
	Error    string
	line     int
}

func readFixture(tb testing.TB) fixture {
	tb.Helper()
	data, err := os.ReadFile("testdata/jinja2.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	var f fixture
	for n := 1; lines.Scan(); n++ {
		if n == 1 {
			if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
				tb.Fatal(err)
			}
			continue
		}
		c := fixtureCase{line: n}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			tb.Fatalf("line %d: %v", n, err)
		}
		f.cases = append(f.cases, c)
	}
	if len(f.cases) < 250 {
		tb.Fatalf("the fixture has %d cases", len(f.cases))
	}
	return f
}

// loadFrom is a Loader over a map.
func loadFrom(templates map[string]string) Loader {
	return func(name, _ string) (string, string, error) {
		source, ok := templates[name]
		if !ok {
			return "", "", fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		return source, name, nil
	}
}

func renderText(e *Engine, source string, vars map[string]any) (string, error) {
	t, err := e.Parse("test.jinja", source, 1)
	if err != nil {
		return "", err
	}
	return t.Render(context.Background(), vars)
}

func TestSameAsJinja2(t *testing.T) {
	t.Parallel()
	f := readFixture(t)
	e := New(Options{Loader: loadFrom(f.Templates)})
	for _, c := range f.cases {
		got, err := renderText(e, c.Template, f.Vars)
		switch {
		case c.Output == nil && err == nil:
			t.Errorf("jinja2.jsonl:%d: %s\ngot   %q\nwant an error: %s", c.line, c.Template, got, c.Error)
		case c.Output != nil && err != nil:
			t.Errorf("jinja2.jsonl:%d: %s\nerror %v\nwant  %q", c.line, c.Template, err, *c.Output)
		case c.Output != nil && got != *c.Output:
			t.Errorf("jinja2.jsonl:%d: %s\ngot   %q\nwant  %q", c.line, c.Template, got, *c.Output)
		case err != nil:
			var p *problem.Problem
			if !errors.As(err, &p) || p.File == "" || p.Line == 0 || p.Col == 0 || p.What == "" {
				t.Errorf("jinja2.jsonl:%d: %s\nthe error has no place: %#v", c.line, c.Template, err)
			}
		}
	}
}
