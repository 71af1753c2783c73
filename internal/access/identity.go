package access

import (
	"slices"
	"strings"
)

// Scope is what a key allows.
type Scope string

// The scopes. Admin allows everything.
const (
	Ingest Scope = "ingest" // send spans, log records
	Read   Scope = "read"
	Write  Scope = "write" // scores
	Admin  Scope = "admin" // erase, and all of the above
)

// Scopes are all scopes.
func Scopes() []Scope { return []Scope{Ingest, Read, Write, Admin} }

// Identity is who sent a request. The zero Identity is anybody, where no keys
// are used.
type Identity struct {
	KeyID   string
	Project string
	Scopes  []Scope
}

// May reports whether the key allows what the scope says.
func (i Identity) May(s Scope) bool {
	return slices.Contains(i.Scopes, s) || slices.Contains(i.Scopes, Admin)
}

// DefaultProject is the project of what names none.
const DefaultProject = "default"

// ProjectName turns any text into the name of a project: lower-case letters,
// digits, and single - _ and . between them, at most 64. Other characters
// become -, and nothing becomes the default project. SDKs let a user write any
// text as the name, and a name must be safe as the name of a folder.
func ProjectName(text string) string {
	var b strings.Builder
	gap := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			if gap != 0 && b.Len() > 0 {
				b.WriteByte(gap)
			}
			gap = 0
			b.WriteByte(c)
		case (c == '_' || c == '.') && gap == 0:
			gap = c
		default:
			gap = '-'
		}
		if b.Len() >= 63 {
			break
		}
	}
	if b.Len() == 0 {
		return DefaultProject
	}
	return b.String()
}
