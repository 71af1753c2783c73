package report

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/problem"
)

// formats by the ending of a report's file.
var formats = map[string]func(io.Writer, *Input) error{
	".json":  JSON,
	".jsonl": JSONL,
	".xml":   JUnit,
	".md":    Markdown,
	".html":  HTML,
	".svg":   SVG,
}

// Extensions lists the endings that Write knows, in the order of the manual.
func Extensions() []string { return []string{".json", ".jsonl", ".xml", ".md", ".html", ".svg"} }

// FormatOf is the ending by which Write knows the format of path; a
// *problem.Problem when it knows none.
func FormatOf(path string) (string, error) {
	ext := strings.ToLower(filepath.Ext(path))
	if formats[ext] != nil {
		return ext, nil
	}
	p := problem.Newf("no report is written to a file that ends in %q: %s", ext, path).
		Wanted("a name that ends in %s", strings.Join(Extensions(), ", "))
	if near := problem.Nearest(ext, Extensions()); near != "" {
		return "", p.Remedy("did you mean %s?", strings.TrimSuffix(path, filepath.Ext(path))+near)
	}
	return "", p.Remedy("for example report.html")
}

// CheckFormats checks the names of all reports, so that a bad one is found
// before a call is paid for. Two reports of one name are refused.
func CheckFormats(paths []string) error {
	for i, path := range paths {
		if _, err := FormatOf(path); err != nil {
			return err
		}
		if slices.Contains(paths[:i], path) {
			return problem.Newf("%s is named twice", path).Remedy("give each report its own name")
		}
	}
	return nil
}

// Write writes the report in the format that the ending of path names. Nothing
// is written to path itself.
func Write(path string, w io.Writer, in *Input) error {
	ext, err := FormatOf(path)
	if err != nil {
		return err
	}
	return formats[ext](w, in)
}

// JSONL writes the candidate's run as a results file (assay.run/1), which
// `--baseline file:` and eval.Read take back.
func JSONL(w io.Writer, in *Input) error {
	if err := eval.Export(w, in.Candidate, !in.Candidate.Header.NoContent); err != nil {
		return fmt.Errorf("writing the run: %w", err)
	}
	return nil
}
