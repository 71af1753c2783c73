package secret

import (
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: sk-proj-abcdefghijklmn0pqrst":                                 "a.yaml:1: a holds what looks like a secret (not shown)",
		"x:\n  - {deep: 'key=sk-ant-api03-abcdefghijklmnopq'}":            "a.yaml:2: x.0.deep holds",
		"a: {api_key: hunter2}":                                           "a.api_key holds",
		"a: {API-KEY: hunter2}":                                           "a.API-KEY holds",
		"a: {password: [hunter2]}":                                        "a.password.0 holds",
		"a: 'Authorization: Bearer abcdefghijklmnopqrst1'":                "a holds",
		"a: AKIAABCDEFGHIJKLMNOP":                                         "a holds",
		"a: ghp_abcdefghijklmnopqrstuvwxyz0123456789":                     "a holds",
		"a: |\n  -----BEGIN RSA PRIVATE KEY-----\n  abc":                  "a holds",
		"sk-proj-abcdefghijklmn0pqrst: a":                                 "the name of a field looks like a secret",
		"a: {api_key_env: OPENAI_API_KEY}":                                "",
		"a: {headers_env: {Authorization: VARIABLE, api-key: OTHER}}":     "",
		"a: {headers: {Authorization: something}}":                        "a.headers.Authorization holds",
		"a: task-force-of-the-second-kind, sk-learn-pipeline-of-words":    "",
		"properties: {api_key: {type: string}, password: {type: string}}": "",
		"a: {secret: '', token: 5}":                                       "",
		"a: the bearer of this letter":                                    "",
	} {
		doc, err := yamldoc.Parse("a.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		err = Document(doc)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", text, err)
		case want != "" && (!problem.Is(err) || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", text, err, want)
		case err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "abcdefgh") || strings.Contains(err.Error(), "ABCDEFGH")):
			t.Errorf("%q: the problem shows the secret: %v", text, err)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	if err := Text("p.md", "Be kind.\n\nUse sk-abcdefghijklmnop1234 here.\n"); !problem.Is(err) || !strings.HasPrefix(err.Error(), "p.md:3: ") || strings.Contains(err.Error(), "abcdefgh") {
		t.Errorf("%v", err)
	}
	if err := Text("p.md", "Be kind."); err != nil {
		t.Errorf("%v", err)
	}
}
