// Package sqlquery writes the questions of package spanstore in SQL, over the
// tables of spanstore/local/index/schema.sql.
//
// It knows the tables and the meaning of every condition, and nothing of
// connections: a function returns a Statement, the index runs it and reads the
// rows in the order that the function's comment gives. Texts that users write
// are always arguments; numbers, which include ids with the highest bit set that
// database/sql cannot pass, stand in the text.
//
// Every condition is true or false, never unknown: a comparison with something
// that is not there is false, and NOT turns it.
package sqlquery

// Statement is SQL text with the arguments of its question marks.
type Statement struct {
	SQL  string
	Args []any
}

// Scope is what a query may see: one project, and of it what had arrived when
// the first page was read.
type Scope struct {
	Project uint32
	Newest  Ref // last item that counts; zero: all

	// Segments, where there are any, are those in which all is that TraceSpans and
	// LogsOf ask for, so that not all rows need be read.
	Segments []uint32

	// Only, where there are any, are the places of the spans that count: those that
	// conditions hold for which no engine answers, such as one on text.
	Only []Ref

	// Near has for conditions on text, by the number that each has for a value and
	// without a comparison, the groups of places among which there is whatever it
	// holds for: of spans, and of log records that name spans where Logs is set.
	Near [][]Group
	Logs bool

	// Parts are the tables that the view spans joins, if the engine answers a
	// list faster from each than from the view (DuckDB reads few columns of what
	// it sorts only in a table: 12 ms for 190); empty: the view.
	Parts []string

	// Find is the number of a text of the dictionary, and IDs gives the numbers
	// that a statement asks the dictionary for. With them a condition on texts is
	// one on a few numbers. DuckDB skips what such a condition and an order leave
	// out (the newest 50 of ten million rows: 3 ms); a join with the dictionary
	// keeps it from that (190 ms). Nil: a join.
	Find func(dim Dim, text string) (id uint32, ok bool)
	IDs  func(Statement) ([]uint32, error)
}

// Ref is a place in the project's log.
type Ref struct{ Segment, Ordinal uint32 }

// Group is 256 neighbouring places.
type Group uint64

// GroupOf is the group of a place.
func GroupOf(r Ref) Group { return Group(r.Segment)<<24 | Group(r.Ordinal>>8) }

const group = "((seg::UBIGINT << 24) | (ord >> 8))" // GroupOf, of a row

// Dim is a dimension of the dictionary; the numbers are kept in the index.
type Dim uint8

// The dimensions.
const (
	Name Dim = iota + 1
	Reason
	Provider
	Model // answered and asked
	Config
	Version
	Label
	Feature
	User
	Session
	Environment
	Service
	Finish
	Tags // a set of tags: a JSON array, sorted
	Project
)
