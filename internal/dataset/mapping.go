package dataset

import (
	"maps"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
)

// Mapping says where the fields of a case are in a file of another shape. The
// zero Mapping reads Assay's own shape.
type Mapping struct {
	entries []mapEntry // sorted by target
	cases   string     // JSONPath of the list of rows in a JSON or YAML file, "" for the usual places
}

// mapEntry fills one target of a case.
type mapEntry struct {
	target   string // id, input, input.NAME, expected, ...
	field    string // the first part of target
	name     string // the part after the point, "" without one
	column   string // a key of the row; "" when path or constant is used
	path     *extract.Path
	extract  *extract.Extract
	constant any
	fixed    bool // constant is used
	optional bool
}

// targets are what a mapping can fill, for messages.
const targets = "id, input, input.NAME, expected, expected.NAME, tags, cluster, metadata or metadata.NAME"

// ParseMapping reads the value of map: from a YAML or JSON file. Each key is a
// target; each value a JSONPath ($.question), a column or key (question), or an
// object {path, extract, value, optional}. The key cases names the list of rows
// in a file that holds more than that. Errors are problems without a place.
func ParseMapping(v any) (Mapping, error) {
	var m Mapping
	object, ok := v.(map[string]any)
	if v != nil && !ok {
		return m, problem.Newf("map is %s", extract.Describe(v)).Wanted("an object such as {input.question: $.question}")
	}
	for _, target := range slices.Sorted(maps.Keys(object)) {
		if target == "cases" {
			path, err := parseRowsPath(object[target])
			if err != nil {
				return m, err
			}
			m.cases = path
			continue
		}
		entry, err := parseEntry(target, object[target])
		if err != nil {
			return m, err
		}
		m.entries = append(m.entries, entry)
	}
	return m, m.check()
}

func parseRowsPath(v any) (string, error) {
	query, ok := v.(string)
	if !ok {
		return "", problem.Newf("map.cases is %s", extract.Describe(v)).Wanted("the JSONPath of the list of rows, such as $.tests")
	}
	_, err := extract.ParsePath(query)
	return query, err
}

// check refuses targets that exclude each other and a mapping without input.
func (m Mapping) check() error {
	if len(m.entries) == 0 {
		return nil
	}
	whole := make(map[string]bool)
	input := false
	for _, e := range m.entries { // sorted: input comes before input.NAME
		if e.name == "" {
			whole[e.field] = true
		} else if whole[e.field] {
			return problem.Newf("map has both %s and %s", e.field, e.target).Wanted("either the whole or its fields")
		}
		input = input || e.field == "input"
	}
	if !input {
		return problem.Newf("map fills no input").Wanted("input or input.NAME").Remedy("add a line such as input.question: $.question")
	}
	return nil
}

func parseEntry(target string, v any) (mapEntry, error) {
	e := mapEntry{target: target}
	e.field, e.name, _ = strings.Cut(target, ".")
	nested := e.field == "input" || e.field == "expected" || e.field == "metadata"
	if !slices.Contains(fieldNames, e.field) || strings.Contains(target, ".") && (!nested || e.name == "") {
		return e, problem.Newf("map has the unknown target %q", target).Wanted("%s", targets).
			Remedy("%s", problem.DidYouMean(e.field, fieldNames))
	}
	switch v := v.(type) {
	case string:
		return e, e.from(v)
	case map[string]any:
		return e, e.parseObject(v)
	}
	return e, problem.Newf("map.%s is %s", target, extract.Describe(v)).
		Wanted("a JSONPath ($.question), a column, or an object {path, extract, value, optional}")
}

// from sets where the value comes from: a JSONPath when it starts with $, else
// a column or key.
func (e *mapEntry) from(source string) (err error) {
	if !strings.HasPrefix(source, "$") {
		e.column = source
		return nil
	}
	e.path, err = extract.ParsePath(source)
	return err
}

func (e *mapEntry) parseObject(object map[string]any) (err error) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		v := object[name]
		ok := true
		switch name {
		case "path":
			var source string
			if source, ok = v.(string); ok {
				err = e.from(source)
			}
		case "value":
			e.constant, e.fixed = v, true
		case "optional":
			e.optional, ok = v.(bool)
		case "extract":
			e.extract, err = extract.Parse(v)
		default:
			known := []string{"path", "extract", "value", "optional"}
			return problem.Newf("unknown field %q in map.%s", name, e.target).Remedy("%s", problem.DidYouMean(name, known))
		}
		if !ok {
			return problem.Newf("%s of map.%s is %s", name, e.target, extract.Describe(v)).
				Wanted("%s", map[string]string{"path": "a text", "optional": "true or false"}[name])
		}
		if err != nil {
			return err
		}
	}
	if hasSource := e.path != nil || e.column != ""; hasSource == e.fixed {
		return problem.Newf("map.%s needs exactly one of path and value", e.target)
	}
	return nil
}

// apply gives a row in Assay's own shape.
func (m Mapping) apply(value any) (any, error) {
	if len(m.entries) == 0 {
		return value, nil
	}
	native := make(map[string]any, len(m.entries))
	for i := range m.entries {
		e := &m.entries[i]
		v, found, err := e.take(value)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		if e.field == "tags" {
			v = tagsOf(v)
		}
		if e.name == "" {
			native[e.field] = v
			continue
		}
		fields, ok := native[e.field].(map[string]any)
		if !ok {
			fields = make(map[string]any)
			native[e.field] = fields
		}
		fields[e.name] = v
	}
	return native, nil
}

// take gets the value of a target out of a row; found is false only for an
// optional one that is not there.
func (e *mapEntry) take(value any) (v any, found bool, err error) {
	if e.fixed {
		return e.constant, true, nil
	}
	object, isObject := value.(map[string]any)
	source := e.column
	if e.path != nil {
		source = e.path.String()
		v, found = e.path.Select(value)
	} else {
		v, found = object[e.column]
	}
	if !found {
		if e.optional {
			return nil, false, nil
		}
		p := problem.Newf("map.%s: nothing at %s", e.target, source)
		if isObject {
			keys := slices.Sorted(maps.Keys(object))
			p = p.Wanted("a value there; the row has %s", list(keys))
			if near := problem.Nearest(strings.TrimPrefix(source, "$."), keys); near != "" {
				return nil, false, p.Remedy("did you mean %s? where some rows have none, write {path: %s, optional: true}", near, source)
			}
		}
		return nil, false, p.Remedy("mend the path, or write {path: %s, optional: true}", source)
	}
	if e.extract == nil {
		return v, true, nil
	}
	part, found, reason := e.extract.Apply(v)
	if !found && !e.optional {
		return nil, false, problem.Newf("map.%s: extract finds %s", e.target, reason).
			Remedy("mend the extract, or write optional: true")
	}
	return part, found, nil
}

// tagsOf reads tags where a file has them as one text or as a list of scalars:
// a text is cut at commas and semicolons.
func tagsOf(v any) any {
	switch v := v.(type) {
	case string:
		var tags []any
		for _, tag := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' }) {
			if tag = strings.TrimSpace(tag); tag != "" {
				tags = append(tags, tag)
			}
		}
		return tags
	case []any:
		tags := make([]any, len(v))
		for i, item := range v {
			switch item.(type) {
			case int64, float64, bool:
				item = extract.Text(item)
			}
			tags[i] = item
		}
		return tags
	}
	return v
}

// list names up to twelve keys.
func list(keys []string) string {
	if len(keys) == 0 {
		return "no keys"
	}
	if len(keys) > 12 {
		return strings.Join(keys[:12], ", ") + ", …"
	}
	return strings.Join(keys, ", ")
}
