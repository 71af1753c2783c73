package dataset

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// csvRows reads RFC 4180 with a header. Without a mapping, the header is one:
// its columns are targets. An empty cell is left out, except of an input, where
// it is the empty text.
func csvRows(name, text string, m Mapping) (rows, Mapping, error) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, m, (&problem.Problem{File: name, Line: 1, What: "the file is empty"}).Wanted("a header of column names, then a line for each case")
	}
	if err != nil {
		p := csvProblem(err)
		return nil, m, p.At(name, p.Line)
	}
	line, _ := reader.FieldPos(0)
	columns, m, err := csvColumns(header, m)
	if err != nil {
		return nil, m, asProblem(err).At(name, line)
	}
	return func(yield func(row, error) bool) {
		for {
			record, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			r := row{}
			switch {
			case err != nil:
				p := csvProblem(err)
				r.line, err = p.Line, p
			case len(record) != len(header):
				r.line, _ = reader.FieldPos(0)
				err = problem.Newf("the row has %s", columnCount(len(record))).
					Wanted("%s, as in the header: %s", columnCount(len(header)), list(header)).
					Remedy(`put a value with commas, quotes or line breaks in "quotes"`)
			default:
				r.line, _ = reader.FieldPos(0)
				r.value = csvRow(columns, record)
			}
			if !yield(r, err) {
				return
			}
		}
	}, m, nil
}

// column is a column of a CSV file.
type column struct {
	name      string
	keepEmpty bool
}

// csvColumns pairs the header with the mapping, or makes one of the header.
func csvColumns(header []string, m Mapping) ([]column, Mapping, error) {
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t") {
		return nil, m, problem.Newf("the columns are not separated by commas").Wanted("a header such as id,input.question").
			Remedy("export it with commas")
	}
	columns := make([]column, len(header))
	seen := make(map[string]bool)
	for i, name := range header {
		if seen[name] {
			return nil, m, problem.Newf("the column %q occurs twice in the header", name).Wanted("names that differ")
		}
		seen[name] = true
		columns[i] = column{name: name, keepEmpty: true}
	}
	if len(m.entries) > 0 {
		for _, e := range m.entries {
			if e.column != "" && !seen[e.column] && !e.optional {
				return nil, m, problem.Newf("map.%s names the column %q, which the file does not have", e.target, e.column).
					Wanted("one of: %s", list(header)).Remedy("%s", problem.DidYouMean(e.column, header))
			}
		}
		return columns, m, nil
	}
	for i, name := range header {
		entry, err := parseEntry(name, name)
		if err != nil {
			return nil, m, problem.Newf("the column %q is not a field of a case", name).Wanted("%s", targets).
				Remedy("call it input.%s, or keep the file as it is and write map: {input.%s: %s}", name, name, name)
		}
		entry.column, entry.path = name, nil
		entry.optional = entry.field != "input"
		columns[i].keepEmpty = entry.field == "input"
		m.entries = append(m.entries, entry)
	}
	slices.SortFunc(m.entries, func(a, b mapEntry) int { return strings.Compare(a.target, b.target) })
	return columns, m, m.check()
}

func columnCount(n int) string {
	if n == 1 {
		return "1 column"
	}
	return strconv.Itoa(n) + " columns"
}

func csvRow(columns []column, record []string) map[string]any {
	object := make(map[string]any, len(record))
	for i, cell := range record {
		if cell != "" || columns[i].keepEmpty {
			object[columns[i].name] = cell
		}
	}
	return object
}

func csvProblem(err error) *problem.Problem {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return asProblem(err)
	}
	p := problem.Newf("the row is not CSV: %v", parse.Err).Wanted("RFC 4180: a value with quotes is quoted, and its quotes are doubled")
	p.Line, p.Col = parse.StartLine, parse.Column
	return p
}
