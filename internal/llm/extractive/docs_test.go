package extractive

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/llm"
)

// TestManual asks what the table of docs/reference/extractive.md asks.
func TestManual(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/reference/extractive.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "````text\n")
	message, table, ok := strings.Cut(rest, "````\n")
	if !ok {
		t.Fatal("no user message")
	}
	rows := regexp.MustCompile(`(?m)^\| ?(.*?) \| (.*?) \| (.*) \|$`).FindAllStringSubmatch(table, -1)
	if len(rows) != 8 {
		t.Fatalf("%d rows, with the head", len(rows))
	}
	for _, row := range rows[1:] {
		got := reply(t, New(), []llm.Message{system1(strings.Trim(row[1], "| ")), user(strings.Replace(message, "QUESTION", row[2], 1))})
		if got != row[3] {
			t.Errorf("%s %s:\n%s\nthe manual says\n%s", row[1], row[2], got, row[3])
		}
	}
}
