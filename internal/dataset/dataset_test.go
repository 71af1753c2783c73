package dataset

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
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

func TestProblems(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file, data, mapping string
		want                      []string
	}{
		{"no JSON", "d.jsonl", "{\"input\":{\"q\":1}}\nhello\n", "", []string{"d.jsonl:2: the line is not JSON", "one whole JSON object on each line"}},
		{"pretty JSON", "d.jsonl", "{\n\"input\":{}}\n", "", []string{"d.jsonl:1:", "ends too early", "belongs in a .json file"}},
		{"two values", "d.jsonl", `{"input":{}} {"input":{}}`, "", []string{"d.jsonl:1:", "more after the JSON text"}},
		{"a list as a case", "d.jsonl", `[1]`, "", []string{"a case is a list of 1"}},
		{"a name twice", "d.jsonl", `{"input":{"a":1,"a":2}}`, "", []string{`the name "a" occurs twice`}},
		{"a big integer", "d.jsonl", `{"input":{"n":9007199254740993}}`, "", []string{"d.jsonl:1:", "beyond 2^53"}},
		{"a bigger integer", "d.jsonl", `{"input":{"n":90071992547409930000}}`, "", []string{"cannot be kept exactly"}},
		{"unknown field, near", "d.jsonl", `{"input":{},"expcted":1}`, "", []string{`d.jsonl:1: unknown field "expcted" in a case`, "did you mean expected?"}},
		{"unknown field, far", "d.jsonl", `{"question":"a","input":{}}`, "", []string{`unknown field "question"`, "under input, expected or metadata"}},
		{"no input", "d.jsonl", `{"id":"a"}`, "", []string{"has no input"}},
		{"input is text", "d.jsonl", `{"input":"Hi"}`, "", []string{`input is the text "Hi"`, "map: {input.question: $.input}"}},
		{"id is an object", "d.jsonl", `{"id":{},"input":{}}`, "", []string{"id is an object", "a text or a whole number"}},
		{"tags is a text", "d.jsonl", `{"tags":"a","input":{}}`, "", []string{`tags is the text "a"`, "a list of texts"}},
		{"a tag is a number", "d.jsonl", `{"tags":[1],"input":{}}`, "", []string{"a tag is the number 1"}},
		{"empty", "d.jsonl", "\n\n", "", []string{"d.jsonl: the dataset has no cases", "add a line"}},
		{"empty list", "d.json", "[]", "", []string{"has no cases"}},
		{"empty yaml", "d.yaml", "[]", "", []string{"has no cases"}},
		{"id twice", "d.jsonl", "{\"id\":\"a\",\"input\":{}}\n{\"id\":\"a\",\"input\":{\"q\":1}}", "", []string{`d.jsonl:2: the id "a" is that of line 1 too`}},
		{"input twice without id", "d.jsonl", "{\"input\":{\"q\":1}}\n{\"input\":{\"q\":1},\"expected\":2}", "", []string{"d.jsonl:2: the input is that of line 1 too", "add an id"}},
		{"ragged CSV", "d.csv", "id,input.q\na,b\nc\n", "", []string{"d.csv:3: the row has 1 columns", "2 columns, as in the header: id, input.q"}},
		{"ragged CSV after a quoted line break", "d.csv", "id,input.q\na,\"b\nc\"\nc,d,e\n", "", []string{"d.csv:4: the row has 3 columns"}},
		{"bare quote", "d.csv", "id,input.q\na,b\"c\n", "", []string{"d.csv:2:", "the row is not CSV"}},
		{"open quote", "d.csv", "id,input.q\na,\"bc\n", "", []string{"d.csv:2:", "the row is not CSV"}},
		{"empty CSV", "d.csv", "", "", []string{"d.csv:1: the file is empty"}},
		{"header only", "d.csv", "input.q\n", "", []string{"has no cases"}},
		{"unknown column", "d.csv", "question\nx\n", "", []string{`d.csv:1: the column "question"`, "map: {input.question: question}"}},
		{"column twice", "d.csv", "input.q,input.q\nx,y\n", "", []string{`the column "input.q" occurs twice`}},
		{"CSV without input", "d.csv", "id\nx\n", "", []string{"d.csv:1: map fills no input"}},
		{"mapped column", "d.csv", "Question,b\nx,y\n", `{"input.q":"question"}`, []string{`d.csv:1: map.input.q names the column "question"`, "did you mean Question?"}},
		{"path to nothing", "d.jsonl", "{\"q\":1}\n{\"p\":1,\"r\":2}", `{"input.q":"$.q"}`, []string{"d.jsonl:2: map.input.q: nothing at $.q", "the row has p, r", "optional: true"}},
		{"path to nothing, near", "d.jsonl", `{"quesion":1}`, `{"input.q":"$.question"}`, []string{"did you mean quesion?"}},
		{"extract finds nothing", "d.jsonl", `{"q":"x"}`, `{"input.q":{"path":"$.q","extract":{"regex":"y"}}}`, []string{"map.input.q: extract finds nothing matches y"}},
		{"no list", "d.json", `{"items":[]}`, "", []string{"d.json:1: the file is no list of cases", "map: {cases: $.items, ...}"}},
		{"no list in YAML", "d.yaml", "items: []", "", []string{"d.yaml:1: the file is no list of cases"}},
		{"cases path", "d.json", `{"items":[]}`, `{"cases":"$.tests","input":"$"}`, []string{"map.cases: nothing at $.tests"}},
		{"broken JSON", "d.json", "[\n{\"input\":{}},\n{\"input\":}]", "", []string{"d.json:3: the file is not JSON"}},
		{"cut JSON", "d.json", `[{"input":{}}`, "", []string{"d.json:1:", "ends too early"}},
		{"more after JSON", "d.json", `[{"input":{}}] []`, "", []string{"more after the list"}},
		{"a wrong row in JSON", "d.json", "[\n{\"input\":{\"q\":1}},\n\n{\"inputs\":{}}]", "", []string{"d.json:4: unknown field \"inputs\"", "did you mean input?"}},
		{"a wrong row in YAML", "d.yaml", "- input: {q: 1}\n- inputs: {}\n", "", []string{"d.yaml:2: unknown field \"inputs\""}},
		{"YAML key twice", "d.yaml", "- input: {q: 1}\n  input: {}\n", "", []string{"d.yaml:2"}},
		{"extension", "d.xlsx", "", "", []string{`d.xlsx: ".xlsx" is not the extension of a dataset`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := readWith(test.file, test.data, test.mapping)
			if err == nil {
				t.Fatal("no error")
			}
			if !problem.Is(err) {
				t.Errorf("not a problem: %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v\nwant %q", err, want)
				}
			}
		})
	}
}

func TestMappingProblems(t *testing.T) {
	t.Parallel()
	for mapping, want := range map[string]string{
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
	} {
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
	if got := strings.Count(err.Error(), "unknown field"); got != maxProblems {
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
