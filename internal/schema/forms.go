package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// forms tells of a value that has none of the forms of an anyOf or oneOf, or, of
// the latter, two of them. What a person reads is about the form that they most
// likely meant: one that the value's type fits.
func (c *checker) forms(e *jsonschema.ValidationError, keyword string, fit []int) {
	at, name := pointer(e), words(e.InstanceLocation)
	if len(fit) > 1 {
		fields := c.fields(e, keyword)
		c.add(at, "%s has both %s and %s", name, fields[fit[0]], fields[fit[1]]).Want = "exactly one of " + strings.Join(fields, ", ")
		return
	}
	var missing []string
	var meant []*jsonschema.ValidationError
	got := ""
	for _, form := range e.Causes {
		here := len(form.Causes) == 0 && len(form.InstanceLocation) == len(e.InstanceLocation)
		switch k := form.ErrorKind.(type) {
		case *kind.Required:
			if here {
				missing = append(missing, k.Missing...)
			}
		case *kind.Type:
			if here {
				got = cmp.Or(got, article(k.Got))
				continue
			}
		case *kind.Const:
			if here {
				got = quoted(k.Got) // says more than the type
				continue
			}
		}
		meant = append(meant, form)
	}
	switch {
	case len(missing) > 1 && len(missing) == len(e.Causes):
		what := "none of " + strings.Join(missing, ", ")
		if len(missing) == 2 {
			what = "neither " + missing[0] + " nor " + missing[1]
		}
		c.add(at, "%s has %s", name, what).Want = cmp.Or(c.describe(e.InstanceLocation), "one of them")
	case len(meant) == 0:
		c.add(at, "%s is %s", name, got).Want = c.describe(e.InstanceLocation)
	default:
		for _, form := range meant {
			c.collect(form)
		}
	}
}

// fields are the ones that the forms of a oneOf require.
func (c *checker) fields(e *jsonschema.ValidationError, keyword string) []string {
	list, _ := c.find(e.InstanceLocation)[keyword].([]any)
	names := make([]string, len(list))
	for i, item := range list {
		form, _ := item.(map[string]any)
		required, _ := form["required"].([]any)
		names[i] = strings.Trim(fmt.Sprint(required), "[]")
	}
	return names
}

// everyForm is a schema with the ones that it refers to or offers as forms.
func (c *checker) everyForm(s map[string]any) []map[string]any {
	list := []map[string]any{s}
	if ref, ok := s["$ref"].(string); ok {
		root, _ := c.root.(map[string]any)
		defs, _ := root["$defs"].(map[string]any)
		if target, ok := defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any); ok {
			list = append(list, target)
		}
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		for _, s := range slices.Clone(list) {
			items, _ := s[keyword].([]any)
			for _, item := range items {
				if form, ok := item.(map[string]any); ok {
					list = append(list, form)
				}
			}
		}
	}
	return list
}
