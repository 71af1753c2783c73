package ingest

import (
	"strings"

	"github.com/assay-llmops/assay/internal/access"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// headerProject is the project that a sender chose by a header: ours and
// OpenInference's name, then LangSmith's.
func headerProject(header func(string) string) string {
	for _, name := range []string{"x-project-name", "langsmith-project"} {
		if v := strings.TrimSpace(header(name)); v != "" {
			return access.ProjectName(v)
		}
	}
	return ""
}

// resourceProject is the project that a resource names, or the default one.
func resourceProject(r otlp.Resource) (string, error) {
	own, other := "", ""
	err := r.Attributes(func(key string, v otlp.Value) error {
		switch key {
		case "assay.project":
			own = v.Str()
		case "openinference.project.name":
			other = v.Str()
		}
		return nil
	})
	if own == "" {
		own = other
	}
	return access.ProjectName(strings.Clone(own)), err
}
