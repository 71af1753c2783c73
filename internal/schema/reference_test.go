package schema

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reference/files.md anew")

const filesPage = "../../docs/reference/files.md"

// The reference page is made from the schemas and cannot differ from them.
func TestReferencePage(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Fields of every kind of file\n\n" +
		"Made from the schemas by `go test ./internal/schema -update`; `assay schema KIND` prints one as JSON Schema for editors. " +
		"`messages[].role` means the field `role` of each item of the list `messages`, and `providers.NAME` the value under any name.\n\n" +
		"Files are YAML, or JSON where the name ends in `.json`. A field that is not in these tables is an error. " +
		"Paths in a file are relative to that file and stay inside the repository.\n\n" +
		"For evaluators see [evaluators](evaluators.md), for scripts [script files](script.md), for datasets [datasets](../datasets.md).\n")
	for _, kind := range []string{"project", "config", "eval", "case", "prices", "script", "policy", "redaction"} {
		text, err := Reference(kind)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n" + text)
	}
	if *update {
		if err := os.WriteFile(filesPage, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(filesPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != b.String() {
		t.Errorf("%s differs from the schemas: run go test ./internal/schema -update", filesPage)
	}
}
