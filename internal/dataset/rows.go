package dataset

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
)

// jsonlRows reads one JSON value from each line that is not blank.
func jsonlRows(_, text string) rows {
	return func(yield func(row, error) bool) {
		dec := extract.NewDecoder()
		line := 0
		for content := range strings.Lines(text) {
			line++
			if strings.TrimSpace(content) == "" {
				continue
			}
			v, err := dec.Decode([]byte(content))
			if err != nil {
				err = problem.Newf("the line is not JSON: %v", err).Wanted("one whole JSON object on each line").
					Remedy("mend the line; a list over several lines belongs in a .json file")
			}
			if !yield(row{v, line}, err) {
				return
			}
		}
	}
}

// jsonRows reads a list of rows, or the one under "cases", without holding more
// than one row as a value. A mapping that says where the rows are needs the
// whole file.
func jsonRows(name, text string, m Mapping) (rows, error) {
	if m.cases != "" {
		return yamlRows(name, text, m)
	}
	return func(yield func(row, error) bool) {
		s := &jsonStream{text: text, dec: jsontext.NewDecoder(strings.NewReader(text)), values: extract.NewDecoder(), line: 1}
		if err := s.read(yield); err != nil {
			yield(row{line: s.lineAt(max(s.fault, s.dec.InputOffset()))}, err)
		}
	}, nil
}

// jsonStream walks a JSON file and counts lines as it goes.
type jsonStream struct {
	text    string
	dec     *jsontext.Decoder
	values  *extract.Decoder
	line    int // at offset counted
	counted int64
	fault   int64 // offset of a syntax error
}

// lineAt is the line at an offset that is not before the last one asked for.
func (s *jsonStream) lineAt(offset int64) int {
	if offset > s.counted {
		s.line += strings.Count(s.text[s.counted:offset], "\n")
		s.counted = offset
	}
	return s.line
}

func (s *jsonStream) read(yield func(row, error) bool) error {
	token, err := s.dec.ReadToken()
	if err != nil {
		return s.syntax(err)
	}
	switch token.Kind() {
	case '[':
		if stopped, err := s.list(yield); stopped || err != nil {
			return err
		}
	case '{':
		for s.dec.PeekKind() != '}' {
			key, err := s.dec.ReadToken()
			if err != nil {
				return s.syntax(err)
			}
			if key.String() != "cases" || s.dec.PeekKind() != '[' {
				return noList()
			}
			if _, err := s.dec.ReadToken(); err != nil {
				return s.syntax(err)
			}
			if stopped, err := s.list(yield); stopped || err != nil {
				return err
			}
		}
		if _, err := s.dec.ReadToken(); err != nil {
			return s.syntax(err)
		}
	default:
		return noList()
	}
	if _, err := s.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return problem.Newf("there is more after the list of cases").Wanted("one JSON value")
	}
	return nil
}

// list yields the elements of the list that was just opened.
func (s *jsonStream) list(yield func(row, error) bool) (stopped bool, err error) {
	for s.dec.PeekKind() != ']' {
		value, err := s.dec.ReadValue()
		if err != nil {
			return false, s.syntax(err)
		}
		line := s.lineAt(s.dec.InputOffset() - int64(len(value)))
		v, err := s.values.Decode(value)
		if !yield(row{v, line}, err) {
			return true, nil
		}
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return false, s.syntax(err)
	}
	return false, nil
}

func (s *jsonStream) syntax(err error) error {
	what := err.Error()
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		what = syntax.Err.Error()
		s.fault = min(syntax.ByteOffset, int64(len(s.text)))
		if errors.Is(err, jsontext.ErrDuplicateName) {
			what = fmt.Sprintf("the name %q occurs twice", syntax.JSONPointer.LastToken())
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		what = "it ends too early"
	}
	return problem.Newf("the file is not JSON: %s", strings.TrimPrefix(what, "jsontext: ")).Wanted("a JSON text (RFC 8259)")
}
