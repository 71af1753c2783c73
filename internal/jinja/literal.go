package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// number reads an integer or a float literal.
func (l *lexer) number() error {
	rest := l.src[l.at:]
	afterDot := l.at > 0 && l.src[l.at-1] == '.'
	if n := floatLength(rest); n > 0 && !afterDot {
		f, err := strconv.ParseFloat(strings.ReplaceAll(rest[:n], "_", ""), 64)
		if err != nil && f == 0 {
			return l.fail(l.at, faultf("%q is no number", clip(rest[:n])))
		}
		l.add(token{kind: tokenFloat, float: f, start: l.at, end: l.at + n})
		l.at += n
		return nil
	}
	n, base := integerLength(rest)
	digits := strings.ReplaceAll(rest[:n], "_", "")
	if base != 10 {
		digits = digits[2:]
	}
	i, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		return l.fail(l.at, faultf("the number %s does not fit 64 bits", clip(rest[:n])))
	}
	l.add(token{kind: tokenInt, int: i, start: l.at, end: l.at + n})
	l.at += n
	return nil
}

// digitRun is the length of digits at the start of s, each of which may follow
// one underscore.
func digitRun(s string, digit func(byte) bool) int {
	n := 0
	for n < len(s) {
		switch {
		case digit(s[n]):
			n++
		case s[n] == '_' && n > 0 && n+1 < len(s) && digit(s[n+1]):
			n += 2
		default:
			return n
		}
	}
	return n
}

func isDecimal(c byte) bool { return c >= '0' && c <= '9' }

// floatLength is the length of the float literal at the start of s, or 0.
func floatLength(s string) int {
	n := digitRun(s, isDecimal)
	fraction := false
	if n < len(s) && s[n] == '.' {
		if d := digitRun(s[n+1:], isDecimal); d > 0 {
			n, fraction = n+1+d, true
		}
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		i := n + 1
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if d := digitRun(s[i:], isDecimal); d > 0 {
			return i + d
		}
	}
	if fraction {
		return n
	}
	return 0
}

// integerLength is the length and base of the integer literal at the start of s.
func integerLength(s string) (n, base int) {
	if len(s) > 2 && s[0] == '0' {
		var digit func(byte) bool
		switch s[1] {
		case 'x', 'X':
			base, digit = 16, func(c byte) bool { return isDecimal(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
		case 'o', 'O':
			base, digit = 8, func(c byte) bool { return c >= '0' && c <= '7' }
		case 'b', 'B':
			base, digit = 2, func(c byte) bool { return c == '0' || c == '1' }
		}
		if digit != nil {
			skip := 2
			if s[2] == '_' {
				skip = 3
			}
			if d := digitRun(s[skip:], digit); d > 0 {
				return skip + d, base
			}
		}
	}
	if s[0] == '0' {
		return digitRun(s, func(c byte) bool { return c == '0' }), 10
	}
	return digitRun(s, isDecimal), 10
}

// stringLiteral reads a quoted string and decodes its escapes.
func (l *lexer) stringLiteral(quote byte) error {
	escaped := false
	for i := l.at + 1; i < len(l.src); i++ {
		switch l.src[i] {
		case '\\':
			escaped = true
			i++
		case quote:
			text := l.src[l.at+1 : i]
			if escaped {
				var f *fault
				if text, f = unescape(text); f != nil {
					return l.fail(l.at, f)
				}
			}
			l.add(token{kind: tokenString, text: text, start: l.at, end: i + 1})
			l.at = i + 1
			return nil
		}
	}
	return l.fail(l.at, faultf("a string that starts with %c has no end", quote).remedy("close it with %c", quote))
}

var simpleEscapes = map[byte]string{
	'\n': "", '\\': `\`, '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// unescape decodes the escapes of a Python string literal; an unknown one is
// kept as it is, backslash included.
func unescape(s string) (string, *fault) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		c := s[i]
		if text, ok := simpleEscapes[c]; ok {
			b.WriteString(text)
			continue
		}
		switch {
		case c == 'x' || c == 'u' || c == 'U':
			width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
			if i+width >= len(s) {
				return "", faultf("the escape \\%c is cut off", c).wanted("%d hexadecimal digits", width)
			}
			code, err := strconv.ParseUint(s[i+1:i+1+width], 16, 32)
			if err != nil || !utf8.ValidRune(rune(code)) {
				return "", faultf("the escape \\%c%s is no character", c, s[i+1:i+1+width])
			}
			b.WriteRune(rune(code))
			i += width
		case c >= '0' && c <= '7':
			code, n := 0, 0
			for n < 3 && i+n < len(s) && s[i+n] >= '0' && s[i+n] <= '7' {
				code = code*8 + int(s[i+n]-'0')
				n++
			}
			b.WriteRune(rune(code))
			i += n - 1
		case c == 'N':
			return "", faultf("the escape \\N{...} is not supported").remedy("use \\u and the character's code")
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// clip shortens a piece of template source for an error.
func clip(s string) string {
	const longest = 40
	if len(s) <= longest {
		return s
	}
	return strings.ToValidUTF8(s[:longest], "") + "…"
}
