package sqlquery

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/trace"
)

// textColumns are the columns of fields that the dictionary holds.
var textColumns = map[filter.Field]struct {
	column string
	dim    Dim
}{
	filter.FieldName: {"name_id", Name}, filter.FieldReason: {"reason_id", Reason},
	filter.FieldProvider: {"provider_id", Provider}, filter.FieldModel: {"model_id", Model},
	filter.FieldAsked: {"asked_id", Model}, filter.FieldConfig: {"config_id", Config},
	filter.FieldVersion: {"version_id", Version}, filter.FieldLabel: {"label_id", Label},
	filter.FieldFeature: {"feature_id", Feature}, filter.FieldUser: {"user_id", User},
	filter.FieldSession: {"session_id", Session}, filter.FieldEnvironment: {"environment_id", Environment},
	filter.FieldService: {"service_id", Service}, filter.FieldFinish: {"finish_id", Finish},
}

// numberColumns are the expressions of fields that are numbers; NULL is unknown.
var numberColumns = map[filter.Field]string{
	filter.FieldCost: "coalesce(cost_sent, cost_calc)", filter.FieldLatency: "dur", filter.FieldTTFT: "ttft",
	filter.FieldTokens: "(t_in + t_out)", filter.FieldTokensIn: "t_in", filter.FieldTokensOut: "t_out",
}

// condition gathers a WHERE clause and its arguments.
type condition struct {
	scope Scope
	args  []any
}

// where is the whole clause of a query: project, snapshot, times and filter.
func (c *condition) where(expr filter.Expr, since, until int64) (string, error) {
	parts := []string{fmt.Sprintf("project = %d", c.scope.Project)}
	if n := c.scope.Newest; n != (Ref{}) {
		parts = append(parts, fmt.Sprintf("(seg < %d OR (seg = %d AND ord <= %d))", n.Segment, n.Segment, n.Ordinal))
	}
	if since != 0 {
		parts = append(parts, fmt.Sprintf("start >= %d", since))
	}
	if until != 0 {
		parts = append(parts, fmt.Sprintf("start < %d", until))
	}
	if expr != nil {
		sql, err := c.expr(expr)
		if err != nil {
			return "", err
		}
		parts = append(parts, sql)
	}
	return strings.Join(parts, " AND "), nil
}

func (c *condition) expr(e filter.Expr) (string, error) {
	switch e := e.(type) {
	case nil:
		return "TRUE", nil
	case filter.And:
		return c.join(e, " AND ", "TRUE")
	case filter.Or:
		return c.join(e, " OR ", "FALSE")
	case filter.Not:
		sql, err := c.expr(e.Expr)
		return "(NOT " + sql + ")", err
	case filter.Cond:
		return c.cond(&e)
	default:
		return "", fmt.Errorf("a filter holds a %T, which is no condition", e)
	}
}

func (c *condition) join(parts []filter.Expr, word, empty string) (string, error) {
	if len(parts) == 0 {
		return empty, nil
	}
	texts := make([]string, len(parts))
	for i, part := range parts {
		var err error
		if texts[i], err = c.expr(part); err != nil {
			return "", err
		}
	}
	return "(" + strings.Join(texts, word) + ")", nil
}

func (c *condition) cond(e *filter.Cond) (string, error) {
	if col, ok := textColumns[e.Field]; ok {
		return c.text(col.column, col.dim, e)
	}
	if column, ok := numberColumns[e.Field]; ok {
		return number(column, e, strconv.FormatInt(e.Value.Int, 10))
	}
	switch e.Field {
	case filter.FieldTrace:
		return identity(e, "", "hi", "lo")
	case filter.FieldSpan:
		return identity(e, "", "span")
	case filter.FieldParent:
		return identity(e, "parent <> 0 AND ", "parent")
	case filter.FieldRoot:
		return truth("(parent = 0)", e, e.Value.Truth)
	case filter.FieldStatus:
		return truth("error", e, e.Value.Text == "error")
	case filter.FieldKind:
		var kind trace.Kind
		if e.Op == filter.Has {
			return "(kind <> 0)", nil
		}
		if err := kind.UnmarshalText([]byte(e.Value.Text)); err != nil {
			return "", err
		}
		return truth(fmt.Sprintf("(kind = %d)", kind), e, true)
	case filter.FieldSince:
		return fmt.Sprintf("(start >= %d)", e.Value.Int), nil
	case filter.FieldUntil:
		return fmt.Sprintf("(start < %d)", e.Value.Int), nil
	case filter.FieldTag:
		return c.tag(e)
	case filter.FieldScore:
		return c.score(e)
	}
	return "", fmt.Errorf("the index does not know the field %s", e.Field)
}

// text compares a column of dictionary ids.
func (c *condition) text(column string, dim Dim, e *filter.Cond) (string, error) {
	there := column + " <> 0"
	if e.Op == filter.Has {
		return "(" + there + ")", nil
	}
	match, negated, err := c.match("text", e)
	if err != nil {
		return "", err
	}
	in := "IN"
	if negated {
		in = "NOT IN"
	}
	return fmt.Sprintf("(%s AND %s %s (SELECT id FROM dict WHERE dim = %d AND %s))", there, column, in, dim, match), nil
}

