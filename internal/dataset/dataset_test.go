package dataset

import (
	"fmt"
	"os"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/problem/problemtest"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// mustRead reads a dataset whose mapping is written as JSON.
func mustRead(t testing.TB, name, data, mapping string) *Dataset {
	t.Helper()
	d, err := readWith(name, data, mapping)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func readWith(name, data, mapping string) (*Dataset, error) {
	var m Mapping
	if mapping != "" {
		v, err := extract.ParseJSON([]byte(mapping))
		if err != nil {
			return nil, err
		}
		if m, err = ParseMapping(v); err != nil {
			return nil, err
		}
	}
	return Read(name, []byte(data), m)
}

// The same two cases in every format have the same content and digests.
func TestFormatsAgree(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"a.jsonl": `{"id":"a","input":{"q":"Hi?"},"expected":{"n":"1"},"tags":["x","y"],"cluster":"c","metadata":{"by":"me"}}` + "\n\n" +
			`{"id":"b","input":{"q":"2\nlines"}}`,
		"bom.jsonl": "\xef\xbb\xbf" + `{"id":"a","input":{"q":"Hi?"},"expected":{"n":"1"},"tags":["x","y"],"cluster":"c","metadata":{"by":"me"}}` + "\r\n" +
			`{"id":"b","input":{"q":"2\nlines"}}` + "\r\n",
		"a.csv": "id,input.q,expected.n,tags,cluster,metadata.by\r\na,Hi?,1,\"x, y\",c,me\r\nb,\"2\r\nlines\",,,,\r\n",
		"a.json": `[{"id":"a","input":{"q":"Hi?"},"expected":{"n":"1"},"tags":["x","y"],"cluster":"c","metadata":{"by":"me"}},
			{"id":"b","input":{"q":"2\nlines"}}]`,
		"b.json": `{"cases": [{"id":"a","input":{"q":"Hi?"},"expected":{"n":"1"},"tags":["x","y"],"cluster":"c","metadata":{"by":"me"}},
			{"id":"b","input":{"q":"2\nlines"}}]}`,
		"a.yaml": "- id: a\n  input: {q: 'Hi?'}\n  expected: {n: '1'}\n  tags: [x, y]\n  cluster: c\n  metadata: {by: me}\n- id: b\n  input:\n    q: |-\n      2\n      lines\n",
		"b.yml":  "cases:\n- {id: b, input: {q: \"2\\nlines\"}}\n- {id: a, input: {q: 'Hi?'}, expected: {n: '1'}, tags: [y, x], cluster: c, metadata: {by: me}}\n",
	}
	want := mustRead(t, "a.jsonl", files["a.jsonl"], "")
	for name, data := range files {
		d := mustRead(t, name, data, "")
		if d.Digest != want.Digest {
			t.Errorf("%s: another digest: %+v", name, d.Cases)
		}
		if len(d.Cases) != 2 {
			t.Errorf("%s: %d cases", name, len(d.Cases))
		}
	}
	c := want.Cases[0]
	c.digest = ""
	if !reflect.DeepEqual(c, Case{ID: "a", Input: map[string]any{"q": "Hi?"}, Expected: map[string]any{"n": "1"},
		Tags: []string{"x", "y"}, Cluster: "c", Metadata: map[string]any{"by": "me"}, Line: 1}) {
		t.Errorf("%+v", c)
	}
	if line := want.Cases[1].Line; line != 3 {
		t.Errorf("the second case is on line %d", line)
	}
	if line := mustRead(t, "a.csv", files["a.csv"], "").Cases[1].Line; line != 3 {
		t.Errorf("the second case of the CSV is on line %d", line)
	}
	if line := mustRead(t, "b.json", files["b.json"], "").Cases[1].Line; line != 2 {
		t.Errorf("the second case of the JSON is on line %d", line)
	}
}

func TestDigests(t *testing.T) {
	t.Parallel()
	base := `{"input":{"q":"a","n":1},"expected":{"x":1}}`
	read := func(line string) *Dataset { return mustRead(t, "d.jsonl", line, "") }
	want := read(base)
	if id := want.Cases[0].ID; len(id) != 12 {
		t.Errorf("the id %q is no 12 digits", id)
	}
	for _, test := range []struct {
		name, line             string
		sameCase, sameData, id bool
	}{
		{"order of fields", `{"expected":{"x":1.0},"input":{"n":1,"q":"a"}}`, true, true, true},
		{"a tag", `{"input":{"q":"a","n":1},"expected":{"x":1},"tags":["t"]}`, true, false, true},
		{"a cluster", `{"input":{"q":"a","n":1},"expected":{"x":1},"cluster":"c"}`, true, false, true},
		{"metadata", `{"input":{"q":"a","n":1},"expected":{"x":1},"metadata":{"m":1}}`, true, false, true},
		{"another expectation", `{"input":{"q":"a","n":1},"expected":{"x":2}}`, false, false, true},
		{"none", `{"input":{"q":"a","n":1}}`, false, false, true},
		{"another input", `{"input":{"q":"b","n":1},"expected":{"x":1}}`, false, false, false},
	} {
		d := read(test.line)
		if (d.Cases[0].Digest() == want.Cases[0].Digest()) != test.sameCase || (d.Digest == want.Digest) != test.sameData ||
			(d.Cases[0].ID == want.Cases[0].ID) != test.id {
			t.Errorf("%s: case %s, dataset %s, id %s", test.name, d.Cases[0].Digest(), d.Digest, d.Cases[0].ID)
		}
	}
	byHand := Case{Input: map[string]any{"q": "a", "n": 1}, Expected: map[string]any{"x": 1}}
	if byHand.Digest() != want.Cases[0].Digest() {
		t.Error("a case built by hand has another digest")
	}
}

// Every .good file is read; every .bad one is a problem that says what the lines
// "# error:" at its top say; every problem that a file can have is there. What
// has the shape of cases is judged alike by the schema of a case.
func TestFixtures(t *testing.T) {
	t.Parallel()
	fixtures := problemtest.Fixtures(t, "testdata/case/*")
	var said []string
	for i := range fixtures {
		f := &fixtures[i]
		_, err := readWith(f.Name, f.Text, strings.Join(f.Header("map"), ""))
		f.Check(t, err)
		said = append(said, fmt.Sprint(err))
	}
	for mapping := range badMappings {
		_, err := readWith("d.jsonl", "", mapping)
		said = append(said, fmt.Sprint(err))
	}
	problemtest.EveryRule(t, said, "no case has the %s %q", "a sample of %d cases") // of --tag, --case and --max-cases
	agreesWithSchema(t, fixtures)
}

// agreesWithSchema judges the rows of each file one by one, as an editor does.
func agreesWithSchema(t *testing.T, fixtures []problemtest.Fixture) {
	t.Helper()
	var values []any
	seen := map[string]bool{}
	for _, f := range fixtures {
		var entries rows
		var err error
		switch ext := path.Ext(f.Name); {
		case len(f.Header("map")) > 0:
			continue // of another shape
		case ext == ".jsonl":
			entries = jsonlRows(f.Name, f.Text)
		case ext == ".json":
			entries, err = jsonRows(f.Name, f.Text, Mapping{})
		case ext == ".yaml", ext == ".yml":
			entries, err = yamlRows(f.Name, f.Text, Mapping{})
		}
		if err != nil || entries == nil {
			continue
		}
		for row, err := range entries {
			if err != nil {
				continue // no value to judge
			}
			text := extract.Text(row.value)
			if seen[text] {
				continue
			}
			seen[text] = true
			_, own := caseOf(row.value)
			doc, err := yamldoc.Parse("row.json", []byte(text))
			if err != nil {
				continue // a number that no digest can hold
			}
			wrong, err := schema.Check("case", doc)
			if err != nil {
				t.Fatal(err)
			}
			if (own == nil) != (len(wrong) == 0) {
				t.Errorf("%s:%d: the loader says %v, the schema %v", f.Path, row.line, own, wrong)
			}
			values = append(values, doc.Value())
		}
	}
	text, err := schema.JSON("case")
	if err != nil {
		t.Fatal(err)
	}
	problemtest.EveryConstraint(t, text, values)
}

// badMappings are what stands under map: in an eval file, with their problems.
var badMappings = map[string]string{
	`[]`:                                       "map is an empty list",
	`{"inputs.q":"$.q"}`:                       "did you mean input?",
	`{"tags.x":"$.q"}`:                         `unknown target "tags.x"`,
	`{"input.":"$.q"}`:                         `unknown target "input."`,
	`{"id":"$.q"}`:                             "map fills no input",
	`{"input":"$.q","input.x":"$.x"}`:          "map has both input and input.x",
	`{"input.q":3}`:                            "map.input.q is the number 3",
	`{"input.q":"$.["}`:                        "is not a JSONPath",
	`{"input.q":{"path":"$.q","vale":1}}`:      "did you mean value?",
	`{"input.q":{}}`:                           "exactly one of path and value",
	`{"input.q":{"path":"$","value":1}}`:       "exactly one of path and value",
	`{"input.q":{"path":3}}`:                   "path of map.input.q is the number 3",
	`{"input.q":{"path":"$.q","optional":1}}`:  "true or false",
	`{"input.q":{"path":"$.q","extract":"x"}}`: "is not an extract",
	`{"cases":1,"input":"$"}`:                  "map.cases is the number 1",
}

func TestMappingProblems(t *testing.T) {
	t.Parallel()
	for mapping, want := range badMappings {
		v, err := extract.ParseJSON([]byte(mapping))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseMapping(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", mapping, err, want)
		}
	}
}

func TestManyProblemsAreCut(t *testing.T) {
	t.Parallel()
	_, err := readWith("d.jsonl", strings.Repeat("{\"inputs\":{}}\n", 1000), "")
	if got := strings.Count(err.Error(), "unknown field"); got != maxAlike {
		t.Errorf("%d problems are shown", got)
	}
	if !strings.Contains(err.Error(), "more problems") {
		t.Error("it does not say that there are more")
	}
}

func hundred(t testing.TB) *Dataset {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "{\"id\":\"c%02d\",\"input\":{\"q\":\"%d\"},\"tags\":[\"t%d\"]}\n", i, i/2, i%3)
	}
	return mustRead(t, "d.jsonl", b.String(), "")
}

