package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// assay runs a command line in this process, in the project at dir.
func assay(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(context.Background(), append([]string{"--project", dir}, args...), &out, &err)
	return code, out.String(), err.String()
}

// starterProject is what assay init writes, with a second config.
func starterProject(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "p")
	if code, _, stderr := assay(t, ".", "init", dir); code != 0 {
		t.Fatal(stderr)
	}
	text, err := os.ReadFile(filepath.Join(dir, "configs", "support.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(text), "top_k: 3", "top_k: 2", 1)
	if err := os.WriteFile(filepath.Join(dir, "configs", "other.yaml"), []byte(other), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// fits checks a text against the schema of a kind.
func fits(t *testing.T, kind, text string) {
	t.Helper()
	_, printed, _ := assay(t, ".", "schema", kind)
	whole, err := jsonschema.UnmarshalJSON(strings.NewReader(printed))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(kind, whole); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(kind)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("does not fit the schema %s: %v\n%s", kind, err, text)
	}
}

// TestJSON checks what every command prints with --json against the schema that
// assay schema shows.
func TestJSON(t *testing.T) {
	t.Parallel()
	dir := starterProject(t)
	out, data := filepath.Join(t.TempDir(), "run.jsonl"), t.TempDir()
	var key string
	for _, c := range []struct {
		args   string
		code   int
		format string
	}{
		{"version", 0, "assay.version/1"},
		{"init DIR", 0, "assay.init/1"},
		{"schema", 0, "assay.schemas/1"},
		{"config ls", 0, "assay.configs/1"},
		{"config validate", 0, "assay.validate/1"},
		{"config digest support", 0, "assay.digest/1"},
		{"config export support", 0, "assay.config/1"},
		{"render support --case size-small --eval support", 0, "assay.rendered/1"},
		{"diff other support", 0, "assay.diff/1"},
		{"dataset check support", 0, "assay.dataset/1"},
		{"dataset stats support", 0, "assay.dataset-stats/1"},
		{"calls ls", 0, "assay.calls/1"},
		{"runs ls", 0, "assay.runs/1"},
		{"eval --dry-run", 0, "assay.forecast/1"},
		{"eval --out " + out, 0, "assay.eval/1"},
		{"gate --dry-run --baseline config:other", 0, "assay.forecast/1"},
		{"gate --baseline config:other", 0, "assay.verdict/1"},
		{"gate --baseline config:support", 0, "assay.verdict/1"},
		{"calls ls", 0, "assay.calls/1"},
		{"calls show KEY", 0, "assay.call/1"},
		{"runs ls", 0, "assay.runs/1"},
		{"runs show", 0, "assay.eval/1"},
		{"runs show last --case size-small", 0, "assay.records/1"},
		{"gate --baseline file:" + out + " --max-cases 5", 4, "assay.verdict/1"},
		{"key create shop --data DATA", 0, "assay.key/1"},
		{"key ls --data DATA", 0, "assay.keys/1"},
		{"config show nowhere", 3, "assay.error/1"},
		{"gate --baseline nonsense", 3, "assay.error/1"},
		{"nonsense", 3, "assay.error/1"},
	} {
		line := strings.NewReplacer("DIR", filepath.Join(t.TempDir(), "new"), "KEY", key, "DATA", data).Replace(c.args)
		code, stdout, stderr := assay(t, dir, append(strings.Fields(line), "--json", "--quiet")...)
		if code != c.code {
			t.Fatalf("%s: exit %d, want %d\n%s%s", c.args, code, c.code, stdout, stderr)
		}
		if stderr != "" {
			t.Errorf("%s: --json and --quiet leave nothing on standard error: %s", c.args, stderr)
		}
		var head struct {
			Format string
			Calls  []struct{ Key string }
		}
		if err := json.Unmarshal([]byte(stdout), &head); err != nil {
			t.Fatalf("%s: %v\n%s", c.args, err, stdout)
		}
		if head.Format != c.format {
			t.Errorf("%s prints %q, want %q", c.args, head.Format, c.format)
		}
		if len(head.Calls) > 0 {
			key = head.Calls[0].Key
		}
		fits(t, "output", stdout)
		if c.format == "assay.verdict/1" {
			fits(t, "verdict", stdout)
		}
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fits(t, "run", line)
	}
}

// TestSchemas prints the schema of every kind that is listed.
func TestSchemas(t *testing.T) {
	t.Parallel()
	code, list, _ := assay(t, ".", "schema")
	kinds := strings.Fields(list)
	if code != 0 || len(kinds) < 9 {
		t.Fatalf("exit %d, kinds %v", code, kinds)
	}
	for _, kind := range kinds {
		code, text, stderr := assay(t, ".", "schema", kind)
		var s struct {
			Schema      string `json:"$schema"`
			Title       string
			Description string
		}
		if err := json.Unmarshal([]byte(text), &s); code != 0 || err != nil {
			t.Errorf("%s: exit %d, %v, %s", kind, code, err, stderr)
		}
		if s.Schema == "" || s.Title == "" || s.Description == "" {
			t.Errorf("%s does not say what it is: %+v", kind, s)
		}
	}
}

// TestEveryFormatHasASchema finds the formats that the code names, all of which
// assay schema output has, and assay schema NAME alone.
func TestEveryFormatHasASchema(t *testing.T) {
	t.Parallel()
	format := regexp.MustCompile(`"assay\.([a-z-]+)/1"`)
	code, whole, _ := assay(t, ".", "schema", "output")
	if code != exitOK {
		t.Fatalf("exit %d", code)
	}
	found := 0
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || !strings.Contains(path, "/cmd/") && !strings.Contains(path, "/internal/") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range format.FindAllStringSubmatch(string(text), -1) {
			found++
			if m[1] != "run" && !strings.Contains(whole, m[0]) { // a run is a file, which has a schema of its own
				t.Errorf("%s: %s is not in assay schema output", path, m[0])
			}
			if code, one, stderr := assay(t, ".", "schema", m[1]); code != exitOK || !json.Valid([]byte(one)) {
				t.Errorf("assay schema %s: exit %d, %s", m[1], code, stderr)
			}
		}
		return nil
	})
	if err != nil || found < 35 {
		t.Errorf("%d formats, %v", found, err)
	}
	code, one, _ := assay(t, ".", "schema", "runs")
	fits(t, "runs", `{"format":"assay.runs/1","runs":[]}`)
	if code != exitOK || !strings.Contains(one, `"assay.runs/1"`) || !strings.Contains(one, `"Header"`) || strings.Contains(one, `"FieldStats"`) {
		t.Errorf("assay schema runs: exit %d\n%s", code, one)
	}
	if code, _, stderr := assay(t, ".", "schema", "stat"); code != exitCannotRun || !strings.Contains(stderr, "did you mean stats?") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}
