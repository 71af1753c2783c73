package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTokens bounds what a parsed template takes in memory.
const maxTokens = 200_000

// lexer cuts a template into tokens by the rules of Jinja2's lexer with its
// default settings, except that a trailing newline is kept.
type lexer struct {
	file   string
	src    string
	at     int      // offset of the next byte
	open   []string // closing brackets still owed in the current tag
	depth  int      // how many there may be
	tokens []token

	// marked is the offset whose line and column are known; places are asked
	// for in rising order, so that finding all of them reads the source once.
	marked int
	mark   pos
	first  pos // of offset 0
}

// lex returns the tokens of src, of which the last is tokenEOF.
func lex(file, src string, firstLine, depth int) ([]token, error) {
	l := newLexer(file, src, firstLine, depth)
	for l.at < len(l.src) {
		if err := l.root(); err != nil {
			return nil, err
		}
	}
	l.add(token{kind: tokenEOF, start: l.at, end: l.at})
	return l.tokens, nil
}

// lexExpr returns the tokens of src taken as the inside of {{ }}.
func lexExpr(file, src string, firstLine, depth int) ([]token, error) {
	l := newLexer(file, src, firstLine, depth)
	if err := l.tag("", 0); err != nil {
		return nil, err
	}
	l.add(token{kind: tokenEOF, start: l.at, end: l.at})
	return l.tokens, nil
}

func newLexer(file, src string, firstLine, depth int) *lexer {
	src = normaliseNewlines(src)
	first := pos{line: max(firstLine, 1), col: 1}
	return &lexer{file: file, src: src, depth: depth, mark: first, first: first}
}

