package extractive

import "strings"

// takeBlocks takes what is tagged or fenced as passages and returns the rest,
// with a blank line in their place.
func (p *prompt) takeBlocks(text string) string {
	return p.takeFenced(p.takeTagged(text, false))
}

// takeTagged takes <document …> … </document>, whatever the name, but for names
// that speak of a question, of instructions or of a title, and for the tags that
// mark words in HTML. The first tag begins a line, or follows a closing one. A
// pair of tags may hold others: <documents><document>…</document></documents>;
// what stands beside them in it is a passage too.
func (p *prompt) takeTagged(text string, within bool) string {
	var rest strings.Builder
	for {
		before, name, inner, after, ok := cutTag(text)
		if !ok {
			rest.WriteString(text)
			return rest.String()
		}
		rest.WriteString(before)
		rest.WriteString("\n\n")
		switch name = strings.ToLower(name); {
		case strings.Contains(name, "question"), strings.Contains(name, "query"):
			p.question = strings.TrimSpace(inner)
		case strings.Contains(name, "instruction"), strings.Contains(name, "rules"):
			p.instructions(inner)
		case within && (name == "title" || name == "heading"):
			rest.WriteString("# " + strings.Join(strings.Fields(inner), " ") + "\n")
		case within && (name == "content" || name == "text" || name == "body"):
			rest.WriteString(p.takeTagged(inner, true)) // that of the pair around it
		default:
			p.passage(p.takeTagged(inner, true))
		}
		text = after
	}
}

// passage adds a text that is not blank.
func (p *prompt) passage(text string) {
	if text = strings.TrimSpace(text); text != "" {
		p.passages = append(p.passages, text)
	}
}

// cutTag finds the first tag that is closed again and what stands between.
func cutTag(text string) (before, name, inner, after string, ok bool) {
	for from := 0; ; {
		open := strings.IndexByte(text[from:], '<')
		if open < 0 {
			return "", "", "", "", false
		}
		open += from
		from = open + 1
		name = tagName(text[from:])
		if name == "" || inline[strings.ToLower(name)] || !beginsLine(text[:open]) {
			continue
		}
		attributes := text[from+len(name):]
		end := strings.IndexAny(attributes, "<>")
		if end < 0 || attributes[end] != '>' || end > 0 && !strings.ContainsAny(attributes[:1], " \t\n") {
			continue
		}
		body := from + len(name) + end + 1
		if stop := closing(text[body:], name); stop >= 0 {
			return text[:open], name, text[body : body+stop], text[body+stop+len("</>")+len(name):], true
		}
	}
}

// inline are the tags of HTML that stand within a sentence.
var inline = map[string]bool{
	"a": true, "abbr": true, "b": true, "br": true, "cite": true, "code": true, "del": true, "em": true, "i": true, "img": true, "ins": true,
	"kbd": true, "mark": true, "q": true, "s": true, "samp": true, "small": true, "span": true, "strong": true, "sub": true, "sup": true,
	"u": true, "var": true,
}

// beginsLine reports whether only blanks stand between a line's start, or a
// tag's end, and what follows the text.
func beginsLine(text string) bool {
	text = strings.TrimRight(text, " \t")
	return text == "" || text[len(text)-1] == '\n' || text[len(text)-1] == '>'
}

// tagName is the name that a text begins with, "" for none.
func tagName(text string) string {
	for i := 0; i < len(text); i++ {
		letter := 'a' <= text[i]|0x20 && text[i]|0x20 <= 'z'
		if !letter && (i == 0 || !digit(text[i]) && !strings.ContainsRune("_.-", rune(text[i]))) {
			return text[:i]
		}
	}
	return text
}

// closing is where the tag of a name is closed, tags of the same name inside
// left aside; -1 for nowhere.
func closing(text, name string) int {
	depth := 0
	for at := 0; ; {
		next := strings.IndexByte(text[at:], '<')
		if next < 0 {
			return -1
		}
		at += next
		rest := text[at+1:]
		switch {
		case strings.HasPrefix(rest, "/") && strings.HasPrefix(rest[1:], name+">"):
			if depth == 0 {
				return at
			}
			depth--
		case tagName(rest) == name:
			depth++
		}
		at++
	}
}

const fence = "```"

// takeFenced takes what stands between two lines of three backticks.
func (p *prompt) takeFenced(text string) string {
	var rest strings.Builder
	for {
		before, opened, ok := strings.Cut(text, fence)
		_, body, line := strings.Cut(opened, "\n") // the rest of the line names a language
		inner, after, closed := strings.Cut(body, fence)
		if !ok || !line || !closed {
			rest.WriteString(text)
			return rest.String()
		}
		rest.WriteString(before + "\n\n")
		p.passage(inner)
		text = after
	}
}
