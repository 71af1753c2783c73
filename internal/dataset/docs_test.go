package dataset

import (
	"os"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/yamldoc"
)

// TestGuide reads every dataset of docs/datasets.md the way the guide says. A
// block of the form ```LANG FILE is a file; a YAML block with dataset: reads
// one; a JSONL block without a file says what came out.
func TestGuide(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/datasets.md")
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	var last *Dataset
	read, compared := 0, 0
	for i, part := range strings.Split("\n"+string(page), "\n```") {
		if i%2 == 0 {
			continue
		}
		info, content, _ := strings.Cut(part, "\n")
		lang, file, isFile := strings.Cut(info, " ")
		switch {
		case isFile:
			files[file] = content
			if lang == "yaml" && strings.HasPrefix(content, "cases:") {
				mustRead(t, file, content, "")
			}
		case lang == "yaml":
			last = readAsWritten(t, files, content)
			read++
		case lang == "jsonl":
			want := mustRead(t, "want.jsonl", content, "")
			if last.Digest != want.Digest {
				t.Errorf("got  %+v\nwant %+v", last.Cases, want.Cases)
			}
			compared++
		default:
			t.Errorf("a block of %q is not tried", info)
		}
	}
	if read < 8 || compared < 7 {
		t.Errorf("%d datasets were read, %d compared", read, compared)
	}
}

func readAsWritten(t *testing.T, files map[string]string, text string) *Dataset {
	t.Helper()
	doc, err := yamldoc.Parse("eval.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	eval, ok := doc.Value().(map[string]any)
	if !ok {
		t.Fatalf("%v", doc.Value())
	}
	file, _ := eval["dataset"].(string)
	var m Mapping
	if object, ok := eval["dataset"].(map[string]any); ok {
		file, _ = object["file"].(string)
		if m, err = ParseMapping(object["map"]); err != nil {
			t.Fatal(err)
		}
	}
	content, ok := files[file]
	if !ok {
		t.Fatalf("the page has no file %s", file)
	}
	d, err := Read(file, []byte(content), m)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
