package extract

import (
	"strings"

	"github.com/theory/jsonpath"

	"github.com/assay-llmops/assay/internal/problem"
)

// Path is a JSONPath query (RFC 9535).
type Path struct {
	query string
	path  *jsonpath.Path
	one   bool // can select at most one node
}

// ParsePath reads a query. The error is a *problem.Problem without a place.
func ParsePath(query string) (*Path, error) {
	path, err := jsonpath.Parse(query)
	if err != nil {
		cause := strings.TrimPrefix(err.Error(), "jsonpath: ")
		return nil, problem.Newf("%q is not a JSONPath: %s", short(query), cause).
			Wanted("a path such as $.answer, $.items[0].name or $.calls[*].name")
	}
	return &Path{query, path, path.Query().Singular() != nil}, nil
}

// Select returns what the path leads to in v. A path that can lead to one
// place only ($.a[0].b) gives the value there; any other ($.a[*].b) gives the
// list of all that it matches, and is not found when that is empty.
func (p *Path) Select(v any) (selected any, found bool) {
	nodes := p.path.Select(v)
	if len(nodes) == 0 {
		return nil, false
	}
	if p.one {
		return nodes[0], true
	}
	return []any(nodes), true
}

// String is the query as it was written.
func (p *Path) String() string { return p.query }

func byPath(path *Path) func(any) (any, string) {
	return func(v any) (any, string) {
		if text, ok := v.(string); ok {
			parsed, err := ParseJSON([]byte(text))
			if err != nil {
				return nil, "not JSON: " + err.Error()
			}
			v = parsed
		}
		selected, found := path.Select(v)
		if !found {
			return nil, "nothing at " + path.String()
		}
		return selected, ""
	}
}

// Located is a value with its JSON pointer (RFC 6901).
type Located struct {
	Pointer string
	Value   any
}

// Locate returns every value that the path leads to, with its place.
func (p *Path) Locate(v any) []Located {
	nodes := p.path.SelectLocated(v)
	located := make([]Located, len(nodes))
	for i, n := range nodes {
		located[i] = Located{n.Path.Pointer(), n.Node}
	}
	return located
}
