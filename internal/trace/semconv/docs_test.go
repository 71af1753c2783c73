package semconv

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var updateDocs = flag.Bool("docs", false, "write the tables of docs/reference/semconv.md anew")

const page = "../../../docs/reference/semconv.md"

// TestPageSaysWhatTheCodeReads holds the tables of the page to the lists that
// the code reads by.
func TestPageSaysWhatTheCodeReads(t *testing.T) {
	was, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	is := was
	for name, table := range map[string]string{"facts": factTable(), "content": contentTable(), "words": wordTable()} {
		begin := []byte("<!-- generated: " + name + " -->\n")
		before, rest, ok := bytes.Cut(is, begin)
		_, after, ok2 := bytes.Cut(rest, []byte("<!-- end -->"))
		if !ok || !ok2 {
			t.Fatalf("the page has no place for %s", name)
		}
		is = slices.Concat(before, begin, []byte(table), []byte("<!-- end -->"), after)
	}
	if bytes.Equal(is, was) {
		return
	}
	if *updateDocs {
		if err := os.WriteFile(page, is, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s is behind the code: go test ./internal/trace/semconv -run Page -docs writes it anew", page)
}

func factTable() string {
	var b strings.Builder
	b.WriteString("| field | attributes, most trusted first |\n|---|---|\n")
	for i := 0; i < len(sources); {
		var keys []string
		name := sources[i].name
		for ; i < len(sources) && sources[i].name == name; i++ {
			keys = append(keys, sources[i].keys...)
		}
		line(&b, name, keys)
	}
	line(&b, "time to first token, else", slices.Sorted(maps.Keys(firstTokens)), "event ")
	return b.String()
}

func contentTable() string {
	var b strings.Builder
	b.WriteString("| field | attributes, most trusted first |\n|---|---|\n")
	ofReaders := func(list []reader) (keys []string) {
		for _, r := range list {
			keys = append(keys, r.key)
		}
		return keys
	}
	ofFinders := func(list []finder) (keys []string) {
		for _, f := range list {
			keys = append(keys, f.key)
		}
		return keys
	}
	var params []string
	for _, prefix := range slices.Backward(paramPrefixes) {
		params = append(params, prefix+"*")
	}
	for _, at := range paramNames {
		params = append(params, at[0])
	}
	params = append(params, slices.Sorted(slices.Values(paramObjects))...)
	scores := []string{"event " + evaluationEvent}
	for _, family := range scoreFamilies {
		scores = append(scores, family.prefix+family.word+"s.N")
	}
	for _, row := range []struct {
		name string
		keys []string
	}{
		{"system instructions, before the input", systemKeys},
		{"input messages", ofReaders(inputReaders)}, {"input text, where there are no messages", inputTextKeys},
		{"output messages", ofReaders(outputReaders)}, {"output text", outputTextKeys},
		{"tools offered", ofFinders(toolFinders)},
		{"a tool's name", callNameKeys}, {"id of the call", callIDKeys}, {"arguments", callArgumentsKeys}, {"result", callResultKeys},
		{"query", queryKeys}, {"documents", ofFinders(documentFinders)},
		{"parameters", params}, {"template", templateKeys}, {"variables", variableKeys},
		{"id of the response", responseKeys}, {"status text, beside the span's own", statusKeys}, {"exceptions", exceptionKeys},
		{"metadata, all joined", metadataKeys}, {"scores", scores},
	} {
		line(&b, row.name, row.keys)
	}
	return b.String()
}

func wordTable() string {
	var b strings.Builder
	b.WriteString("| | words |\n|---|---|\n")
	byKind := map[string][]string{}
	for word, kind := range kinds {
		byKind[kind.String()] = append(byKind[kind.String()], word)
	}
	byFinish := map[string][]string{}
	for word, finish := range finishes {
		byFinish[finish] = append(byFinish[finish], word)
	}
	byProvider := map[string][]string{}
	for word, provider := range providers {
		byProvider[provider] = append(byProvider[provider], word)
	}
	for _, table := range []struct {
		name  string
		words map[string][]string
	}{{"kind", byKind}, {"finish", byFinish}, {"provider", byProvider}} {
		for _, to := range slices.Sorted(maps.Keys(table.words)) {
			slices.Sort(table.words[to])
			name := to
			if name == "" {
				name = "none"
			}
			line(&b, table.name+" "+name, table.words[to])
		}
	}
	return b.String()
}

func line(b *strings.Builder, name string, keys []string, prefix ...string) {
	keys = slices.Clone(keys)
	for i, key := range keys {
		rest, isEvent := strings.CutPrefix(key, "event ")
		switch {
		case isEvent, len(prefix) > 0:
			keys[i] = "event `" + rest + "`"
		default:
			keys[i] = "`" + key + "`"
		}
	}
	fmt.Fprintf(b, "| %s | %s |\n", name, strings.Join(keys, ", "))
}

// Every attribute that a list of the code names is on the page: TestPage holds
// the tables to the lists, and this one holds the code to the lists.
func TestCodeNamesNoAttributeBesideTheLists(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for i, piece := range strings.Split(string(src), `"`) {
			if i%2 == 0 || !attribute(piece) {
				continue
			}
			n++
			if !bytes.Contains(text, []byte(strings.TrimSuffix(piece, "."))) {
				t.Errorf("%s: %q is not in docs/reference/semconv.md", f.Name(), piece)
			}
		}
	}
	if n < 150 {
		t.Errorf("only %d attributes found in the code: does this test still look?", n)
	}
}

// attribute reports whether a string of the code looks like an attribute's name.
func attribute(s string) bool {
	for _, prefix := range []string{"gen_ai.", "llm.", "ai.", "langfuse.", "langsmith.", "traceloop.", "logfire.", "mcp.", "openinference.", "assay.", "exception.", "pydantic_ai."} {
		if strings.HasPrefix(s, prefix) && len(s) > len(prefix) && !strings.ContainsAny(s, " \n%") {
			return true
		}
	}
	return false
}