// match is a condition on a text, turned positive where it is a negation.
func (c *condition) match(column string, e *filter.Cond) (sql string, negated bool, err error) {
	switch e.Op {
	case filter.Equal, filter.Unequal:
		c.args = append(c.args, e.Value.Text)
		return column + " = ?", e.Op == filter.Unequal, nil
	case filter.Match, filter.NoMatch:
		c.args = append(c.args, e.Value.Text)
		return "regexp_matches(" + column + ", ?)", e.Op == filter.NoMatch, nil
	case filter.Words:
		c.args = append(c.args, asciiLower(e.Value.Text))
		return "contains(" + lowered(column) + ", ?)", false, nil
	case filter.Less, filter.LessEqual, filter.Greater, filter.GreaterEqual:
		c.args = append(c.args, e.Value.Text)
		return column + " " + string(e.Op) + " ?", false, nil
	}
	return "", false, fmt.Errorf("%s cannot be compared with %s", e.Field, e.Op)
}

// number compares a nullable expression with a literal.
func number(column string, e *filter.Cond, literal string) (string, error) {
	op := string(e.Op)
	switch e.Op {
	case filter.Has:
		return "(" + column + " IS NOT NULL)", nil
	case filter.Unequal:
		op = "<>"
	case filter.Equal, filter.Less, filter.LessEqual, filter.Greater, filter.GreaterEqual:
	default:
		return "", fmt.Errorf("%s cannot be compared with %s", e.Field, e.Op)
	}
	return fmt.Sprintf("(%s IS NOT NULL AND %s %s %s)", column, column, op, literal), nil
}

// truth compares a condition that is never NULL with wanted.
func truth(column string, e *filter.Cond, wanted bool) (string, error) {
	switch e.Op {
	case filter.Has:
		return column, nil
	case filter.Equal, filter.Words:
	case filter.Unequal:
		wanted = !wanted
	default:
		return "", fmt.Errorf("%s cannot be compared with %s", e.Field, e.Op)
	}
	if wanted {
		return column, nil
	}
	return "(NOT " + column + ")", nil
}

// identity compares columns of ids with hex digits.
func identity(e *filter.Cond, there string, columns ...string) (string, error) {
	if e.Op == filter.Has {
		return "(" + there + "TRUE)", nil
	}
	if e.Op != filter.Equal && e.Op != filter.Unequal {
		return "", fmt.Errorf("%s cannot be compared with %s", e.Field, e.Op)
	}
	if len(e.Value.Text) != 16*len(columns) {
		return "", fmt.Errorf("%s has %d hex digits", e.Field, 16*len(columns))
	}
	parts := make([]string, len(columns))
	for i, column := range columns {
		n, err := strconv.ParseUint(e.Value.Text[16*i:16*i+16], 16, 64)
		if err != nil {
			return "", fmt.Errorf("%s is written in hex digits: %w", e.Field, err)
		}
		parts[i] = fmt.Sprintf("%s = %d", column, n)
	}
	not := ""
	if e.Op == filter.Unequal {
		not = "NOT "
	}
	return fmt.Sprintf("(%s%s(%s))", there, not, strings.Join(parts, " AND ")), nil
}

// tag compares each of the tags of a span; one is enough, and a negation needs
// tags of which none does.
func (c *condition) tag(e *filter.Cond) (string, error) {
	if e.Op == filter.Has {
		return "(tags_id <> 0)", nil
	}
	match, negated, err := c.match("tag", e)
	if err != nil {
		return "", err
	}
	in := "IN"
	if negated {
		in = "NOT IN"
	}
	return fmt.Sprintf("(tags_id <> 0 AND tags_id %s (SELECT id FROM %s WHERE %s))", in, tagsets, match), nil
}

// tagsets has a row for each tag of each set of tags. The text of a set that was
// erased is empty.
const tagsets = `(SELECT id, unnest(from_json(text, '["VARCHAR"]')) AS tag FROM dict WHERE dim = 14 AND text <> '')`

// score compares the latest score of a name about the span or about its trace.
func (c *condition) score(e *filter.Cond) (string, error) {
	value, err := "TRUE", error(nil)
	if e.Op != filter.Has {
		if value, err = number("value", e, strconv.FormatFloat(e.Value.Number, 'g', -1, 64)+"::DOUBLE"); err != nil {
			return "", err
		}
	}
	from := fmt.Sprintf("FROM scores WHERE project = %d AND latest AND name = ? AND %s AND (hi <> 0 OR lo <> 0)", c.scope.Project, value)
	c.args = append(c.args, e.Key, e.Key)
	return fmt.Sprintf("((hi, lo, span) IN (SELECT (hi, lo, span) %s AND span <> 0) OR (hi, lo) IN (SELECT (hi, lo) %s AND span = 0))", from, from), nil
}

// lowered lower-cases the ASCII letters of a column and no others, on every
// engine alike.
func lowered(column string) string {
	return "translate(" + column + ", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')"
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
