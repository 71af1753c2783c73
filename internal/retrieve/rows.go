package retrieve

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// row is a document of a JSONL file. Other fields are left aside.
type row struct {
	ID      json.RawMessage `json:"id"`
	Title   string          `json:"title"`
	Text    string          `json:"text"`
	Content string          `json:"content"` // where there is no text
}

// rows makes the chunks of a JSONL file. Offsets are those of the row in the
// file, for all of its parts.
func (c *cutter) rows(name string) ([]chunk, error) {
	var all []chunk
	lines := map[string]int{}
	at := 0
	for i, line := range strings.SplitAfter(c.text, "\n") {
		start, end := trim(c.text, at, at+len(line))
		at += len(line)
		if start == end {
			continue
		}
		r, id, err := readRow(c.text[start:end], i+1)
		if err == nil && lines[id] > 0 {
			err = problem.Newf("the id %q stands twice; first on line %d", id, lines[id]).Remedy("give each row an id of its own")
		}
		if err != nil {
			return nil, err.At(name, i+1)
		}
		lines[id] = i + 1
		source := name + "#" + id
		inner := cutter{limit: c.limit, overlap: c.overlap, text: r.Text}
		for _, part := range inner.parts(stretch{source, source, r.Title, 0, len(r.Text)}) {
			part.Start, part.End = start, end
			all = append(all, part)
		}
	}
	return all, nil
}

// readRow reads a row and its id, which is the line's number where it has none.
func readRow(line string, number int) (row, string, *problem.Problem) {
	var r row
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		what := "the row is not JSON: " + err.Error()
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &kind) && kind.Field == "":
			what = fmt.Sprintf("the row is %s %s", article(kind.Value), kind.Value)
		case errors.As(err, &kind):
			what = fmt.Sprintf("%q is %s %s", kind.Field, article(kind.Value), kind.Value)
		}
		return r, "", &problem.Problem{What: what, Want: `one object a line, such as {"id": "a1", "text": "..."}`, Err: err}
	}
	if r.Text == "" {
		r.Text = r.Content
	}
	if strings.TrimSpace(r.Text) == "" {
		return r, "", problem.Newf("the row has no text").Wanted(`a string in "text" or "content"`)
	}
	id := strings.TrimSpace(string(r.ID))
	switch {
	case id == "" || id == "null" || id == `""`:
		return r, strconv.Itoa(number), nil
	case id[0] == '"':
		var s string
		if err := json.Unmarshal(r.ID, &s); err != nil {
			return r, "", problem.Newf("the row's id cannot be read: %v", err)
		}
		return r, s, nil
	case id[0] == '-' || '0' <= id[0] && id[0] <= '9':
		return r, id, nil
	}
	return r, "", problem.Newf("the row's id is no name").Wanted("a string or a number")
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an"
	}
	return "a"
}
