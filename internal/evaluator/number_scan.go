package evaluator

import (
	"strings"
	"unicode"
)

// at is the rune at i, or 0 outside the text.
func at(r []rune, i int) rune {
	if i < 0 || i >= len(r) {
		return 0
	}
	return r[i]
}

func digit(r []rune, i int) bool { c := at(r, i); return c >= '0' && c <= '9' }

// digits copies a run of digits and returns its end.
func digits(r []rune, i int, b *strings.Builder) int {
	for ; digit(r, i); i++ {
		b.WriteRune(r[i])
	}
	return i
}

// tail reads what belongs to a number after its digits: a percent sign or a
// unit, with at most one blank before it.
func tail(r []rune, i int) (end int, percent bool, unit string) {
	start := i
	if c := at(r, i); c == ' ' || c == '\u00a0' || c == '\u202f' {
		start++
	}
	if at(r, start) == '%' {
		return start + 1, true, "%"
	}
	end = start
	for c := at(r, end); unicode.IsLetter(c) || c == '°' || unicode.Is(unicode.Sc, c); c = at(r, end) {
		end++
	}
	if end == start {
		return i, false, ""
	}
	unit = string(r[start:end])
	if start == i {
		return end, false, unit // written together, as in 12kg: part of the number
	}
	return i, false, unit // a word of its own: only looked at
}

// partOfWord reports whether the digits at i belong to a word such as GPT-4,
// v2, A4 or x_1.
func partOfWord(r []rune, i int) bool {
	before := at(r, i-1)
	if before == '-' || before == '_' || before == '‑' {
		before = at(r, i-2)
		return unicode.IsLetter(before)
	}
	return unicode.IsLetter(before) && !currencyCode(r, i)
}

// currencyCode reports whether three capital letters that are a word of their
// own stand directly before i, as in EUR12.
func currencyCode(r []rune, i int) bool {
	for k := 1; k <= 3; k++ {
		if c := at(r, i-k); c < 'A' || c > 'Z' {
			return false
		}
	}
	before := at(r, i-4)
	return !unicode.IsLetter(before) && !unicode.IsDigit(before)
}

// negative reports whether a minus stands before the number, directly or
// before its currency sign or code. A hyphen after a letter or digit, as in a
// range 10-20, is no minus.
func negative(r []rune, i int) bool {
	k := i - 1
	if sign := currencyBefore(r, i); sign != "" {
		k = i - 1 - len([]rune(sign))
	}
	before := at(r, k-1)
	return minus(at(r, k)) && !unicode.IsLetter(before) && !unicode.IsDigit(before) && before != ')'
}

// currencyBefore is the currency sign or code written directly before a number.
func currencyBefore(r []rune, i int) string {
	if currencyCode(r, i) {
		return string(r[i-3 : i])
	}
	if c := at(r, i-1); unicode.Is(unicode.Sc, c) {
		return string(c)
	}
	return ""
}

func minus(c rune) bool { return c == '-' || c == '−' }