func normaliseNewlines(s string) string {
	if !strings.Contains(s, "\r") {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// place is the line and column of an offset that is not before the last one
// asked for.
func (l *lexer) place(offset int) pos {
	for l.marked < offset {
		r, size := utf8.DecodeRuneInString(l.src[l.marked:])
		l.marked += size
		if r == '\n' {
			l.mark.line++
			l.mark.col = 1
		} else {
			l.mark.col++
		}
	}
	return l.mark
}

func (l *lexer) add(t token) {
	t.at = l.place(t.start)
	l.tokens = append(l.tokens, t)
}

func (l *lexer) fail(offset int, f *fault) error {
	if offset < l.marked { // an error reads the source again, once
		l.marked, l.mark = 0, l.first
	}
	return placed(f, l.file, l.place(offset))
}

// room fails when there are as many tokens as there may be.
func (l *lexer) room() error {
	if len(l.tokens) < maxTokens {
		return nil
	}
	return l.fail(l.at, faultf("the template has more than %d words and signs", maxTokens).
		remedy("pass large data as a variable"))
}

// root reads text up to the next tag, then the tag.
func (l *lexer) root() error {
	if err := l.room(); err != nil {
		return err
	}
	rest := l.src[l.at:]
	i := 0
	for {
		next := strings.IndexByte(rest[i:], '{')
		if next < 0 || i+next+1 >= len(rest) {
			l.text(rest, false)
			l.at = len(l.src)
			return nil
		}
		i += next
		if c := rest[i+1]; c == '{' || c == '%' || c == '#' {
			break
		}
		i++
	}
	begin := l.at + i
	body := begin + 2
	sign := signAt(l.src, body)
	l.text(rest[:i], sign == "-")
	body += len(sign)
	switch l.src[begin+1] {
	case '#':
		return l.comment(begin, body)
	case '{':
		l.add(token{kind: tokenVarBegin, start: begin, end: body})
		l.at = body
		return l.tag("}}", begin)
	}
	if content, ok := rawBegin(l.src, body); ok {
		return l.raw(begin, content)
	}
	l.add(token{kind: tokenBlockBegin, start: begin, end: body})
	l.at = body
	return l.tag("%}", begin)
}

// text adds template text, with the blanks at its end dropped when the tag that
// follows asks for it.
func (l *lexer) text(s string, strip bool) {
	if strip {
		s = strings.TrimRightFunc(s, isSpace)
	}
	if s != "" {
		l.add(token{kind: tokenData, text: s, start: l.at, end: l.at + len(s)})
	}
}

func (l *lexer) comment(begin, body int) error {
	end := strings.Index(l.src[body:], "#}")
	if end < 0 {
		return l.fail(begin, faultf("a comment that starts with {# has no end").remedy("close it with #}"))
	}
	end += body
	l.at = end + 2
	if end > body && l.src[end-1] == '-' {
		l.skipSpace()
	}
	return nil
}

// rawBegin reports whether the tag whose inside starts at offset is {% raw %},
// and where the raw text starts.
func rawBegin(src string, offset int) (int, bool) {
	i := skipSpaces(src, offset)
	if !strings.HasPrefix(src[i:], "raw") {
		return 0, false
	}
	i = skipSpaces(src, i+3)
	switch {
	case strings.HasPrefix(src[i:], "-%}"):
		return skipSpaces(src, i+3), true
	case strings.HasPrefix(src[i:], "%}"):
		return i + 2, true
	}
	return 0, false
}

// raw reads to the {% endraw %} of a raw block.
func (l *lexer) raw(begin, content int) error {
	for i := content; ; i += 2 {
		next := strings.Index(l.src[i:], "{%")
		if next < 0 {
			return l.fail(begin, faultf("{%% raw %%} has no end").remedy("close it with {%% endraw %%}"))
		}
		i += next
		sign := signAt(l.src, i+2)
		j := skipSpaces(l.src, i+2+len(sign))
		if !strings.HasPrefix(l.src[j:], "endraw") {
			continue
		}
		j = skipSpaces(l.src, j+len("endraw"))
		closing := signAt(l.src, j)
		if !strings.HasPrefix(l.src[j+len(closing):], "%}") {
			continue
		}
		l.at = content
		l.text(l.src[content:i], sign == "-")
		l.at = j + len(closing) + 2
		if closing == "-" {
			l.skipSpace()
		}
		return nil
	}
}

// tag reads the tokens of the tag that started at begin up to its end, "}}" or
// "%}", or up to the end of the source when end is empty.
func (l *lexer) tag(end string, begin int) error {
	l.open = l.open[:0]
	for {
		if err := l.room(); err != nil {
			return err
		}
		l.skipSpace()
		if l.at >= len(l.src) {
			if end == "" {
				return nil
			}
			return l.fail(begin, faultf("a tag has no end").wanted("%s", end).remedy("close the tag with %s", end))
		}
		if end != "" && len(l.open) == 0 && l.tagEnd(end) {
			return nil
		}
		if err := l.inner(); err != nil {
			return err
		}
	}
}

// tagEnd reads the end of a tag if the source stands at one.
func (l *lexer) tagEnd(end string) bool {
	sign := signAt(l.src, l.at)
	if sign == "+" && end == "}}" || !strings.HasPrefix(l.src[l.at+len(sign):], end) {
		return false
	}
	k := tokenVarEnd
	if end == "%}" {
		k = tokenBlockEnd
	}
	stop := l.at + len(sign) + len(end)
	l.add(token{kind: k, start: l.at, end: stop})
	l.at = stop
	if sign == "-" {
		l.skipSpace()
	}
	return true
}

// inner reads one token of an expression.
func (l *lexer) inner() error {
	r, _ := utf8.DecodeRuneInString(l.src[l.at:])
	switch {
	case r >= '0' && r <= '9':
		return l.number()
	case r == '_' || unicode.IsLetter(r):
		stop := l.at
		for i, r := range l.src[l.at:] {
			if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) {
				break
			}
			stop = l.at + i + utf8.RuneLen(r)
		}
		l.add(token{kind: tokenName, text: l.src[l.at:stop], start: l.at, end: stop})
		l.at = stop
		return nil
	case r == '\'' || r == '"':
		return l.stringLiteral(byte(r))
	}
	return l.operator()
}

var operators = [...]string{
	"//", "**", "==", "!=", ">=", "<=",
	"+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
}

var closers = map[string]string{"(": ")", "[": "]", "{": "}"}

func (l *lexer) operator() error {
	for _, op := range operators {
		if !strings.HasPrefix(l.src[l.at:], op) {
			continue
		}
		if closer, ok := closers[op]; ok {
			l.open = append(l.open, closer)
			if len(l.open) > l.depth {
				return l.fail(l.at, tooNested(l.depth))
			}
		} else if op == ")" || op == "]" || op == "}" {
			if err := l.closeBracket(op); err != nil {
				return err
			}
		}
		l.add(token{kind: tokenOp, text: op, start: l.at, end: l.at + len(op)})
		l.at += len(op)
		return nil
	}
	r, _ := utf8.DecodeRuneInString(l.src[l.at:])
	f := faultf("unexpected character %q in an expression", r)
	switch r {
	case '!':
		f = f.remedy("write `not x` for `!x`")
	case '&':
		f = f.remedy("write `and` for `&&`")
	case '?':
		f = f.remedy("write `a if condition else b`, or `x|default('...')` for `x ?? '...'`")
	case '`', '\u2018', '\u2019', '\u201c', '\u201d':
		f = f.remedy("quote strings with ' or \"")
	}
	return l.fail(l.at, f)
}

func (l *lexer) closeBracket(op string) error {
	n := len(l.open)
	if n == 0 {
		return l.fail(l.at, faultf("unexpected %q: no bracket is open", op))
	}
	if l.open[n-1] != op {
		return l.fail(l.at, faultf("unexpected %q", op).wanted("%s", l.open[n-1]))
	}
	l.open = l.open[:n-1]
	return nil
}

func (l *lexer) skipSpace() { l.at = skipSpaces(l.src, l.at) }

// signAt is the whitespace control sign at offset, or "".
func signAt(src string, offset int) string {
	if offset < len(src) && (src[offset] == '-' || src[offset] == '+') {
		return src[offset : offset+1]
	}
	return ""
}

// skipSpaces is the offset of the first character at or after offset that is
// no blank.
func skipSpaces(src string, offset int) int {
	for i, r := range src[offset:] {
		if !isSpace(r) {
			return offset + i
		}
	}
	return len(src)
}
