package llmconfig

import (
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/problem/problemtest"
)

// Every .good policy loads with a config that names it; every .bad one is a
// problem of the policy's own file, and the schema finds the same.
func TestPolicyFixtures(t *testing.T) {
	t.Parallel()
	fixtures := problemtest.Fixtures(t, "testdata/policy/*")
	for i := range fixtures {
		f := &fixtures[i]
		_, err := folder{
			"c.yaml": "model: builtin/extractive\nmessages: [{role: user, content: x}]\nguardrails: [" + f.Name + "]\n", f.Name: f.Text,
		}.load(t, "c.yaml")
		f.Check(t, err)
		if err != nil && (!strings.Contains(err.Error(), f.Name) || strings.Contains(err.Error(), "abcdefgh")) {
			t.Errorf("%s: the problem names another file or shows the secret: %v", f.Path, err)
		}
	}
	problemtest.AgainstSchema(t, "policy", fixtures)
}
