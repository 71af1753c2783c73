package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// textFilter is a filter without arguments from text to text. It turns other
// values into text first, as Jinja2 does.
func textFilter(change func(s string) string) filter {
	return filter{apply: func(r *render, v any, _ *bound) (any, error) {
		s, err := r.str(v)
		if err != nil {
			return nil, err
		}
		if err := r.grow(len(s)); err != nil {
			return nil, err
		}
		return like(v, change(s)), nil
	}}
}

func textFilters() map[string]filter {
	return map[string]filter{
		"upper":      textFilter(upper),
		"lower":      textFilter(lower),
		"capitalize": textFilter(capitalize),
		"title":      textFilter(titleWords),
		"string": {apply: func(r *render, v any, _ *bound) (any, error) {
			if _, ok := asText(v); ok {
				return v, nil
			}
			return r.str(v)
		}},
		"trim":      {params: []string{"chars"}, apply: trim},
		"center":    {params: []string{"width"}, apply: center},
		"replace":   {params: []string{"old", "new", "count"}, required: 2, apply: replace},
		"truncate":  {params: []string{"length", "killwords", "end", "leeway"}, apply: truncate},
		"indent":    {params: []string{"width", "first", "blank"}, apply: indent},
		"wordcount": {apply: wordcount},
		"wordwrap": {params: []string{"width", "break_long_words", "wrapstring", "break_on_hyphens"},
			apply: wordwrap},
		"format": {open: format},
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// upper is Python's str.upper: full case mapping, so that ß becomes SS.
func upper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

// lower is Python's str.lower: full case mapping, a final sigma included.
func lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

func capitalize(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return cases.Title(language.Und, cases.NoLower).String(s[:size]) + lower(s[size:])
}

// titleWords is the filter title: a word starts after a blank, a hyphen or an
// opening bracket.
func titleWords(s string) string {
	var b strings.Builder
	for s != "" {
		n := strings.IndexFunc(s, isWordBreak)
		if n < 0 {
			n = len(s)
		}
		if n > 0 {
			_, size := utf8.DecodeRuneInString(s)
			b.WriteString(upper(s[:size]))
			b.WriteString(lower(s[size:n]))
			s = s[n:]
		}
		n = strings.IndexFunc(s, func(r rune) bool { return !isWordBreak(r) })
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}

func isWordBreak(r rune) bool {
	return isSpace(r) || strings.ContainsRune("-({[<", r)
}

func trim(r *render, v any, b *bound) (any, error) {
	s, err := r.str(v)
	if err != nil {
		return nil, err
	}
	return r.strip(v, s, b, true, true)
}

// strip drops the characters of argument 0, or blanks, from the ends of s.
func (r *render) strip(v any, s string, b *bound, left, right bool) (any, error) {
	drop, set := isSpace, ""
	if chars, ok := b.present(0); ok {
		if set, ok = asText(chars); !ok {
			return nil, b.wrong(0, "a string")
		}
		drop = func(c rune) bool { return strings.ContainsRune(set, c) }
	}
	before := len(s)
	if left {
		s = strings.TrimLeftFunc(s, drop)
	}
	if right {
		s = strings.TrimRightFunc(s, drop)
	}
	// What is dropped is what took time.
	if err := r.scan((before - len(s)) * (1 + len(set)/16)); err != nil {
		return nil, err
	}
	return like(v, s), nil
}

func center(r *render, v any, b *bound) (any, error) {
	s, err := r.str(v)
	if err != nil {
		return nil, err
	}
	width, err := b.integer(0, 80)
	if err != nil {
		return nil, err
	}
	return r.pad(v, s, width, " ", padBoth)
}

const (
	padLeft = iota
	padRight
	padBoth
)

// pad widens s to width characters.
func (r *render) pad(v any, s string, width int64, fill string, where int) (any, error) {
	n := int64(utf8.RuneCountInString(s))
	if err := r.growTimes(max(width, n), int64(len(fill))); err != nil {
		return nil, err
	}
	if err := r.grow(len(s)); err != nil {
		return nil, err
	}
	if width <= n {
		return like(v, s), nil
	}
	missing := width - n
	left := missing
	switch where {
	case padRight:
		left = 0
	case padBoth:
		left = missing/2 + missing&width&1
	}
	return like(v, strings.Repeat(fill, int(left))+s+strings.Repeat(fill, int(missing-left))), nil
}

func replace(r *render, v any, b *bound) (any, error) {
	s, err := r.str(v)
	if err != nil {
		return nil, err
	}
	if v, ok := b.present(2); ok {
		if _, ok := asInt(v); !ok {
			return nil, b.wrong(2, "an integer")
		}
	}
	var parts [2]string
	for i := range parts {
		if parts[i], err = r.str(b.values[i]); err != nil {
			return nil, err
		}
	}
	limit := int64(-1)
	if v, ok := b.present(2); ok {
		limit, _ = asInt(v)
	}
	return r.replace(s, parts[0], parts[1], limit)
}

// replace is Python's str.replace, its result charged before it is built.
func (m *meter) replace(s, old, new string, limit int64) (string, error) {
	if err := m.read(len(s)); err != nil {
		return "", err
	}
	count := int64(strings.Count(s, old))
	if limit >= 0 {
		count = min(count, limit)
	}
	if err := m.growTimes(count, int64(len(new))); err != nil {
		return "", err
	}
	if err := m.grow(len(s)); err != nil {
		return "", err
	}
	return strings.Replace(s, old, new, int(count)), nil
}

func truncate(r *render, v any, b *bound) (any, error) {
	s, ok := asText(v)
	if !ok {
		return nil, faultf("the filter truncate is given %s", describe(v)).wanted("a string").remedy("add |string before it")
	}
	length, err := b.integer(0, 255)
	if err != nil {
		return nil, err
	}
	kill, err := b.truth(&r.meter, 1, false)
	if err != nil {
		return nil, err
	}
	end, err := b.text(2, "...")
	if err != nil {
		return nil, err
	}
	leeway := int64(5)
	if _, ok := b.present(3); ok {
		if leeway, err = b.integer(3, 0); err != nil {
			return nil, err
		}
	}
	endLength := int64(utf8.RuneCountInString(end))
	if length < endLength {
		return nil, faultf("the filter truncate is given the length %d", length).
			wanted("at least %d, the length of the end it adds", endLength)
	}
	if leeway < 0 {
		return nil, faultf("the filter truncate is given the leeway %d", leeway).wanted("at least 0")
	}
	n, err := r.length(s)
	if err != nil || n <= length || n-length <= leeway {
		return v, err
	}
	s = s[:runeOffset(s, n, length-endLength)]
	if !kill {
		if i := strings.LastIndexByte(s, ' '); i >= 0 {
			s = s[:i]
		}
	}
	if err := r.grow(len(s) + len(end)); err != nil {
		return nil, err
	}
	return like(v, s+end), nil
}

func indent(r *render, v any, b *bound) (any, error) {
	s, ok := asText(v)
	if !ok {
		return nil, faultf("the filter indent is given %s", describe(v)).wanted("a string").remedy("add |string before it")
	}
	indention, err := r.indention(b)
	if err != nil {
		return nil, err
	}
	first, err := b.truth(&r.meter, 1, false)
	if err != nil {
		return nil, err
	}
	blanks, err := b.truth(&r.meter, 2, false)
	if err != nil {
		return nil, err
	}
	if err := r.growTimes(int64(strings.Count(s, "\n")+1), bytesPerItem); err != nil {
		return nil, err
	}
	w := &writer{m: &r.meter}
	for i, line := range splitLines(s+"\n", false) {
		if i > 0 {
			if err := w.write("\n"); err != nil {
				return nil, err
			}
		}
		if i == 0 && first || i > 0 && (blanks || line != "") {
			if err := w.write(indention); err != nil {
				return nil, err
			}
		}
		if err := w.write(line); err != nil {
			return nil, err
		}
	}
	return like(v, w.b.String()), nil
}

// indention is what indent puts before a line: a string, or a number of blanks.
func (r *render) indention(b *bound) (string, error) {
	if s, ok := asText(b.values[0]); ok {
		return s, nil
	}
	width, err := b.integer(0, 4)
	if err != nil {
		return "", b.wrong(0, "an integer or a string")
	}
	width = max(width, 0)
	if err := r.growTimes(width, 1); err != nil {
		return "", err
	}
	return strings.Repeat(" ", int(width)), nil
}

// splitLines is Python's str.splitlines.
func splitLines(s string, keepEnds bool) []string {
	var lines []string
	for s != "" {
		i := strings.IndexFunc(s, isLineBreak)
		if i < 0 {
			return append(lines, s)
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		if strings.HasPrefix(s[i:], "\r\n") {
			size = 2
		}
		end := i
		if keepEnds {
			end += size
		}
		lines = append(lines, s[:end])
		s = s[i+size:]
	}
	return lines
}

func isLineBreak(r rune) bool {
	switch r {
	case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

// isWordRune is what \w matches in Python.
func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r)
}

func wordcount(r *render, v any, _ *bound) (any, error) {
	s, err := r.str(v)
	if err != nil {
		return nil, err
	}
	if err := r.scan(len(s)); err != nil {
		return nil, err
	}
	count, inWord := int64(0), false
	for _, c := range s {
		word := isWordRune(c)
		if word && !inWord {
			count++
		}
		inWord = word
	}
	return count, nil
}

func format(r *render, v any, a *args) (any, error) {
	s, err := r.str(v)
	if err != nil {
		return nil, err
	}
	var values any = &tuple{items: a.positional}
	if len(a.named) > 0 {
		if len(a.positional) > 0 {
			return nil, faultf("the filter format is given values with and without names").wanted("one or the other")
		}
		d := newDict(len(a.named))
		for i, name := range a.names {
			d.put(name, name, a.named[i])
		}
		values = d
	}
	text, err := r.percent(s, values)
	return like(v, text), err
}
