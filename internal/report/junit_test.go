package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"testing"
)

// node is any element.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
}

func (n *node) attr(name string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// junitSchema is what Jenkins' junit-10.xsd allows of what is written here:
// for each element its attributes ("!" marks a required one) and children.
var junitSchema = map[string]struct{ attrs, children []string }{
	"testsuites": {[]string{"name", "time", "tests", "failures", "errors"}, []string{"testsuite"}},
	"testsuite": {[]string{"name!", "tests!", "failures!", "errors!", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file"},
		[]string{"testsuite", "properties", "testcase", "system-out", "system-err"}},
	"testcase":   {[]string{"name!", "time", "classname", "group"}, []string{"skipped", "error", "failure", "system-out", "system-err"}},
	"failure":    {[]string{"type", "message"}, nil},
	"error":      {[]string{"type", "message"}, nil},
	"skipped":    {[]string{"type", "message"}, nil},
	"system-out": {nil, nil},
}

func checkNode(t *testing.T, n *node) {
	t.Helper()
	name := n.XMLName.Local
	allowed, ok := junitSchema[name]
	if !ok {
		t.Errorf("the schema has no element %s", name)
		return
	}
	for _, a := range n.Attrs {
		if !slices.Contains(allowed.attrs, a.Name.Local) && !slices.Contains(allowed.attrs, a.Name.Local+"!") {
			t.Errorf("%s has no attribute %s", name, a.Name.Local)
		}
	}
	for _, a := range allowed.attrs {
		if a[len(a)-1] == '!' {
			if _, ok := n.attr(a[:len(a)-1]); !ok {
				t.Errorf("%s lacks %s", name, a)
			}
		}
	}
	for i := range n.Children {
		if !slices.Contains(allowed.children, n.Children[i].XMLName.Local) {
			t.Errorf("%s may not hold %s", name, n.Children[i].XMLName.Local)
		}
		checkNode(t, &n.Children[i])
	}
}

func TestJUnitFitsTheSchemaAndCounts(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]*Input{"gate": sample(40, 2), "run": plainRun(), "unchanged": unchanged(), "withheld": withheld()} {
		var b bytes.Buffer
		if err := JUnit(&b, in); err != nil {
			t.Fatal(err)
		}
		var root node
		dec := xml.NewDecoder(&b)
		if err := dec.Decode(&root); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := dec.Token(); err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%s: after the end: %v", name, err)
		}
		checkNode(t, &root)
		all := map[string]int{}
		for i := range root.Children {
			s := &root.Children[i]
			have := map[string]int{"tests": len(s.Children)}
			for k := range s.Children {
				for _, end := range s.Children[k].Children {
					have[map[string]string{"failure": "failures", "error": "errors", "skipped": "skipped"}[end.XMLName.Local]]++
				}
			}
			for _, count := range []string{"tests", "failures", "errors", "skipped"} {
				if got, _ := s.attr(count); got != strconv.Itoa(have[count]) {
					t.Errorf("%s: a suite says %s=%s and has %d", name, count, got, have[count])
				}
				all[count] += have[count]
			}
		}
		for _, count := range []string{"tests", "failures", "errors"} {
			if got, _ := root.attr(count); got != strconv.Itoa(all[count]) {
				t.Errorf("%s: all suites say %s=%s and have %d", name, count, got, all[count])
			}
		}
	}
}

// A broken rule is a failure, an undecided one an error, one that does not
// apply is skipped, and a verdict that was withheld is never green.
func TestJUnitOutcomes(t *testing.T) {
	t.Parallel()
	s := rulesSuite(withheld())
	var got []string
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			got = append(got, "failure")
		case c.Error != nil:
			got = append(got, "error "+c.Error.Type)
		case c.Skipped != nil:
			got = append(got, "skipped")
		default:
			got = append(got, "pass")
		}
	}
	want := []string{"failure", "error undecided", "pass", "pass", "error undecided", "skipped", "error withheld"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