func ids(d *Dataset) []string {
	var list []string
	for _, c := range d.Cases {
		list = append(list, c.ID)
	}
	return list
}

func TestFilter(t *testing.T) {
	t.Parallel()
	d := hundred(t)
	tagged, err := d.Filter([]string{"t0", "t2"}, nil)
	if err != nil || len(tagged.Cases) != 67 {
		t.Fatalf("%d, %v", len(tagged.Cases), err)
	}
	both, err := d.Filter([]string{"t0"}, []string{"c03", "c04"})
	if err != nil || !slices.Equal(ids(both), []string{"c03"}) || both.Digest == d.Digest {
		t.Errorf("%v, %v", both, err)
	}
	if all, err := d.Filter(nil, nil); err != nil || all.Digest != d.Digest {
		t.Errorf("%v", err)
	}
	for _, test := range []struct {
		tags, ids []string
		want      string
	}{
		{[]string{"t9"}, nil, `no case has the tag "t9"`},
		{nil, []string{"c3"}, "did you mean c03?"},
		{[]string{"t0"}, []string{"c04"}, "no case has such a tag and such an id"},
	} {
		if _, err := d.Filter(test.tags, test.ids); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}

func TestSampleIsAPrefixOfASeededOrder(t *testing.T) {
	t.Parallel()
	d := hundred(t)
	small, err := d.Sample(10, 7)
	if err != nil {
		t.Fatal(err)
	}
	large, err := d.Sample(30, 7)
	if err != nil {
		t.Fatal(err)
	}
	other, err := d.Sample(10, 8)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(ids(small)) || len(small.Cases) != 10 || len(large.Cases) != 30 {
		t.Errorf("%v", ids(small))
	}
	for _, id := range ids(small) {
		if !slices.Contains(ids(large), id) {
			t.Errorf("%s is in the small sample and not in the large one", id)
		}
	}
	if slices.Equal(ids(small), ids(other)) {
		t.Error("another seed gives the same sample")
	}
	if all, err := d.Sample(100, 1); err != nil || all != d {
		t.Errorf("%v", err)
	}
	if _, err := d.Sample(0, 1); err == nil {
		t.Error("a sample of none")
	}
	// Pinned: the order must never change between releases.
	if got := ids(small); !slices.Equal(got[:3], []string{"c14", "c22", "c25"}) {
		t.Errorf("the order of seed 7 is another one: %v", got)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	d := mustRead(t, "d.jsonl", `{"id":"a","input":{"q":"héllo","l":[1]},"expected":{"x":1,"y":2},"tags":["t","u"],"cluster":"k"}
{"id":"b","input":{"q":"hi"},"expected":{"x":1},"tags":["t"],"cluster":"k"}
{"id":"c","input":{"q":"hi"},"expected":"z","cluster":"m"}
{"id":"d","input":{"q":""}}`, "")
	want := Stats{
		Cases: 4, Tags: []Count{{"t", 2}, {"u", 1}}, Clusters: Clusters{2, 1, 1, 2, 1},
		Inputs:   []FieldStats{{"l", 1, 3, 3, 3}, {"q", 4, 0, 2, 5}},
		Expected: []Count{{"x", 2}, {"", 1}, {"y", 1}}, Unexpected: 1, Duplicates: [][]string{{"b", "c"}},
	}
	if got := d.Stats(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestExample reads the dataset of the example project.
func TestExample(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../examples/help-centre/datasets/help-centre.jsonl")
	if err != nil {
		t.Skip("the example is not here")
	}
	d, err := Read("help-centre.jsonl", data, Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	if s := d.Stats(); s.Cases < 300 || len(s.Tags) == 0 || s.Clusters.Count == 0 || len(s.Duplicates) > 0 {
		t.Errorf("%+v", s)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []struct{ name, data string }{
		{"a.jsonl", "{\"input\":{\"q\":\"a\"}}\n{\"id\":1,\"input\":{},\"tags\":[\"t\"]}\r\n"},
		{"a.csv", "id,input.q,expected.a,tags\na,\"b\"\"c\",,\"x;y\"\n"},
		{"a.json", `{"cases":[{"input":{"q":[1,{"a":null}]}}]}`},
		{"a.json", `[{"input":{}},{"input":{"a":1e3}}]`},
		{"a.yaml", "- input: {q: a}\n  expected: &x [1, 2]\n- {id: b, input: {q: b}, expected: *x}\n"},
		{"a.jsonl", "\xef\xbb\xbf{"},
	} {
		f.Add(seed.name, seed.data, true)
	}
	v, err := extract.ParseJSON([]byte(`{"cases":"$.cases","input.q":{"path":"$.input.q","optional":true},"tags":{"path":"tags","optional":true},"id":"id"}`))
	if err != nil {
		f.Fatal(err)
	}
	mapping, err := ParseMapping(v)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, data string, native bool) {
		m := mapping
		if native {
			m = Mapping{}
		}
		d, err := Read(name, []byte(data), m)
		if err != nil {
			if !problem.Is(err) {
				t.Errorf("not a problem: %v", err)
			}
			return
		}
		seen := make(map[string]bool)
		lines := strings.Count(data, "\n") + 1
		for i := range d.Cases {
			c := &d.Cases[i]
			if c.ID == "" || seen[c.ID] || c.Line < 1 || c.Line > lines || c.Input == nil || len(c.Digest()) != 64 {
				t.Errorf("%+v", c)
			}
			seen[c.ID] = true
		}
		d.Stats()
	})
}

func tenThousand() []byte {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, `{"id":"case-%d","input":{"question":"How do I change the plan of team number %d before the end of the month?"},`+
			`"expected":{"facts":["fact %d"],"sources":["billing.md#plan-%d"]},"tags":["billing","direct"],"cluster":"billing.md#plan-%d"}`+"\n", i, i, i, i%50, i%50)
	}
	return []byte(b.String())
}

// TestTenThousandCases holds what a case costs in memory beside its text.
func TestTenThousandCases(t *testing.T) {
	data := tenThousand()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d, err := Read("d.jsonl", data, Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := int(after.HeapAlloc-before.HeapAlloc)/len(d.Cases) - len(data)/len(d.Cases)
	t.Logf("%d bytes a case beside its %d bytes of text", each, len(data)/len(d.Cases))
	if each > 2048 {
		t.Errorf("%d bytes a case beside its text", each)
	}
	runtime.KeepAlive(d)
}

func BenchmarkRead(b *testing.B) {
	data := tenThousand()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read("d.jsonl", data, Mapping{}); err != nil {
			b.Fatal(err)
		}
	}
}
