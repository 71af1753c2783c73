package retrieve

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// cut makes the chunks of a file.
func cut(spec ChunkSpec, name, text string) ([]chunk, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".jsonl", ".ndjson":
		return cutRows(spec, name, text)
	case ".md", ".markdown":
		if spec.By == "heading" {
			return cutSections(spec, name, text), nil
		}
	}
	return pieces(spec, name, name, "", text, 0, len(text)), nil
}

// cutSections makes a chunk of each section, and several of a long one.
func cutSections(spec ChunkSpec, name, text string) []chunk {
	var all []chunk
	for _, s := range sections(text) {
		id := name
		if s.slug != "" {
			id += "#" + s.slug
		}
		all = append(all, pieces(spec, id, id, s.path, text, s.start, s.end)...)
	}
	return all
}

// pieces cuts a stretch of text into parts of at most MaxTokens, at blank lines
// or else at line and word ends. What is blank makes no chunk.
func pieces(spec ChunkSpec, id, source, heading, text string, start, end int) []chunk {
	start, end = trim(text, start, end)
	if start >= end {
		return nil
	}
	tokens := tokenize(text[start:end])
	limit, overlap := max(1, spec.MaxTokens), max(0, min(spec.Overlap, spec.MaxTokens-1))
	var parts []chunk
	for first := 0; ; {
		last := min(first+limit, len(tokens)) // one past the part's last token
		from, to := start, end
		if first > 0 {
			from = start + tokens[first].start
		}
		if last < len(tokens) {
			last = breakBefore(text[start:end], tokens, first, last)
			to = start + tokens[last].start
		}
		part := chunk{ID: id, Source: source, Heading: heading}
		if len(parts) > 0 {
			part.ID += "~" + strconv.Itoa(len(parts)+1)
		}
		part.Start, part.End = trim(text, from, to)
		part.Text = text[part.Start:part.End]
		parts = append(parts, part)
		if last >= len(tokens) {
			return parts
		}
		first = max(last-overlap, first+1)
	}
}

// breakBefore moves the end of a part back to the last blank line, or line end,
// in its second half; otherwise it leaves it.
func breakBefore(text string, tokens []token, first, last int) int {
	half := first + (last-first)/2
	for _, mark := range []string{"\n\n", "\n"} {
		for i := last; i > half && i > first; i-- {
			if strings.Contains(text[tokens[i-1].end:tokens[i].start], mark) {
				return i
			}
		}
	}
	return last
}

func trim(text string, start, end int) (int, int) {
	for start < end && strings.ContainsRune(" \t\r\n", rune(text[start])) {
		start++
	}
	for start < end && strings.ContainsRune(" \t\r\n", rune(text[end-1])) {
		end--
	}
	return start, end
}

// cutRows makes chunks of the rows of a JSONL file: {id, text} or {id, content},
// and a title.
func cutRows(spec ChunkSpec, name, text string) ([]chunk, error) {
	var all []chunk
	seen := map[string]int{}
	at := 0
	for number, line := range strings.SplitAfter(text, "\n") {
		start := at
		at += len(line)
		if strings.TrimSpace(line) == "" {
			continue
		}
		var row struct {
			ID      any    `json:"id"`
			Title   string `json:"title"`
			Text    string `json:"text"`
			Content string `json:"content"`
		}
		place := &problem.Problem{File: name, Line: number + 1, Want: `an object such as {"id": "a1", "text": "..."}`}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			place.What, place.Err = "the row is not a document: "+err.Error(), err
			return nil, place
		}
		body := row.Text
		if body == "" {
			body = row.Content
		}
		if body == "" {
			place.What = "the row has no text"
			return nil, place
		}
		id := strconv.Itoa(number + 1)
		if row.ID != nil {
			id = fmt.Sprint(row.ID)
		}
		if first, twice := seen[id]; twice {
			place.What = fmt.Sprintf("the id %q stands twice; the first is on line %d", id, first)
			return nil, place
		}
		seen[id] = number + 1
		source := name + "#" + id
		for _, c := range pieces(spec, source, source, row.Title, body, 0, len(body)) {
			// Offsets are those of the row: its text is not a stretch of the file.
			c.Start, c.End = start, start+len(strings.TrimRight(line, "\r\n"))
			all = append(all, c)
		}
	}
	return all, nil
}
