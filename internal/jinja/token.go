package jinja

import "fmt"

// kind says what a token is.
type kind int

const (
	tokenData kind = iota
	tokenVarBegin
	tokenVarEnd
	tokenBlockBegin
	tokenBlockEnd
	tokenName
	tokenString
	tokenInt
	tokenFloat
	tokenOp
	tokenEOF
)

// token is a piece of a template. text is the name, the operator, the decoded
// string or the template text; start and end are byte offsets in the
// normalised source.
type token struct {
	kind       kind
	text       string
	int        int64
	float      float64
	at         pos
	start, end int
}

// is reports whether the token is the operator text.
func (t token) is(op string) bool { return t.kind == tokenOp && t.text == op }

// isName reports whether the token is the word name.
func (t token) isName(name string) bool { return t.kind == tokenName && t.text == name }

// describe names the token in an error.
func (t token) describe() string {
	switch t.kind {
	case tokenData:
		return "text"
	case tokenVarBegin:
		return "{{"
	case tokenVarEnd:
		return "}}"
	case tokenBlockBegin:
		return "{%"
	case tokenBlockEnd:
		return "%}"
	case tokenString:
		return "a string"
	case tokenInt:
		return fmt.Sprintf("the number %d", t.int)
	case tokenFloat:
		return "a number"
	case tokenEOF:
		return "the end of the template"
	default:
		return fmt.Sprintf("%q", t.text)
	}
}
