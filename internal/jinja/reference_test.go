package jinja

import (
	"os"
	"strings"
	"testing"
)

// TestReferenceNamesEverything holds docs/reference/templates.md to what there is.
func TestReferenceNamesEverything(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/reference/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	section := func(title string) string {
		_, rest, found := strings.Cut(page, "\n"+title+"\n")
		if !found {
			t.Fatalf("the page has no %s", title)
		}
		part, _, _ := strings.Cut(rest, "\n#")
		return part
	}
	check := func(title string, names []string) {
		text := section(title)
		for _, name := range names {
			if !strings.Contains(text, "`"+name+"`") {
				t.Errorf("%s does not name %s", title, name)
			}
		}
	}
	lib := newLibrary()
	var filters, tests, left []string
	for name := range lib.filters {
		filters = append(filters, name)
	}
	for name := range lib.tests {
		tests = append(tests, name)
	}
	for name := range unsupportedFilters {
		left = append(left, name)
	}
	check("### Filters", filters)
	check("### Filters", left)
	check("### Tests", tests)
	check("### Functions", lib.functionNames())
	check("### Methods", textMethods)
	check("### Methods", listMethods)
	check("### Methods", dictMethods[:4])
	for _, name := range statementNames {
		if !strings.Contains(section("## Statements"), "{% "+name) && !strings.Contains(section("## Statements"), "{% "+name+"(") {
			t.Errorf("the page does not name the statement %s", name)
		}
	}
	for _, field := range loopFields {
		if !strings.Contains(section("## Statements"), field) {
			t.Errorf("the page does not name loop.%s", field)
		}
	}
}
