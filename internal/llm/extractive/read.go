package extractive

import (
	"regexp"
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
	marker = regexp.MustCompile(`(?im)^[ \t*_#>]*(?:(?:user'?s? |customer'?s? )?(?:question|query)|q)(?:[ \t*_]*:[ \t*_]*|[ \t]*$)`)
	blank  = regexp.MustCompile(`\n[ \t]*\n`)
	// orders is how a paragraph of instructions begins that stands before the passages.
	orders = regexp.MustCompile(`(?i)^(?:you are|your task|use|using|answer|reply|respond|read|given|based on|here (?:is|are)|below (?:is|are)|please|only|do not|don't|if)\b`)
	about  = regexp.MustCompile(`(?i)\b(?:questions?|answer|context|below|following|above)\b`)
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
		text := strings.ReplaceAll(m.Content, "\r\n", "\n")
		switch {
		case m.Role == "system" || m.Role == "developer":
			p.instructions(p.takeBlocks(text))
		case i == last:
			p.question = ""
			p.user(text)
		case m.Role == "user":
			p.user(text)
		}
	}
	return p
}

// user reads a user message: its passages, its question, and what else it has
// as instructions.
func (p *prompt) user(text string) {
	had := len(p.passages)
	text = p.takeBlocks(text)
	before, question, after := splitQuestion(text, p.question != "")
	if question != "" {
		p.question = question
	}
	if len(p.passages) > had {
		// Where passages are marked, what is not marked is none.
		p.instructions(before + "\n\n" + after)
		return
	}
	p.paragraphs(before)
	p.paragraphs(after)
}

// splitQuestion finds the question of a user message: after a marker, or in the
// last paragraph, unless it is known already.
func splitQuestion(text string, known bool) (before, question, after string) {
	text = strings.TrimSpace(text)
	if found := marker.FindAllStringIndex(text, -1); found != nil {
		at := found[len(found)-1]
		rest := strings.TrimLeft(text[at[1]:], " \t\n")
		question, after = rest, ""
		if end := blank.FindStringIndex(rest); end != nil {
			question, after = rest[:end[0]], rest[end[1]:]
		}
		return text[:at[0]], withoutCue(question), after
	}
	if known {
		return text, "", ""
	}
	for text != "" {
		from := 0
		if found := blank.FindAllStringIndex(text, -1); found != nil {
			from = found[len(found)-1][1]
		}
		if question = withoutCue(text[from:]); question != "" {
			return text[:from], question, ""
		}
		text = strings.TrimSpace(text[:from])
	}
	return "", "", ""
}

// withoutCue drops a last line such as "Answer:".
func withoutCue(question string) string {
	question = strings.TrimSpace(question)
	if strings.HasSuffix(question, ":") {
		question = strings.TrimSpace(question[:strings.LastIndexByte(question, '\n')+1])
	}
	return question
}

// paragraphs takes each paragraph as a passage, or as instructions when it reads
// like some; a line that is a heading or that ends in a colon joins the
// paragraph below it.
func (p *prompt) paragraphs(text string) {
	var above string
	for _, part := range blank.Split(text, -1) {
		part = strings.TrimSpace(part)
		switch {
		case part == "":
		case orders.MatchString(part) && about.MatchString(part):
			p.instructions(part)
		case !strings.Contains(part, "\n") && (strings.HasPrefix(part, "#") || strings.HasSuffix(part, ":")):
			above = part + "\n"
		default:
			p.passages = append(p.passages, above+part)
			above = ""
		}
	}
}
