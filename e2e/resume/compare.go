package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/assay-llmops/assay/internal/llm/script"
)

// concurrency is how many calls are under way at most.
const concurrency = 16

func decode(r io.Reader) (script.Requests, error) {
	var asked script.Requests
	err := json.NewDecoder(r).Decode(&asked)
	return asked, err
}

// compare checks the counts of both upstreams and the results of both runs.
func compare(calm, killed *oneRun, cases, kills int) error {
	undisturbed, err := calm.asked()
	if err != nil {
		return err
	}
	disturbed, err := killed.asked()
	if err != nil {
		return err
	}
	twice := disturbed.Total - disturbed.Distinct
	fmt.Printf("undisturbed: %d calls, %d distinct; killed %d times: %d calls, %d distinct, %d asked again (at most %d under way at each kill)\n",
		undisturbed.Total, undisturbed.Distinct, kills, disturbed.Total, disturbed.Distinct, twice, concurrency)
	switch {
	case undisturbed.Total != cases || undisturbed.Distinct != cases:
		return fmt.Errorf("the undisturbed run asked %d times for %d cases", undisturbed.Total, cases)
	case disturbed.Distinct != cases:
		return fmt.Errorf("the killed run asked %d distinct questions for %d cases", disturbed.Distinct, cases)
	case twice > kills*concurrency:
		return fmt.Errorf("%d calls were made twice; at most %d can have been under way", twice, kills*concurrency)
	}
	a, err := readResults(calm.results())
	if err != nil {
		return err
	}
	b, err := readResults(killed.results())
	if err != nil {
		return err
	}
	if len(a) != cases || len(b) != cases {
		return fmt.Errorf("%d and %d results for %d cases", len(a), len(b), cases)
	}
	for i := range a {
		if !reflect.DeepEqual(a[i], b[i]) {
			return fmt.Errorf("result %d differs:\n%+v\n%+v", i+1, a[i], b[i])
		}
	}
	fmt.Printf("both runs: %d equal results in the same order\n", len(a))
	return nil
}

// result is what must not depend on when a case was asked.
type result struct {
	Case       string
	CaseDigest string `json:"case_digest"`
	Output     string
	Messages   []struct{ Role, Content string }
	Usage      map[string]any
	Scores     map[string]struct {
		Outcome string
		Value   *float64
		Reason  string
	}
	Error, Failure any
}

func readResults(path string) ([]result, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var results []result
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var r result
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		if r.Case != "" { // the first line is the header
			results = append(results, r)
		}
	}
	return results, lines.Err()
}

// writeProject makes a project of so many cases that asks the upstream.
func writeProject(dir string, port, cases int) error {
	var rows strings.Builder
	for i := range cases {
		fmt.Fprintf(&rows, `{"id":"case-%04d","input":{"number":%d},"expected":{"answer":"number %d?"}}`+"\n", i, i, i)
	}
	files := map[string]string{
		"assay.yaml": fmt.Sprintf(`name: resume
providers:
  upstream: {type: openai, base_url: "http://127.0.0.1:%d/v1", api_key_env: ASSAY_RESUME_KEY, concurrency: %d, pin: exact}
run: {concurrency: %d}
`, port, concurrency, concurrency),
		"configs/resumed.yaml": `name: resumed
model: upstream/any
messages: [{role: user, content: "What about number {{ number }}?"}]
`,
		"evals/resumed.yaml": `config: resumed
dataset: ../datasets/cases.jsonl
evaluators: [{name: correct, type: contains, expected: "{{ expected.answer }}"}]
`,
		"datasets/cases.jsonl": rows.String(),
	}
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}
