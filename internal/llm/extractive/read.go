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
	perhaps  string // of the system message: passages if there are no others, or else instructions
	most     int    // sentences of an answer
	decline  string // what to say when the passages do not answer; "" for never
}

var (
	marker = regexp.MustCompile(`(?im)^[ \t*_#>]*(?:(?:user'?s? |customer'?s? )?(?:question|query)|q)(?:[ \t*_]*:[ \t*_]*|[ \t]*$)`)
	blank  = regexp.MustCompile(`\n[ \t]*\n`)
	// orders is how a paragraph of instructions begins that stands before the passages.
	orders = regexp.MustCompile(`(?i)^(?:you are|your task|use|using|answer|reply|respond|read|given|based on|here (?:is|are)|below (?:is|are)|please|only|do not|don't|if)\b`)
	// label is a line that says that texts to answer from follow.
	label = regexp.MustCompile(`(?im)^(?:#{1,6}[ \t]+)?[*_]*(?:(?:the|your|our|help|reference|house|retrieved|relevant|search|knowledge)[ \t]+){0,2}` +
		`(?:context|articles?|documents?|passages?|sources?|pages?|excerpts?|sections|texts?|notes|facts|information|base|background|results|material|manual|handbook)[ \t]*[:*_]*[ \t]*$`)
	about = regexp.MustCompile(`(?i)\b(?:questions?|answer|context|below|following|above)\b`)
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
			p.system(p.takeBlocks(text))
		case i == last:
			p.question = ""
			p.user(text)
		case m.Role == "user":
			p.user(text)
		}
	}
	if len(p.passages) > 0 {
		p.instructions(p.perhaps)
	} else {
		p.paragraphs(p.perhaps)
	}
	return p
}

// system reads a system message: instructions, and below a heading or a label
// such as "Context:" passages, if no others are given.
func (p *prompt) system(text string) {
	if at := label.FindStringIndex(text); at != nil {
		p.perhaps += "\n\n" + text[at[1]:]
		text = text[:at[0]]
	}
	p.instructions(text)
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

// splitQuestion finds the question of a user message, unless it is known
// already: after a marker, or else in the last paragraph, or in the one before
// when the last says how to answer, or in the first when it asks and the last
// does not.
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
	parts := blank.Split(text, -1)
	for len(parts) > 0 && withoutCue(parts[len(parts)-1]) == "" {
		parts = parts[:len(parts)-1]
	}
	if len(parts) == 0 {
		return "", "", ""
	}
	at := len(parts) - 1
	if at > 0 && !isQuestion(parts[at]) {
		switch {
		case isOrder(parts[at]) && isQuestion(parts[at-1]):
			at--
		case isQuestion(parts[0]):
			at = 0
		}
	}
	return strings.Join(parts[:at], "\n\n"), withoutCue(parts[at]), strings.Join(parts[at+1:], "\n\n")
}

func isQuestion(paragraph string) bool {
	return strings.HasSuffix(strings.TrimRight(withoutCue(paragraph), "\"'”’)*_ "), "?")
}

// isOrder reports whether a paragraph says how to answer.
func isOrder(paragraph string) bool {
	return orders.MatchString(paragraph) && about.MatchString(paragraph)
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
		case isOrder(part):
			p.instructions(part)
		case !strings.Contains(part, "\n") && (strings.HasPrefix(part, "#") || strings.HasSuffix(part, ":")):
			above = part + "\n"
		default:
			p.passages = append(p.passages, above+part)
			above = ""
		}
	}
}
