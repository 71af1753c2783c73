package problemtest

import (
	"testing"

	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// AgainstSchema holds the JSON Schema of a kind, which editors use, to the
// fixtures of its loader: it lets a good one pass and refuses a bad one, unless
// the header says "# schema: passes", which is to be true, too. A file that is
// no YAML or JSON is not the schema's to judge. Every constraint of the schema
// needs a fixture.
func AgainstSchema(t testing.TB, kind string, fixtures []Fixture) {
	t.Helper()
	for i := range fixtures {
		f := &fixtures[i]
		doc, err := yamldoc.Parse(f.Name, []byte(f.Text))
		if err != nil {
			continue
		}
		wrong, err := schema.Check(kind, doc)
		if err != nil {
			t.Fatal(err)
		}
		if passes := f.Good || len(f.Header("schema")) > 0; passes != (len(wrong) == 0) {
			t.Errorf("%s: the schema finds %v", f.Path, wrong)
		}
	}
	EverySchemaRule(t, kind, fixtures)
}

// EverySchemaRule fails for each constraint of a kind's schema that no fixture
// breaks: for kinds whose loader begins with the schema.
func EverySchemaRule(t testing.TB, kind string, fixtures []Fixture) {
	t.Helper()
	var values []any
	for i := range fixtures {
		if doc, err := yamldoc.Parse(fixtures[i].Name, []byte(fixtures[i].Text)); err == nil {
			values = append(values, doc.Value())
		}
	}
	text, err := schema.JSON(kind)
	if err != nil {
		t.Fatal(err)
	}
	EveryConstraint(t, text, values)
}
