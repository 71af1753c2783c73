package llmconfig

import (
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/jinja"
	"github.com/assay-llmops/assay/internal/source"
)

// nameless gives a template's text and the texts of all templates that it
// reaches in a form in which their names do not count: where a text names
// another template, #N stands, N being the place of that template in the list,
// from 1. A config whose template files were renamed keeps its version.
func nameless(t *jinja.Template, text, file string) (root string, reached []string) {
	root, reached = renamed(t, text, file, func(i int, _ string) string { return "#" + strconv.Itoa(i+1) })
	return root, reached
}

// renamed gives a template's text and the texts of all templates that it
// reaches, with what name says in the place of each name. name is given the
// place of the template in the list, from 0, and its path.
func renamed(t *jinja.Template, text, file string, name func(i int, path string) string) (root string, reached []string) {
	names := t.Includes()
	rename := func(from, written string) (string, bool) {
		at, err := source.Resolve(from, written)
		i := slices.Index(names, at)
		if err != nil || i < 0 {
			return "", false
		}
		return name(i, at), true
	}
	for i, s := range t.Sources() {
		reached = append(reached, replaceNames(s, names[i], rename))
	}
	return replaceNames(text, file, rename), reached
}

// renaming gives what is to stand in the place of a name, quotes included; ok is
// false where it is to stay.
type renaming func(from, written string) (replacement string, ok bool)

// replaceNames replaces the names of templates in the tags include, import, from
// and extends. A tag with more than one `if` stays as it is: which of its texts
// are names is not plain there. docs/reference/digest.md specifies this.
func replaceNames(text, file string, rename renaming) string {
	var out strings.Builder
	for {
		i := strings.IndexByte(text, '{')
		if i < 0 || i+1 == len(text) {
			return out.String() + text
		}
		out.WriteString(text[:i])
		text = text[i:]
		n := 1
		switch text[1] {
		case '#':
			n = after(text, "#}", 2)
		case '{':
			n, _ = tokens(text, "}}")
		case '%':
			end, found := tokens(text, "%}")
			if keyword(text, found) == "raw" {
				n = endRaw(text, end)
				break
			}
			out.WriteString(replaceInTag(text[:end], found, file, rename))
			text = text[end:]
			continue
		}
		out.WriteString(text[:n])
		text = text[n:]
	}
}

// after is the end of the first mark in text at or after start; the end of the
// text when there is none.
func after(text, mark string, start int) int {
	if i := strings.Index(text[start:], mark); i >= 0 {
		return start + i + len(mark)
	}
	return len(text)
}

// endRaw is the end of the tag endraw that follows start.
func endRaw(text string, start int) int {
	for at := start; ; {
		i := strings.Index(text[at:], "{%")
		if i < 0 {
			return len(text)
		}
		at += i
		inside := strings.TrimLeft(strings.TrimLeft(text[at+2:], "-+"), " \t\r\n")
		if strings.HasPrefix(inside, "endraw") {
			return after(text, "%}", at)
		}
		at += 2
	}
}

// span is a word or a quoted text inside a tag.
type span struct {
	start, end int
	quoted     bool
}

// tokens finds the words and quoted texts of the tag or expression that text
// begins with, and where it ends: at the closing mark that stands outside of
// quotes and brackets.
func tokens(text, closing string) (end int, found []span) {
	depth := 0
	for i := 2; i < len(text); {
		c := text[i]
		switch {
		case depth == 0 && strings.HasPrefix(text[i:], closing):
			return i + 2, found
		case c == '"' || c == '\'':
			n := quotedEnd(text, i)
			found = append(found, span{i, n, true})
			i = n
			continue
		case isLetter(c):
			n := i
			for n < len(text) && (isLetter(text[n]) || text[n] >= '0' && text[n] <= '9') {
				n++
			}
			found = append(found, span{i, n, false})
			i = n
			continue
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth = max(0, depth-1)
		}
		i++
	}
	return len(text), found
}

func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// quotedEnd is the end of the quoted text that begins at start.
func quotedEnd(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[start]:
			return i + 1
		}
	}
	return len(text)
}

func keyword(tag string, found []span) string {
	if len(found) == 0 || found[0].quoted {
		return ""
	}
	return tag[found[0].start:found[0].end]
}

// replaceInTag replaces the names in one tag.
func replaceInTag(tag string, found []span, file string, rename renaming) string {
	switch keyword(tag, found) {
	case "include", "import", "from", "extends":
	default:
		return tag
	}
	ifs := 0
	for _, s := range found {
		if !s.quoted && tag[s.start:s.end] == "if" {
			ifs++
		}
	}
	if ifs > 1 {
		return tag
	}
	var out strings.Builder
	last, condition := 0, false
	for _, s := range found {
		word := tag[s.start:s.end]
		switch {
		case !s.quoted:
			condition = word == "if" || condition && word != "else"
		case !condition && !strings.Contains(word, `\`):
			if name, ok := rename(file, strings.Trim(word, word[:1])); ok {
				out.WriteString(tag[last:s.start] + name)
				last = s.end
			}
		}
	}
	return out.String() + tag[last:]
}
