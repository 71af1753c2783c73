package retrieve_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/retrieve"
)

var (
	fileBlock = regexp.MustCompile("(?s)````\\w+\n<!-- guide/([^ ]+) -->\n(.*?)````")
	chunkRow  = regexp.MustCompile("(?m)^\\| `([^`]+\\.(?:md|jsonl)[^`]*)` \\| (.*) \\|$")
	queryRow  = regexp.MustCompile("(?m)^\\| ([^|`]+) \\| ((?:`[^`]+` [\\d.]+(?:, )?)+|nothing) \\|$")
)

// TestManual builds the corpus of docs/retrieval.md and compares the tables
// there with what it gives.
func TestManual(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/retrieval.md")
	if err != nil {
		t.Fatal(err)
	}
	var files []retrieve.File
	for _, block := range fileBlock.FindAllStringSubmatch(string(page), -1) {
		files = append(files, retrieve.File{Path: block[1], Content: []byte(block[2])})
	}
	ix := build(t, byHeading, files...)

	var said []string
	for _, row := range chunkRow.FindAllStringSubmatch(string(page), -1) {
		said = append(said, row[1]+" "+row[2])
	}
	var got []string
	for _, d := range all(ix, "rules fees winter storm dogs pontoon") {
		got = append(got, d.ID+" "+strings.ReplaceAll(d.Content, "\n", " ⏎ "))
	}
	got = slices.Compact(got)
	if want := strings.ReplaceAll(strings.Join(said, "\n"), "⏎ ⏎", "⏎  ⏎"); strings.Join(got, "\n") != want || len(files) != 2 {
		t.Errorf("%s\nthe manual says\n%s", strings.Join(got, "\n"), want)
	}

	queries := queryRow.FindAllStringSubmatch(string(page), -1)
	for _, row := range queries {
		if got := show(ix.Search(row[1], 4)); got != row[2] {
			t.Errorf("%s\n%s\nthe manual says\n%s", row[1], got, row[2])
		}
	}
	if len(queries) != 4 {
		t.Errorf("%d queries", len(queries))
	}
}

func show(found []llm.Document) string {
	var parts []string
	for _, d := range found {
		parts = append(parts, fmt.Sprintf("`%s` %.1f", d.ID, d.Score))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
