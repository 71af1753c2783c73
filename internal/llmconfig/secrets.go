package llmconfig

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// secretShape matches what keys of the usual vendors look like.
var secretShape = regexp.MustCompile(`(?:\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,})|(?:\bAKIA[0-9A-Z]{16}\b)|(?:\bAIza[0-9A-Za-z_-]{30,})|(?:\bgh[pousr]_[A-Za-z0-9]{30,})|(?:\bxox[abprs]-[A-Za-z0-9-]{10,})|(?:(?i)\bbearer\s+[A-Za-z0-9._~+/-]{16,})|(?:-----BEGIN [A-Z ]*PRIVATE KEY-----)`)

// secretName matches fields that hold nothing but a secret.
var secretName = regexp.MustCompile(`(?i)^(?:api[_-]?key|secret|password|passwd|authorization|access[_-]?token|auth[_-]?token|x-api-key)$`)

// secretIn is where a text holds what looks like a key; -1 when it does not. A
// key has a digit somewhere; words joined by hyphens have none.
func secretIn(text string) int {
	for _, at := range secretShape.FindAllStringIndex(text, -1) {
		found := text[at[0]:at[1]]
		if strings.ContainsAny(found, "0123456789") || strings.HasPrefix(found, "-----BEGIN") || strings.HasPrefix(found, "AKIA") {
			return at[0]
		}
	}
	return -1
}

func secret(p *problem.Problem) *problem.Problem {
	return p.Wanted("no key in a file: keys come from the environment").
		Remedy("remove it here and from git's history, replace the key at its vendor, and name the variable that holds it:\n" +
			"api_key_env: NAME under providers: in assay.yaml")
}

// NoSecrets refuses a file in which a key is written out. The problems name the
// place and never the key.
func NoSecrets(doc *yamldoc.Doc) error {
	var found problem.List
	var walk func(v any, at, name string)
	walk = func(v any, at, name string) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				field := k
				if name == "headers_env" {
					field = "" // a header, by the name of the variable that holds its value
				}
				walk(v[k], at+yamldoc.Pointer(k), field)
				if secretIn(k) >= 0 {
					found = append(found, secret(doc.Problem(at, "the name of a field looks like a secret (not shown)")))
				}
			}
		case []any:
			for i, child := range v {
				walk(child, at+"/"+strconv.Itoa(i), name)
			}
		case string:
			if secretIn(v) >= 0 || secretName.MatchString(name) && v != "" {
				found = append(found, secret(doc.Problem(at, "%s holds what looks like a secret (not shown)", strings.ReplaceAll(strings.TrimPrefix(at, "/"), "/", "."))))
			}
		}
	}
	walk(doc.Value(), "", "")
	slices.SortStableFunc(found, func(a, b *problem.Problem) int { return a.Line - b.Line })
	return found.OrNil()
}

// noSecretText refuses a template in which a key is written out.
func noSecretText(f File) error {
	at := secretIn(f.Text)
	if at < 0 {
		return nil
	}
	line := 1 + strings.Count(f.Text[:at], "\n")
	return secret(&problem.Problem{File: f.Path, Line: line, What: "the template holds what looks like a secret (not shown)"})
}
