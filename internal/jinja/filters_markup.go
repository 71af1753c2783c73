package jinja

import (
	"html"
	"net/url"
	"strings"
)

func markupFilters() map[string]filter {
	escape := filter{apply: func(r *render, v any, _ *bound) (any, error) {
		if v, ok := v.(markup); ok {
			return v, nil
		}
		return r.escaped(v)
	}}
	return map[string]filter{
		"e":      escape,
		"escape": escape,
		"forceescape": {apply: func(r *render, v any, _ *bound) (any, error) {
			return r.escaped(v)
		}},
		"safe": {apply: func(r *render, v any, _ *bound) (any, error) {
			s, err := r.str(v)
			return markup(s), err
		}},
		"striptags": {apply: striptags},
		"urlencode": {apply: urlencode},
		"tojson":    {params: []string{"indent"}, apply: tojson},
	}
}

func (r *render) escaped(v any) (any, error) {
	s, err := r.str(v)
	if err != nil {
		return nil, err
	}
	s, err = r.escape(s)
	return markup(s), err
}

// escape writes & < > ' " as markupsafe does.
func (m *meter) escape(s string) (string, error) {
	const entity = 4 // how much longer a character gets, at most
	special := 0
	for i := range len(s) {
		switch s[i] {
		case '&', '<', '>', '\'', '"':
			special++
		}
	}
	if special == 0 {
		return s, m.read(len(s))
	}
	if err := m.grow(len(s) + special*entity); err != nil {
		return "", err
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;").Replace(s), nil
}

// striptags drops comments and tags and joins blanks, as markupsafe 3.0.4 does.
func striptags(r *render, v any, _ *bound) (any, error) {
	s, err := r.str(v)
	if err != nil {
		return nil, err
	}
	if err := r.growTimes(2, int64(len(s))); err != nil {
		return nil, err
	}
	var kept strings.Builder
	for {
		start := strings.IndexByte(s, '<')
		if start < 0 {
			break
		}
		closing, from := ">", start
		if strings.HasPrefix(s[start:], "<!--") {
			closing, from = "-->", start+len("<!--")
		}
		end := strings.Index(s[from:], closing)
		if end < 0 {
			break
		}
		kept.WriteString(s[:start])
		s = s[from+end+len(closing):]
	}
	kept.WriteString(s)
	return html.UnescapeString(strings.Join(strings.FieldsFunc(kept.String(), isSpace), " ")), nil
}

// urlencode quotes text for a URL, or joins pairs to a query.
func urlencode(r *render, v any, _ *bound) (any, error) {
	if _, ok := asText(v); ok || !isIterable(v) {
		s, err := r.str(v)
		if err != nil {
			return nil, err
		}
		return r.quoteURL(s, true)
	}
	if d, ok := v.(*dict); ok {
		if err := r.growItems(3 * len(d.keys)); err != nil {
			return nil, err
		}
		v = &list{items: d.pairs()}
	}
	pairs, err := r.collect(v)
	if err != nil {
		return nil, err
	}
	w := &writer{m: &r.meter}
	for i, one := range pairs {
		pair, err := r.collect(one)
		if err != nil {
			return nil, err
		}
		if len(pair) != 2 {
			return nil, faultf("the filter urlencode is given an entry of %d values", len(pair)).
				wanted("a string, a mapping or pairs")
		}
		if i > 0 {
			if err := w.write("&"); err != nil {
				return nil, err
			}
		}
		for j, part := range pair {
			s, err := r.str(part)
			if err != nil {
				return nil, err
			}
			if s, err = r.quoteURL(s, false); err != nil {
				return nil, err
			}
			if j == 1 {
				s = "=" + s
			}
			if err := w.write(s); err != nil {
				return nil, err
			}
		}
	}
	return w.b.String(), nil
}

// quoteURL is Python's urllib.parse.quote; in a query "/" is quoted too and a
// blank becomes "+".
func (m *meter) quoteURL(s string, slash bool) (string, error) {
	if err := m.growTimes(3, int64(len(s))); err != nil {
		return "", err
	}
	s = url.QueryEscape(s)
	if slash {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "+", "%20"), "%2F", "/")
	}
	return s, nil
}
