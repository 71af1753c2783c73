package dataset

import (
	"maps"
	"slices"
	"strconv"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// yamlRows reads a YAML document, or a JSON one, as a whole: a list of rows, an
// object with the list under cases, or the rows at the mapping's path.
func yamlRows(name, text string, m Mapping) (rows, error) {
	doc, err := yamldoc.Parse(name, []byte(text))
	if err != nil {
		return nil, err
	}
	entries, err := locate(doc, m)
	if err != nil {
		return nil, asProblem(err).At(name, doc.Line(""))
	}
	return func(yield func(row, error) bool) {
		for _, e := range entries {
			if !yield(row{e.Value, doc.Line(e.Pointer)}, nil) {
				return
			}
		}
	}, nil
}

// locate finds the rows of a document.
func locate(doc *yamldoc.Doc, m Mapping) ([]extract.Located, error) {
	query := m.cases
	switch v := doc.Value().(type) {
	case []any:
		if query == "" {
			query = "$"
		}
	case map[string]any:
		if query != "" {
			break
		}
		query = "$.cases"
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if key != "cases" {
				return nil, noList().Remedy("%s", elsewhere)
			}
		}
	default:
		return nil, noList()
	}
	path, err := extract.ParsePath(query)
	if err != nil {
		return nil, err
	}
	found := path.Locate(doc.Value())
	if len(found) == 0 && m.cases != "" {
		return nil, problem.Newf("map.cases: nothing at %s", query).Wanted("the list of rows")
	}
	if len(found) != 1 {
		return found, nil
	}
	list, isList := found[0].Value.([]any)
	if !isList {
		return nil, noList()
	}
	entries := make([]extract.Located, len(list))
	for i, v := range list {
		entries[i] = extract.Located{Pointer: found[0].Pointer + "/" + strconv.Itoa(i), Value: v}
	}
	return entries, nil
}

func noList() *problem.Problem {
	return problem.Newf("the file is no list of cases").Wanted(`[{"input": ...}, ...] or {"cases": [...]}`).Remedy("%s", elsewhere)
}

const elsewhere = "for another shape, say where the rows are: map: {cases: $.items, ...}"
