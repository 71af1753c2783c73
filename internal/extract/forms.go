package extract

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// lastLine is the last line that is not blank, without blanks at its ends.
func lastLine(v any) (any, string) {
	text := strings.TrimSpace(Text(v))
	if text == "" {
		return nil, "no line that is not blank"
	}
	return strings.TrimSpace(text[strings.LastIndexAny(text, "\r\n")+1:]), ""
}

// byRegex gives a group of the first or last match; without group, the first
// group of the pattern, or the whole match when it has none.
func byRegex(pattern string, group any, last bool) (func(any) (any, string), error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, problem.Newf("regex does not compile: %v", err).
			Wanted("a regular expression in RE2 syntax, which has no look-around and no back-references")
	}
	n := min(1, re.NumSubexp())
	switch g := group.(type) {
	case nil:
	case int64:
		n = int(g)
	case string:
		n = re.SubexpIndex(g)
	default:
		n = -1
	}
	if n < 0 || n > re.NumSubexp() {
		return nil, problem.Newf("group is %s", Describe(group)).
			Wanted("a number from 0 (the whole match) to %d or the name of a group", re.NumSubexp())
	}
	return func(v any) (any, string) {
		text := Text(v)
		var match []int
		if !last {
			match = re.FindStringSubmatchIndex(text)
		} else if all := re.FindAllStringSubmatchIndex(text, -1); len(all) > 0 {
			match = all[len(all)-1]
		}
		if match == nil || match[2*n] < 0 {
			return nil, fmt.Sprintf("nothing matches %s", short(pattern))
		}
		return text[match[2*n]:match[2*n+1]], ""
	}, nil
}

// short is a text from a config file, cut for a message.
func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}

// block is one fenced block of a Markdown text.
type block struct {
	lang, content string
	closed        bool
}

// fencedBlocks finds the fenced blocks of CommonMark, section 4.5: three or
// more backticks or tildes, indented by at most three blanks, closed by at
// least as many of the same. A block that the text ends in counts: a model cut
// short still wrote it.
func fencedBlocks(text string) []block {
	var blocks []block
	var current *block
	var fence string
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")
		mark := fenceOf(body)
		switch {
		case current == nil && mark != "":
			info := strings.TrimSpace(strings.TrimLeft(body, " ")[len(mark):])
			if mark[0] == '`' && strings.Contains(info, "`") {
				continue // an inline code span, not a fence
			}
			lang, _, _ := strings.Cut(info, " ")
			blocks = append(blocks, block{lang: lang})
			current, fence = &blocks[len(blocks)-1], mark
		case current == nil:
		case mark != "" && mark[0] == fence[0] && len(mark) >= len(fence) && strings.TrimSpace(body) == mark:
			current.closed, current = true, nil
		default:
			current.content += line
		}
	}
	return blocks
}

// fenceOf is the run of backticks or tildes that a line opens with, or "".
func fenceOf(line string) string {
	body := strings.TrimLeft(line, " ")
	if len(line)-len(body) > 3 || body == "" || body[0] != '`' && body[0] != '~' {
		return ""
	}
	n := len(body) - len(strings.TrimLeft(body, body[:1]))
	if n < 3 {
		return ""
	}
	return body[:n]
}

func fencedBlock(lang string) func(any) (any, string) {
	return func(v any) (any, string) {
		for _, b := range fencedBlocks(Text(v)) {
			if lang == "" || strings.EqualFold(b.lang, lang) {
				return strings.TrimRight(b.content, "\r\n"), ""
			}
		}
		return nil, noBlock(lang)
	}
}

func lastFencedBlock(lang string) func(any) (any, string) {
	return func(v any) (any, string) {
		blocks := fencedBlocks(Text(v))
		for i := len(blocks) - 1; i >= 0; i-- {
			if b := blocks[i]; lang == "" || strings.EqualFold(b.lang, lang) {
				return strings.TrimRight(b.content, "\r\n"), ""
			}
		}
		return nil, noBlock(lang)
	}
}

func noBlock(lang string) string {
	if lang == "" {
		return "no fenced block"
	}
	return "no fenced block of " + lang
}
