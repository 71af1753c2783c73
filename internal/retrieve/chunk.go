package retrieve

import (
	"path"
	"strconv"
	"strings"
)

// cut makes the chunks of a file.
func cut(spec ChunkSpec, name, text string) ([]chunk, error) {
	c := cutter{limit: max(1, spec.MaxTokens), text: text}
	c.overlap = max(0, min(spec.Overlap, c.limit-1))
	whole := stretch{id: name, source: name, end: len(text)}
	switch strings.ToLower(path.Ext(name)) {
	case ".jsonl", ".ndjson":
		return c.rows(name)
	case ".md", ".markdown":
		doc := parseMarkdown(text)
		c.fences = doc.fences
		if spec.By != "heading" {
			whole.start = frontMatter(text)
			break
		}
		var all []chunk
		for _, s := range doc.sections {
			all = append(all, c.parts(stretch{name + s.name, name + s.name, s.path, s.start, s.end})...)
		}
		return all, nil
	}
	return c.parts(whole), nil
}

// cutter cuts stretches of one text into parts of bounded length.
type cutter struct {
	limit, overlap int
	text           string
	fences         []token // stretches that are not cut where they fit a part
}

// stretch is a part of a text that is cut on its own.
type stretch struct {
	id, source, heading string
	start, end          int
}

// parts cuts a stretch into chunks of at most limit tokens. A blank stretch
// makes none; neighbours share overlap tokens.
func (c *cutter) parts(s stretch) []chunk {
	start, end := trim(c.text, s.start, s.end)
	if start >= end {
		return nil
	}
	tokens := tokenize(c.text[start:end])
	for i := range tokens {
		tokens[i].start += start
		tokens[i].end += start
	}
	var chunks []chunk
	for first := 0; ; {
		from, to := start, end
		if first > 0 {
			from = c.cutBetween(tokens[first-1], tokens[first])
		}
		last := first + c.limit // one past the part's last token
		if last < len(tokens) {
			last = c.breakBefore(tokens, first, last)
			to = c.cutBetween(tokens[last-1], tokens[last])
		}
		part := chunk{ID: s.id, Source: s.source, Heading: s.heading}
		if len(chunks) > 0 {
			part.ID += "~" + strconv.Itoa(len(chunks)+1)
		}
		part.Start, part.End = trim(c.text, from, to)
		part.Text = c.text[part.Start:part.End]
		chunks = append(chunks, part)
		if last >= len(tokens) {
			return chunks
		}
		first = c.next(tokens, first, last)
	}
}

// cutBetween is where a cut between two neighbouring tokens falls: at the start
// of the later one's line, so that a list's mark or an opening fence stays with
// what it opens, or else at its first sign after a blank.
func (c *cutter) cutBetween(a, b token) int {
	gap := c.text[a.end:b.start]
	if i := strings.LastIndexByte(gap, '\n'); i >= 0 {
		return a.end + i + 1
	}
	return a.end + strings.LastIndexAny(gap, " \t") + 1
}

// breakBefore chooses the token before which a part that may have first to
// last-1 ends: before a code block that it would cut and that fits the next
// part, or else in its second half after a blank line, a sentence or a line.
func (c *cutter) breakBefore(tokens []token, first, last int) int {
	if f, inside := c.fenceAt(tokens, last); inside {
		opening := last
		for opening > first && tokens[opening-1].start >= f.start {
			opening--
		}
		closing := last
		for closing < len(tokens) && tokens[closing].start < f.end {
			closing++
		}
		if opening > first && closing-opening <= c.limit {
			return opening
		}
	}
	half := first + (last-first)/2
	for _, ends := range []func(gap string) bool{endsParagraph, endsSentence, endsLine} {
		for i := last; i > max(half, first); i-- {
			if !ends(c.text[tokens[i-1].end:tokens[i].start]) {
				continue
			}
			if f, inside := c.fenceAt(tokens, i); !inside || f.start <= tokens[first].start {
				return i
			}
		}
	}
	return last
}

// next is the first token of the part after one of first to last-1. It begins
// with the overlap, but not amid a code block.
func (c *cutter) next(tokens []token, first, last int) int {
	next := max(last-c.overlap, first+1)
	for next < last {
		if _, inside := c.fenceAt(tokens, next); !inside {
			break
		}
		next++
	}
	return next
}

// fenceAt finds the code block that a cut before token i would divide.
func (c *cutter) fenceAt(tokens []token, i int) (token, bool) {
	for _, f := range c.fences {
		if tokens[i-1].start >= f.start && tokens[i].start < f.end {
			return f, true
		}
	}
	return token{}, false
}

func endsParagraph(gap string) bool {
	_, rest, found := strings.Cut(gap, "\n")
	for found {
		var line string
		if line, rest, found = strings.Cut(rest, "\n"); found && strings.TrimSpace(line) == "" {
			return true
		}
	}
	return false
}

func endsSentence(gap string) bool {
	return strings.HasPrefix(strings.TrimLeft(gap, "\"'”’)*_`"), ".") && strings.ContainsAny(gap, " \t\n") ||
		strings.ContainsAny(gap, "!?。！？") && strings.ContainsAny(gap, " \t\n。！？")
}

func endsLine(gap string) bool { return strings.Contains(gap, "\n") }

func trim(text string, start, end int) (int, int) {
	for start < end && isBlank(text[start]) {
		start++
	}
	for start < end && isBlank(text[end-1]) {
		end--
	}
	return start, end
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
