package dataset

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
)

// fieldNames are the fields of a case in Assay's own shape.
var fieldNames = []string{"id", "input", "expected", "tags", "cluster", "metadata"}

// caseOf reads a case in Assay's own shape. Errors are problems without a
// place.
func caseOf(value any) (Case, error) {
	var c Case
	object, ok := value.(map[string]any)
	if !ok {
		return c, problem.Newf("a case is %s", extract.Describe(value)).
			Wanted(`an object such as {"input": {"question": "..."}}`)
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if err := c.set(name, object[name]); err != nil {
			return c, err
		}
	}
	if c.Input == nil {
		return c, problem.Newf("the case has no input").
			Wanted(`"input": an object of named fields, such as {"question": "..."}`)
	}
	return c, nil
}

// set reads one field.
func (c *Case) set(name string, value any) (err error) {
	switch name {
	case "id":
		c.ID, err = textField(name, value)
	case "cluster":
		c.Cluster, err = textField(name, value)
	case "expected":
		c.Expected = value
	case "tags":
		c.Tags, err = tagsField(value)
	case "input":
		c.Input, err = objectField(name, value)
	case "metadata":
		if value != nil {
			c.Metadata, err = objectField(name, value)
		}
	default:
		p := problem.Newf("unknown field %q in a case", name).Wanted("id, input, expected, tags, cluster or metadata")
		if problem.Nearest(name, fieldNames) != "" {
			return p.Remedy("%s", problem.DidYouMean(name, fieldNames))
		}
		return p.Remedy("put it under input, expected or metadata, or describe the file's shape with map:")
	}
	return err
}

// textField reads an id or cluster, which may be written as a whole number.
func textField(name string, value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64: // 7.0 is a whole number in JSON Schema, too
		if v == math.Trunc(v) && math.Abs(v) <= 1<<53 {
			return strconv.FormatFloat(v, 'f', 0, 64), nil
		}
	}
	return "", problem.Newf("%s is %s", name, extract.Describe(value)).Wanted("a text or a whole number")
}

func tagsField(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok && value != nil {
		return nil, problem.Newf("tags is %s", extract.Describe(value)).Wanted(`a list of texts, such as ["billing", "urgent"]`)
	}
	tags := make([]string, 0, len(list))
	for _, item := range list {
		tag, ok := item.(string)
		if !ok || tag == "" {
			return nil, problem.Newf("a tag is %s", extract.Describe(item)).Wanted("a text that is not empty")
		}
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags, nil
}

func objectField(name string, value any) (map[string]any, error) {
	object, ok := value.(map[string]any)
	if !ok {
		p := problem.Newf("%s is %s", name, extract.Describe(value)).Wanted("an object of named fields")
		if name == "input" {
			return nil, p.Remedy(`give it a name: "input": {"question": ...}, or keep the file as it is and write map: {input.question: $.input}`)
		}
		return nil, p
	}
	return object, nil
}
