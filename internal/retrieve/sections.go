package retrieve

import (
	"html"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// section is a heading with what stands below it, up to the next heading.
type section struct {
	name  string // "" for what stands before the first heading, else "#" and the heading's slug
	path  string // headings above it and its own, joined by " > "
	start int
	end   int
	level int
}

// markdown is a Markdown document, taken apart.
type markdown struct {
	sections []section
	fences   []token // where code blocks stand
}

// parseMarkdown finds sections and code blocks. Front matter, between two lines
// of --- at the top, belongs to no section. Headings inside lists and quotes
// make none.
func parseMarkdown(doc string) markdown {
	body := frontMatter(doc)
	source := []byte(doc[body:])
	root := goldmark.DefaultParser().Parse(text.NewReader(source))
	m := markdown{sections: []section{{start: body, end: len(doc)}}}
	var above []string // by level
	slugs := slugger{}
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		m.codeBlocks(n, doc, body)
		h, ok := n.(*ast.Heading)
		if !ok || h.Lines().Len() == 0 {
			continue
		}
		at := body + strings.LastIndexByte(doc[body:body+h.Lines().At(0).Start], '\n') + 1
		var title strings.Builder
		plainText(&title, h, source)
		for len(above) < h.Level {
			above = append(above, "")
		}
		above = append(above[:h.Level-1], strings.TrimSpace(title.String()))
		m.sections[len(m.sections)-1].end = at
		m.sections = append(m.sections, section{
			name: "#" + slugs.of(above[h.Level-1]), path: joinTitles(above), start: at, end: len(doc), level: h.Level,
		})
	}
	m.joinEmpty(doc)
	return m
}

// codeBlocks notes where code stands, with the line that opens its fence.
func (m *markdown) codeBlocks(n ast.Node, doc string, body int) {
	if n.Type() == ast.TypeInline {
		return
	}
	if _, fenced := n.(*ast.FencedCodeBlock); fenced || n.Kind() == ast.KindCodeBlock {
		if lines := n.Lines(); lines.Len() > 0 {
			f := token{body + lines.At(0).Start, body + lines.At(lines.Len()-1).Stop}
			if fenced {
				above := strings.TrimSuffix(doc[:strings.LastIndexByte(doc[:f.start], '\n')+1], "\n")
				f.start = strings.LastIndexByte(above, '\n') + 1
			}
			m.fences = append(m.fences, f)
		}
	}
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		m.codeBlocks(child, doc, body)
	}
}

// joinEmpty gives a heading that has nothing below it to the deeper section that
// follows: a chunk of a heading alone would only push others out.
func (m *markdown) joinEmpty(doc string) {
	kept := m.sections[:0]
	from := -1
	for i, s := range m.sections {
		_, rest, _ := strings.Cut(doc[s.start:s.end], "\n")
		if s.level > 0 && i+1 < len(m.sections) && m.sections[i+1].level > s.level && isRule(rest) {
			if from < 0 {
				from = s.start
			}
			continue
		}
		if from >= 0 {
			s.start, from = from, -1
		}
		kept = append(kept, s)
	}
	m.sections = kept
}

// isRule reports whether a text is blank or the line under a heading.
func isRule(s string) bool { return strings.Trim(s, "=- \t\r\n") == "" }

// plainText is what a reader sees of a heading.
func plainText(b *strings.Builder, parent ast.Node, source []byte) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			seen := string(n.Value(source))
			if parent.Kind() != ast.KindCodeSpan {
				seen = html.UnescapeString(unescape(seen))
			}
			b.WriteString(seen)
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.RawHTML, *ast.Image:
		default:
			plainText(b, n, source)
		}
	}
}

// unescape drops the backslash before a sign.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && s[i+1] < 0x80 && (unicode.IsPunct(rune(s[i+1])) || unicode.IsSymbol(rune(s[i+1]))) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func joinTitles(titles []string) string {
	var named []string
	for _, t := range titles {
		if t != "" {
			named = append(named, t)
		}
	}
	return strings.Join(named, " > ")
}

// frontMatter is the length of a document's front matter.
func frontMatter(doc string) int {
	if !strings.HasPrefix(doc, "---\n") {
		return 0
	}
	for at := len("---\n"); at < len(doc); {
		line, _, ended := strings.Cut(doc[at:], "\n")
		at += len(line)
		if ended {
			at++
		}
		if strings.TrimRight(line, " \t") == "---" {
			return at
		}
	}
	return 0
}

// slugger makes anchors of headings as GitHub does.
type slugger map[string]int

// of is lower case, blanks as hyphens, other signs dropped; one that came before
// gets a number: refunds, refunds-1.
func (seen slugger) of(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), unicode.Is(unicode.Pc, r), r == '-':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	plain := b.String()
	slug := plain
	for _, taken := seen[slug]; taken; _, taken = seen[slug] {
		seen[plain]++
		slug = plain + "-" + strconv.Itoa(seen[plain])
	}
	seen[slug] = 0
	return slug
}
