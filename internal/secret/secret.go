// Package secret refuses files in which a key is written out.
//
// What counts is the shape of a value (sk-..., Bearer ..., AKIA..., a private
// key) or the name of its field (api_key, password, ...). Problems name the
// place and never show the value. A field whose value names an environment
// variable (api_key_env, and everything under headers_env) holds no secret.
package secret

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// shape matches what keys of the usual vendors look like.
var shape = regexp.MustCompile(`(?:\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,})|(?:\bAKIA[0-9A-Z]{16}\b)|(?:\bAIza[0-9A-Za-z_-]{30,})|` +
	`(?:\bgh[pousr]_[A-Za-z0-9]{30,})|(?:\bxox[abprs]-[A-Za-z0-9-]{10,})|(?:(?i)\bbearer\s+[A-Za-z0-9._~+/-]{16,})|` +
	`(?:-----BEGIN [A-Z ]*PRIVATE KEY-----)`)

// field matches names of fields that hold nothing but a secret.
var field = regexp.MustCompile(`(?i)^(?:api[_-]?key|secret|password|passwd|authorization|access[_-]?token|auth[_-]?token|x-api-key)$`)

// Document refuses a file with a key in any of its values or names.
func Document(doc *yamldoc.Doc) error {
	w := walker{doc: doc}
	w.walk(doc.Value(), "", "")
	slices.SortStableFunc(w.found, func(a, b *problem.Problem) int { return a.Line - b.Line })
	return w.found.OrNil()
}

// Text refuses a text, of a template, with a key in it.
func Text(file, text string) error {
	at := find(text)
	if at < 0 {
		return nil
	}
	line := 1 + strings.Count(text[:at], "\n")
	return remedy(&problem.Problem{File: file, Line: line, What: "the template holds what looks like a secret (not shown)"})
}

type walker struct {
	doc   *yamldoc.Doc
	found problem.List
}

// walk looks at a value that stands at a pointer, under a name.
func (w *walker) walk(v any, at, name string) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if find(k) >= 0 {
				w.found = append(w.found, remedy(w.doc.Problem(at, "the name of a field looks like a secret (not shown)")))
			}
			inner := k
			if name == "headers_env" {
				inner = "" // a header, with the name of the variable that holds its value
			}
			w.walk(v[k], at+yamldoc.Pointer(k), inner)
		}
	case []any:
		for i, item := range v {
			w.walk(item, at+"/"+strconv.Itoa(i), name)
		}
	case string:
		if find(v) >= 0 || field.MatchString(name) && v != "" {
			place := strings.ReplaceAll(strings.TrimPrefix(at, "/"), "/", ".")
			w.found = append(w.found, remedy(w.doc.Problem(at, "%s holds what looks like a secret (not shown)", place)))
		}
	}
}

// find is where a text holds what looks like a key; -1 when it does not. Most
// keys have a digit somewhere; words joined by hyphens have none.
func find(text string) int {
	for _, at := range shape.FindAllStringIndex(text, -1) {
		found := text[at[0]:at[1]]
		if strings.ContainsAny(found, "0123456789") || strings.HasPrefix(found, "-----BEGIN") || strings.HasPrefix(found, "AKIA") {
			return at[0]
		}
	}
	return -1
}

func remedy(p *problem.Problem) *problem.Problem {
	return p.Wanted("no key in a file: keys come from the environment").
		Remedy("remove it here and from git's history, replace the key at its vendor, and name the variable that holds it:\n" +
			"api_key_env: NAME under providers: in assay.yaml")
}
