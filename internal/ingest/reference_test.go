package ingest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The page of the manual has every reason, every path and the example of rules
// as they are here.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/ingest.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, reason := range []error{
		errNotSpan, errDeep, errTraceID, errSpanID, errParentID, errNoStart, errEarly, errLate, errBackward, errNotLog, errNoSpan, errOrigin,
	} {
		if !strings.Contains(page, "\n| "+reason.Error()+" |") {
			t.Errorf("the page does not have the reason %q", reason)
		}
	}
	for path := range Paths() {
		if !strings.Contains(page, path+"`") {
			t.Errorf("the page does not have the path %s", path)
		}
	}
	if DefaultMaxBody != 64<<20 || DefaultInHand != 128<<20 || DefaultMaxItems != 200_000 {
		t.Error("the page has other limits")
	}
	example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(page)[1]
	r, err := ParseRedaction("redact.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	got, n := r.text([]byte("ann.b@example.com paid with 4111 1111 1111 1111"))
	if want := "[redacted:email] paid with [redacted:card]"; string(got) != want || n != 2 {
		t.Errorf("%q, want %q", got, want)
	}
	if !r.drops([]byte("http.request.header.authorization")) || r.drops([]byte("input.value")) {
		t.Error("drop does not do what the page says")
	}
}
