package jinja

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
)

// callText calls a method of a string.
func (r *render) callText(m *method, s string, a *args) (any, error) {
	if slices.Contains(otherTextMethods, m.name) {
		if m.name == "format" || m.name == "format_map" {
			return nil, faultf("the method format of a string is not supported").
				remedy("use ~ to join text, or the filter format: {{ '%%s of %%d'|format(a, b) }}")
		}
		return nil, m.unsupported(textMethods)
	}
	if err := r.read(len(s)); err != nil {
		return nil, err
	}
	switch m.name {
	case "split", "rsplit", "splitlines", "partition", "rpartition":
		return r.cutText(m, s, a)
	case "strip", "lstrip", "rstrip":
		b, err := a.bind(m.name, []string{"chars"}, 0)
		if err != nil {
			return nil, err
		}
		return r.strip(m.self, s, b, m.name != "rstrip", m.name != "lstrip")
	case "startswith", "endswith":
		return r.edge(m, s, a)
	case "find", "rfind", "index", "rindex", "count":
		return r.find(m, s, a)
	case "center", "ljust", "rjust", "zfill":
		return r.justify(m, s, a)
	case "join":
		b, err := a.bind("join", []string{"values"}, 1)
		if err != nil {
			return nil, err
		}
		return r.joinText(s, b.values[0])
	case "replace":
		return r.replaceText(s, a)
	case "removeprefix", "removesuffix":
		b, err := a.bind(m.name, []string{"part"}, 1)
		if err != nil {
			return nil, err
		}
		part, err := b.text(0, "")
		if m.name == "removeprefix" {
			return like(m.self, strings.TrimPrefix(s, part)), err
		}
		return like(m.self, strings.TrimSuffix(s, part)), err
	}
	if _, err := a.bind(m.name, nil, 0); err != nil {
		return nil, err
	}
	if check, ok := textChecks[m.name]; ok {
		return check(s), r.scan(len(s))
	}
	if err := r.growTimes(2, int64(len(s))); err != nil {
		return nil, err
	}
	return like(m.self, textChanges[m.name](s)), nil
}

var textChanges = map[string]func(string) string{
	"upper":      upper,
	"lower":      lower,
	"capitalize": capitalize,
	"casefold":   func(s string) string { return cases.Fold().String(s) },
	"title": func(s string) string {
		var b strings.Builder
		inWord := false
		for _, c := range s {
			switch {
			case inWord:
				b.WriteRune(unicode.ToLower(c))
			case c < utf8.RuneSelf:
				b.WriteRune(unicode.ToUpper(c))
			default:
				b.WriteString(capitalize(string(c)))
			}
			inWord = unicode.IsUpper(c) || unicode.IsLower(c) || unicode.IsTitle(c)
		}
		return b.String()
	},
	"swapcase": func(s string) string {
		var b strings.Builder
		for _, c := range s {
			switch {
			case unicode.IsUpper(c):
				b.WriteString(lower(string(c)))
			case unicode.IsLower(c):
				b.WriteString(upper(string(c)))
			default:
				b.WriteRune(c)
			}
		}
		return b.String()
	},
}

var textChecks = map[string]func(string) bool{
	"isascii":   isASCII,
	"isspace":   func(s string) bool { return s != "" && blank(s) },
	"isalpha":   every(unicode.IsLetter),
	"isalnum":   every(func(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) }),
	"isdigit":   every(unicode.IsDigit),
	"isdecimal": every(unicode.IsDigit),
	"isnumeric": every(unicode.IsNumber),
	"islower":   func(s string) bool { return hasCase(s, unicode.IsLower, unicode.IsUpper) },
	"isupper":   func(s string) bool { return hasCase(s, unicode.IsUpper, unicode.IsLower) },
	"istitle": func(s string) bool {
		inWord, found := false, false
		for _, c := range s {
			up, low := unicode.IsUpper(c) || unicode.IsTitle(c), unicode.IsLower(c)
			if up && inWord || low && !inWord {
				return false
			}
			inWord = up || low
			found = found || inWord
		}
		return found
	},
}

// every reports whether a string is not empty and all its characters are of a
// kind.
func every(is func(rune) bool) func(string) bool {
	return func(s string) bool {
		return s != "" && strings.IndexFunc(s, func(c rune) bool { return !is(c) }) < 0
	}
}

