package extractive

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/llm"
)

// prompt is what the engine understood of the messages.
type prompt struct {
	asked    bool
	question string
	passages []string
	most     int    // sentences of an answer
	decline  string // what to say when the passages do not answer; "" for never
}

var (
	tagged   = regexp.MustCompile(`(?s)<([A-Za-z][\w.-]*)(?:\s[^<>]*)?>\n?(.*?)</([A-Za-z][\w.-]*)>`)
	fenced   = regexp.MustCompile("(?s)```[^\n]*\n(.*?)\n?```")
	marker   = regexp.MustCompile(`(?im)^[ \t*_#>]*(?:question|query|q|user question|customer question)[ \t*_]*:[ \t*_]*`)
	blank    = regexp.MustCompile(`\n[ \t]*\n`)
	exactly  = regexp.MustCompile(`(?i)\b(?:reply|answer|respond|say|write|output)\b[^.\n:"“]{0,60}(?::[ \t]*|["“'])([^"”\n]{3,120})`)
	bounds   = regexp.MustCompile(`(?i)\b(?:in|at most|up to|no more than|maximum of|within)\s+(one|two|three|four|five|a single|[1-9])(?:\s*(?:to|or|-|–)\s*(one|two|three|four|five|[1-9]))?\s+(?:short\s+|complete\s+|full\s+)?sentences?`)
	numerals = map[string]int{"one": 1, "a single": 1, "two": 2, "three": 3, "four": 4, "five": 5}
)

// read takes the messages apart.
func read(messages []llm.Message) *prompt {
	p := &prompt{most: 1}
	last := -1
	for i, m := range messages {
		if m.Role == "user" {
			last = i
		}
	}
	if last < 0 {
		return p
	}
	p.asked = true
	for i, m := range messages {
		switch {
		case m.Role == "system" || m.Role == "developer":
			p.instructions(p.takeBlocks(m.Content))
		case i == last:
			rest := p.takeBlocks(m.Content)
			before, question := splitQuestion(rest)
			p.question = question
			p.paragraphs(before)
		case m.Role == "user":
			p.paragraphs(p.takeBlocks(m.Content))
		}
	}
	return p
}

// takeBlocks takes what is tagged or fenced as passages and returns the rest.
func (p *prompt) takeBlocks(text string) string {
	for _, block := range []*regexp.Regexp{tagged, fenced} {
		text = block.ReplaceAllStringFunc(text, func(found string) string {
			parts := block.FindStringSubmatch(found)
			if block == tagged && !strings.EqualFold(parts[1], parts[3]) {
				return found
			}
			inner := parts[1]
			if block == tagged {
				inner = parts[2]
			}
			// A pair of tags may hold others: <documents><document>…</document></documents>.
			if rest := strings.TrimSpace(p.nested(inner)); rest != "" {
				p.passages = append(p.passages, rest)
			}
			return "\n\n"
		})
	}
	return text
}

func (p *prompt) nested(text string) string {
	if !tagged.MatchString(text) {
		return text
	}
	return p.takeBlocks(text)
}

// splitQuestion finds the question at the end of a user message.
func splitQuestion(text string) (before, question string) {
	text = strings.TrimSpace(text)
	if found := marker.FindAllStringIndex(text, -1); found != nil {
		at := found[len(found)-1]
		question, _, _ = strings.Cut(text[at[1]:], "\n\n")
		return text[:at[0]], strings.TrimSpace(question)
	}
	if found := blank.FindAllStringIndex(text, -1); found != nil {
		at := found[len(found)-1]
		return text[:at[0]], strings.TrimSpace(text[at[1]:])
	}
	return "", text
}

// paragraphs takes each paragraph as a passage; a line that is a heading or
// that ends in a colon joins the paragraph below it.
func (p *prompt) paragraphs(text string) {
	var above string
	for _, part := range blank.Split(text, -1) {
		part = strings.TrimSpace(part)
		switch {
		case part == "":
		case !strings.Contains(part, "\n") && (strings.HasPrefix(part, "#") || strings.HasSuffix(part, ":")):
			above = part + "\n"
		default:
			p.passages = append(p.passages, above+part)
			above = ""
		}
	}
}

// instructions reads the bound of sentences and the words to decline with.
func (p *prompt) instructions(text string) {
	if m := bounds.FindStringSubmatch(text); m != nil {
		p.most = number(m[1])
		if m[2] != "" {
			p.most = number(m[2])
		}
	}
	for _, m := range exactly.FindAllStringSubmatchIndex(text, -1) {
		// Only an instruction with a condition: if the passages do not answer.
		from := max(0, strings.LastIndexAny(text[:m[0]], ".\n")+1)
		if conditional(text[from:m[1]]) {
			p.decline = strings.TrimSpace(strings.Trim(text[m[2]:m[3]], "'’*_"))
			return
		}
	}
}

func conditional(text string) bool {
	lower := strings.ToLower(text)
	for _, word := range []string{"if ", "when ", "unless ", "otherwise", "cannot", "can't", "not "} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

func number(s string) int {
	if n, ok := numerals[strings.ToLower(s)]; ok {
		return n
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 1
	}
	return n
}
