package yamldoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// parseJSON reads a JSON file with the same rules and the same lines as YAML.
func parseJSON(file string, text []byte) (*Doc, error) {
	r := &jsonReader{doc: newDoc(file), text: text, dec: json.NewDecoder(bytes.NewReader(text)), line: 1}
	r.dec.UseNumber()
	token, err := r.next()
	if errors.Is(err, io.EOF) {
		return nil, (&problem.Problem{File: file, What: "the file is empty"}).Wanted("a JSON value")
	}
	if err != nil {
		return nil, r.syntax(err)
	}
	if r.doc.value, err = r.value(token, "", 0); err != nil {
		return nil, err
	}
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		return nil, r.fault("more follows after the end of the value").Wanted("one JSON value in the file")
	}
	return r.doc, nil
}

// jsonReader keeps the line of the token that was read last.
type jsonReader struct {
	doc  *Doc
	text []byte
	dec  *json.Decoder
	line int
	seen int // bytes in which lines were counted
}

func (r *jsonReader) next() (json.Token, error) {
	token, err := r.dec.Token()
	r.countTo(int(r.dec.InputOffset()))
	return token, err
}

func (r *jsonReader) countTo(end int) {
	if end = min(end, len(r.text)); end > r.seen {
		r.line += bytes.Count(r.text[r.seen:end], []byte("\n"))
		r.seen = end
	}
}

func (r *jsonReader) fault(format string, args ...any) *problem.Problem {
	return &problem.Problem{File: r.doc.File, Line: r.line, What: fmt.Sprintf(format, args...)}
}

// syntax is the problem of text that is not JSON.
func (r *jsonReader) syntax(err error) error {
	var at *json.SyntaxError
	if errors.As(err, &at) {
		r.countTo(int(at.Offset) - 1)
	}
	what := strings.TrimPrefix(err.Error(), "json: ")
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		r.countTo(len(r.text))
		what = "the file ends before the value does"
	}
	p := r.fault("JSON syntax: %s", what).Wanted("valid JSON")
	p.Err = err
	return p.Remedy("check commas, quotes and brackets on this line and the one before; JSON has no comments")
}

func (r *jsonReader) value(token json.Token, at string, depth int) (any, error) {
	if _, ok := r.doc.lines[at]; !ok {
		r.doc.lines[at] = r.line
	}
	if depth > maxDepth {
		return nil, r.fault("the document is nested too deep").Wanted("at most %d levels", maxDepth)
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return r.object(at, depth)
		}
		return r.array(at, depth)
	case json.Number:
		return r.number(v)
	}
	return token, nil
}

func (r *jsonReader) object(at string, depth int) (any, error) {
	values := map[string]any{}
	own := map[string]int{}
	for r.dec.More() {
		token, err := r.next()
		if err != nil {
			return nil, r.syntax(err)
		}
		key, _ := token.(string) // the decoder lets nothing else stand here
		if first, have := own[key]; have {
			return nil, r.fault("%q stands twice; the first is on line %d", key, first).Remedy("remove one of them")
		}
		own[key] = r.line
		pointer := at + Pointer(key)
		r.doc.lines[pointer] = r.line
		if values[key], err = r.item(pointer, depth); err != nil {
			return nil, err
		}
	}
	return values, r.end()
}

func (r *jsonReader) array(at string, depth int) (any, error) {
	list := []any{}
	for r.dec.More() {
		v, err := r.item(at+"/"+strconv.Itoa(len(list)), depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, r.end()
}

func (r *jsonReader) item(at string, depth int) (any, error) {
	token, err := r.next()
	if err != nil {
		return nil, r.syntax(err)
	}
	return r.value(token, at, depth+1)
}

// end reads the closing bracket.
func (r *jsonReader) end() error {
	if _, err := r.next(); err != nil {
		return r.syntax(err)
	}
	return nil
}

func (r *jsonReader) number(n json.Number) (any, error) {
	if !strings.ContainsAny(n.String(), ".eE") {
		i, err := n.Int64()
		if err != nil || i > maxExact || i < -maxExact {
			return nil, r.fault("the integer %s is beyond 2^53 and cannot be kept exactly", n).Remedy("write it as text, in quotes")
		}
		return i, nil
	}
	f, err := n.Float64()
	if err != nil || math.IsInf(f, 0) {
		return nil, r.fault("%s is not a number that can be kept", n).Wanted("a number below 1.8e308")
	}
	return f, nil
}