// texts are parts of the string v as a list.
func (r *render) texts(v any, parts []string) (any, error) {
	if err := r.growItems(2 * len(parts)); err != nil {
		return nil, err
	}
	items := make([]any, len(parts))
	for i, part := range parts {
		items[i] = like(v, part)
	}
	return &list{items: items}, nil
}

// cutText cuts a string into a list or a tuple.
func (r *render) cutText(m *method, s string, a *args) (any, error) {
	switch m.name {
	case "splitlines":
		b, err := a.bind("splitlines", []string{"keepends"}, 0)
		if err != nil {
			return nil, err
		}
		keep, err := b.truth(&r.meter, 0, false)
		if err != nil {
			return nil, err
		}
		count := strings.Count(s, "\n") + 1
		if err := r.growItems(count); err != nil {
			return nil, err
		}
		return r.texts(m.self, splitLines(s, keep))
	case "split", "rsplit":
		return r.split(m, s, a)
	}
	b, err := a.bind(m.name, []string{"sep"}, 1)
	if err != nil {
		return nil, err
	}
	sep, err := r.separator(b)
	if err != nil {
		return nil, err
	}
	parts := []any{s, "", ""}
	at := strings.Index(s, sep)
	if m.name == "rpartition" {
		parts = []any{"", "", s}
		at = strings.LastIndex(s, sep)
	}
	if at >= 0 {
		parts = []any{s[:at], sep, s[at+len(sep):]}
	}
	for i, part := range parts {
		text, _ := asText(part)
		parts[i] = like(m.self, text)
	}
	return &tuple{items: parts}, nil
}

func (r *render) separator(b *bound) (string, error) {
	sep, err := b.text(0, "")
	if err == nil && sep == "" {
		err = faultf("the separator is empty").remedy("use |list for single characters")
	}
	return sep, err
}

