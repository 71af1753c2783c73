package llmconfig

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// secretShape matches what keys of the usual vendors look like.
var secretShape = regexp.MustCompile(`(?:\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,})|(?:\bAKIA[0-9A-Z]{16}\b)|(?:\bAIza[0-9A-Za-z_-]{30,})|(?:\bgh[pousr]_[A-Za-z0-9]{30,})|(?:\bxox[abprs]-[A-Za-z0-9-]{10,})|(?:(?i)\bbearer\s+[A-Za-z0-9._~+/-]{16,})|(?:-----BEGIN [A-Z ]*PRIVATE KEY-----)`)

// secretName matches fields that hold nothing but a secret.
var secretName = regexp.MustCompile(`(?i)^(?:api[_-]?key|secret|password|passwd|authorization|access[_-]?token|auth[_-]?token|x-api-key)$`)

// NoSecrets refuses a file in which a key is written out. The problems name the
// place and never the key.
func NoSecrets(doc *yamldoc.Doc) error { return noSecrets(doc) }

func noSecrets(doc *yamldoc.Doc) error {
	var found problem.List
	var walk func(v any, at, name string)
	walk = func(v any, at, name string) {
		switch v := v.(type) {
		case map[string]any:
			for k, child := range v {
				walk(child, at+yamldoc.Pointer(k), k)
			}
		case []any:
			for i, child := range v {
				walk(child, at+"/"+strconv.Itoa(i), name)
			}
		case string:
			if secretShape.MatchString(v) || secretName.MatchString(name) && v != "" && !strings.HasPrefix(v, "$") {
				p := doc.Problem(at, "%s holds what looks like a secret (not shown)", strings.Trim(strings.ReplaceAll(at, "/", "."), "."))
				p.Want = "no key in a file: keys come from the environment"
				p.Fix = "remove it here and from git's history, replace the key at its vendor, and name the variable that holds it:\napi_key_env: NAME under providers: in assay.yaml"
				found = append(found, p)
			}
		}
	}
	walk(doc.Value(), "", "")
	return found.OrNil()
}
