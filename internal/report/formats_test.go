package report

import (
	"strings"
	"testing"
)

func TestFormatOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"report.html": ".html", "out/a.b.JSONL": ".jsonl", "x.md": ".md", "x.svg": ".svg", "junit.xml": ".xml", "v.json": ".json",
	} {
		if got, err := FormatOf(path); got != want || err != nil {
			t.Errorf("%s is %q, %v", path, got, err)
		}
	}
	for path, says := range map[string]string{
		"report.htm": "did you mean report.html?", "report": "for example report.html", "a.jsn": "did you mean a.json?", "x.pdf": "a name that ends in .json, .jsonl",
	} {
		if _, err := FormatOf(path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want it to say %q", path, err, says)
		}
	}
	if err := CheckFormats([]string{"a.md", "b.html"}); err != nil {
		t.Error(err)
	}
	if err := CheckFormats([]string{"a.md", "a.md"}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("twice the same: %v", err)
	}
}