// split is str.split and str.rsplit.
func (r *render) split(m *method, s string, a *args) (any, error) {
	b, err := a.bind(m.name, []string{"sep", "maxsplit"}, 0)
	if err != nil {
		return nil, err
	}
	limit, err := b.integer(1, -1)
	if err != nil {
		return nil, err
	}
	most := int64(len(s)) + 1
	if limit < 0 || limit > most {
		limit = most
	}
	if _, ok := b.present(0); !ok {
		// A word takes two bytes at least, its blank included.
		if err := r.growTimes(min(most/2+1, limit+1), bytesPerItem); err != nil {
			return nil, err
		}
		if m.name == "rsplit" {
			return r.texts(m.self, wordsFromRight(s, limit))
		}
		return r.texts(m.self, words(s, limit))
	}
	sep, err := r.separator(b)
	if err != nil {
		return nil, err
	}
	if err := r.growTimes(min(int64(strings.Count(s, sep)), limit)+1, bytesPerItem); err != nil {
		return nil, err
	}
	if m.name == "split" {
		return r.texts(m.self, strings.SplitN(s, sep, int(limit)+1))
	}
	var parts []string
	for range limit {
		at := strings.LastIndex(s, sep)
		if at < 0 {
			break
		}
		parts = append(parts, s[at+len(sep):])
		s = s[:at]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return r.texts(m.self, parts)
}

// words are the parts of s between blanks; after limit of them, the rest.
func words(s string, limit int64) []string {
	var parts []string
	for s = strings.TrimLeftFunc(s, isSpace); s != ""; s = strings.TrimLeftFunc(s, isSpace) {
		if int64(len(parts)) == limit {
			return append(parts, s)
		}
		end := strings.IndexFunc(s, isSpace)
		if end < 0 {
			return append(parts, s)
		}
		parts = append(parts, s[:end])
		s = s[end:]
	}
	return parts
}

func wordsFromRight(s string, limit int64) []string {
	var parts []string
	for s = strings.TrimRightFunc(s, isSpace); s != ""; s = strings.TrimRightFunc(s, isSpace) {
		start := strings.LastIndexFunc(s, isSpace)
		if start < 0 || int64(len(parts)) == limit {
			parts = append(parts, s)
			break
		}
		_, size := utf8.DecodeRuneInString(s[start:])
		parts = append(parts, s[start+size:])
		s = s[:start]
	}
	slices.Reverse(parts)
	return parts
}

// edge is startswith and endswith, for one string or a tuple of them.
func (r *render) edge(m *method, s string, a *args) (any, error) {
	b, err := a.bind(m.name, []string{"part"}, 1)
	if err != nil {
		return nil, err
	}
	parts := []any{b.values[0]}
	if t, ok := b.values[0].(*tuple); ok {
		parts = t.items
	}
	for _, one := range parts {
		part, ok := asText(one)
		if !ok {
			return nil, b.wrong(0, "a string or a tuple of strings")
		}
		if m.name == "startswith" && strings.HasPrefix(s, part) || m.name == "endswith" && strings.HasSuffix(s, part) {
			return true, nil
		}
	}
	return false, nil
}

// find is find, rfind, index, rindex and count, without start and end.
func (r *render) find(m *method, s string, a *args) (any, error) {
	b, err := a.bind(m.name, []string{"part"}, 1)
	if err != nil {
		return nil, err
	}
	part, err := b.text(0, "")
	if err != nil {
		return nil, err
	}
	if m.name == "count" {
		return int64(strings.Count(s, part)), nil
	}
	at := strings.Index(s, part)
	if m.name[0] == 'r' {
		at = strings.LastIndex(s, part)
	}
	if at < 0 {
		if strings.HasSuffix(m.name, "index") {
			return nil, faultf("%s does not find the part in the string", m.name).remedy("use %s, which gives -1",
				strings.Replace(m.name, "index", "find", 1))
		}
		return int64(-1), nil
	}
	return int64(utf8.RuneCountInString(s[:at])), nil
}

func (r *render) justify(m *method, s string, a *args) (any, error) {
	params := []string{"width", "fillchar"}
	if m.name == "zfill" {
		params = params[:1]
	}
	b, err := a.bind(m.name, params, 1)
	if err != nil {
		return nil, err
	}
	width, err := b.integer(0, 0)
	if err != nil {
		return nil, err
	}
	if m.name == "zfill" {
		sign := ""
		if s != "" && (s[0] == '-' || s[0] == '+') {
			sign, s = s[:1], s[1:]
			width--
		}
		padded, err := r.pad("", s, width, "0", padLeft)
		if err != nil {
			return nil, err
		}
		text, _ := asText(padded)
		return sign + text, nil
	}
	fill := " "
	if len(b.given) > 1 {
		if fill, err = b.text(1, fill); err != nil {
			return nil, err
		}
	}
	if utf8.RuneCountInString(fill) != 1 {
		return nil, b.wrong(1, "one character")
	}
	return r.pad(m.self, s, width, fill, map[string]int{"center": padBoth, "ljust": padRight, "rjust": padLeft}[m.name])
}

// joinText is str.join, which takes strings only.
func (r *render) joinText(separator string, values any) (any, error) {
	it, err := r.iterate(values)
	if err != nil {
		return nil, err
	}
	w := &writer{m: &r.meter}
	for n := 0; ; n++ {
		item, ok, err := it.next()
		if err != nil || !ok {
			return w.b.String(), err
		}
		if err := r.defined(item); err != nil {
			return nil, err
		}
		text, ok := asText(item)
		if !ok {
			return nil, faultf("the method join is given %s", describe(item)).wanted("strings").
				remedy("use the filter join, which takes any values: {{ xs|join(', ') }}")
		}
		if n > 0 {
			if err := w.write(separator); err != nil {
				return nil, err
			}
		}
		if err := r.step(1); err != nil {
			return nil, err
		}
		if err := w.write(text); err != nil {
			return nil, err
		}
	}
}

func (r *render) replaceText(s string, a *args) (any, error) {
	b, err := a.bind("replace", []string{"old", "new", "count"}, 2)
	if err != nil {
		return nil, err
	}
	var parts [2]string
	for i := range parts {
		if parts[i], err = b.text(i, ""); err != nil {
			return nil, err
		}
	}
	limit, err := b.integer(2, -1)
	if err != nil {
		return nil, err
	}
	return r.replace(s, parts[0], parts[1], limit)
}
