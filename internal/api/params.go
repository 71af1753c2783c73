package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
)

// param is a parameter of an endpoint, in its path or in its query.
type param struct {
	name, doc string
	kind      any // a zero value: "", 0 or false
	example   string
	only      []string // the values that it takes, where they are few
	list      bool     // several, with commas between
}

// paths are the parameters that stand in the path of a route.
func (rt *route) paths() []param {
	var list []param
	for _, piece := range strings.Split(rt.path, "/") {
		name, isParam := strings.CutPrefix(piece, "{")
		if isParam {
			list = append(list, param{name: strings.TrimSuffix(name, "}"), kind: ""})
		}
	}
	return list
}

func forPages() []param {
	return []param{
		{name: "limit", doc: "Entries of a page, 1 to 1,000.", kind: 0, example: "50"},
		{name: "cursor", doc: "The next of the page before; with the other parameters unchanged.", kind: ""},
	}
}

func forTime() []param {
	return []param{
		{name: "since", doc: "Started then or later: an age (24h, 7d), a date or an RFC 3339 time.", kind: "", example: "24h"},
		{name: "until", doc: "Started earlier.", kind: "", example: "2026-03-01"},
	}
}

func forSpans() []param {
	return append([]param{{name: "q", doc: "A filter: docs/reference/filters.md.", kind: "", example: `kind=llm latency>2s`}}, forTime()...)
}

func forPreview() param {
	return param{name: "preview", doc: "Give the first 200 characters of what went in and came out.", kind: false}
}

// forProject is what every endpoint takes beside its own parameters.
func forProject() param {
	return param{name: "project", doc: "The project, where keys are off; else the key says it.", kind: "", example: "default"}
}

// read takes the parameters off a request. One that is misspelt or twice there
// is refused: a filter that is not applied would answer another question.
func read(rt *route, r *http.Request) (map[string]string, error) {
	given := map[string]string{}
	for _, p := range rt.paths() {
		given[p.name] = r.PathValue(p.name)
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, bad("bad_parameter", problem.Newf("the query of the address cannot be read").Remedy("percent-encode the values"))
	}
	known := []string{forProject().name}
	for _, p := range rt.params {
		known = append(known, p.name)
	}
	for name, list := range values {
		switch {
		case !slices.Contains(known, name):
			return nil, bad("unknown_parameter", problem.Newf("there is no parameter %q here", name).Remedy("%s", problem.DidYouMean(name, known)))
		case len(list) > 1:
			return nil, bad("bad_parameter", problem.Newf("the parameter %s is given twice", name).Remedy("give it once; where it takes several values, with commas between"))
		}
		given[name] = list[0]
	}
	return given, nil
}

// wrong is a parameter with a value that it does not take.
func wrong(name string, err error) error {
	e := bad("bad_parameter", err)
	e.Message = name + ": " + e.Message
	return e
}

func (c *call) number(name string, most int) (int, error) {
	text := c.given[name]
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, wrong(name, problem.Newf("%q is no number from 1 to %d", text, most))
	}
	return n, nil
}

func (c *call) truth(name string) (bool, error) {
	switch text := c.given[name]; text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, wrong(name, problem.Newf("%q is neither true nor false", text))
	}
}

// several is a list of values, each one of those that are known.
func several[T ~string](c *call, name string, known []T) ([]T, error) {
	var list []T
	for _, text := range strings.Split(c.given[name], ",") {
		text = strings.TrimSpace(text)
		switch {
		case text == "":
			continue
		case !slices.Contains(known, T(text)):
			return nil, wrong(name, problem.Newf("%q is not known", text).Remedy("%s", problem.DidYouMean(text, texts(known))).Wanted("some of %s", strings.Join(texts(known), ", ")))
		case slices.Contains(list, T(text)):
			return nil, wrong(name, problem.Newf("%q is there twice", text))
		}
		list = append(list, T(text))
	}
	return list, nil
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// times reads since and until.
func (c *call) times() (since, until int64, err error) {
	for name, to := range map[string]*int64{"since": &since, "until": &until} {
		if text := c.given[name]; text != "" {
			if *to, err = filter.ParseTime(text, c.now); err != nil {
				return 0, 0, wrong(name, err)
			}
		}
	}
	return since, until, nil
}

// where reads the filter.
func (c *call) where() (filter.Expr, error) {
	e, err := filter.Parse(c.given["q"], c.now)
	if err != nil {
		return nil, bad("bad_filter", err)
	}
	return e, nil
}

// cursor reads a cursor. The ages of a query count back from when its first
// page was asked for, so that all pages are pages of one list: a cursor carries
// that moment before the store's own.
func (c *call) cursor() (string, error) {
	text := c.given["cursor"]
	if text == "" {
		return "", nil
	}
	moment, own, ok := strings.Cut(text, ".")
	nanos, err := strconv.ParseInt(moment, 36, 64)
	if !ok || own == "" || err != nil || nanos < 0 {
		return "", spanstore.ErrCursor
	}
	c.now = time.Unix(0, nanos).UTC()
	return own, nil
}

// next is the cursor of the page after one that the store gave.
func (c *call) next(own string) string {
	if own == "" {
		return ""
	}
	return strconv.FormatInt(c.now.UnixNano(), 36) + "." + own
}

// query reads what lists of spans take.
func (c *call) query() (q spanstore.Query, err error) {
	if q.Cursor, err = c.cursor(); err != nil {
		return q, err
	}
	if q.Where, err = c.where(); err != nil {
		return q, err
	}
	if q.Since, q.Until, err = c.times(); err != nil {
		return q, err
	}
	if q.Limit, err = c.number("limit", 1000); err != nil {
		return q, err
	}
	q.Text, err = c.truth("preview")
	return q, err
}

// strict reads JSON into v, refusing fields that it does not have.
func strict(data []byte, v any) error {
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return bad("bad_body", problem.Newf("the body cannot be read: %s", err))
	}
	if d.More() {
		return bad("bad_body", problem.Newf("something follows the JSON of the body"))
	}
	return nil
}
