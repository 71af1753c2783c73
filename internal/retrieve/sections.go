package retrieve

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// section is a heading with what stands below it, up to the next heading.
type section struct {
	slug  string // of the heading; "" for what stands before the first one
	path  string // headings above it and its own, joined by " > "
	start int
	end   int
}

// sections finds a Markdown document's sections. Front matter between two lines
// of --- at the top belongs to none.
func sections(doc string) []section {
	body := frontMatter(doc)
	root := goldmark.DefaultParser().Parse(text.NewReader([]byte(doc[body:])))
	list := []section{{start: body, end: len(doc)}}
	var above []string // by level
	slugs := map[string]int{}
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Lines().Len() == 0 {
			continue
		}
		at := strings.LastIndexByte(doc[:body+h.Lines().At(0).Start], '\n') + 1
		title := strings.TrimSpace(string(h.Lines().Value([]byte(doc[body:]))))
		for len(above) < h.Level {
			above = append(above, "")
		}
		above = append(above[:h.Level-1], title)
		list[len(list)-1].end = at
		list = append(list, section{slug: unique(slugs, slug(title)), path: joinTitles(above), start: at, end: len(doc)})
	}
	return list
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
	end := strings.Index(doc[4:], "\n---\n")
	if end < 0 {
		return 0
	}
	return 4 + end + len("\n---\n")
}

// slug is a heading's anchor as GitHub makes it: lower case, blanks as hyphens,
// other signs dropped.
func slug(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

// unique numbers a slug that came before, as GitHub does: refunds, refunds-1.
func unique(seen map[string]int, s string) string {
	n := seen[s]
	seen[s] = n + 1
	if n == 0 {
		return s
	}
	return unique(seen, s+"-"+strconv.Itoa(n))
}
