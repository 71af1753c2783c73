package filter

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestPageOfFilters holds the table of docs/reference/filters.md to Fields, and
// reads the filters that the page shows.
func TestPageOfFilters(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../docs/reference/filters.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for f, typ := range Fields() {
		if row := fmt.Sprintf("\n| `%s` | %s | `%s` | ", f, typ, spell(ops(f))); !strings.Contains(page, row) {
			t.Errorf("the page lacks the row%s", row)
		}
	}
	_, table, _ := strings.Cut(page, "## Fields\n")
	table, _, _ = strings.Cut(table, "\n## ")
	if rows := strings.Count(table, "\n| `"); rows != len(Fields()) {
		t.Errorf("the table has %d rows, there are %d fields", rows, len(Fields()))
	}
	for _, kind := range names(FieldKind) {
		if !strings.Contains(table, kind) {
			t.Errorf("the page does not name the kind %s", kind)
		}
	}
	filters := regexp.MustCompile("`((?:kind|root|status|cost|user|NOT|has:error)[=<>! ][^`]*)`").FindAllStringSubmatch(page, -1)
	if len(filters) < 7 {
		t.Fatalf("the page shows %d filters, as far as this test sees", len(filters))
	}
	for _, m := range filters {
		if _, err := Parse(m[1], now()); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
	}
	example := strings.Split(page, "```\n")[1]
	if e, err := Parse(example, now()); err != nil || len(e.(And)) != 9 {
		t.Errorf("%s reads as %v (%v)", example, e, err)
	}
}
