package sqlquery

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/local/token"
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
	sql := c.scoped(since, until)
	if expr == nil {
		return sql, nil
	}
	wanted, err := c.expr(expr)
	return sql + " AND " + wanted, err
}

// scoped is the clause without a filter.
func (c *condition) scoped(since, until int64) string {
	parts := []string{fmt.Sprintf("project = %d", c.scope.Project)}
	if n := c.scope.Newest; n != (Ref{}) {
		parts = append(parts, fmt.Sprintf("(seg < %d OR (seg = %d AND ord <= %d))", n.Segment, n.Segment, n.Ordinal))
	}
	if len(c.scope.Only) > 0 {
		packed := make([]uint64, len(c.scope.Only))
		for i, at := range c.scope.Only {
			packed[i] = uint64(at.Segment)<<32 | uint64(at.Ordinal)
		}
		c.args = append(c.args, packed)
		parts = append(parts, "((seg::UBIGINT << 32) | ord) IN (SELECT unnest(?::UBIGINT[]))")
	}
	if since != 0 {
		parts = append(parts, fmt.Sprintf("start >= %d", since))
	}
	if until != 0 {
		parts = append(parts, fmt.Sprintf("start < %d", until))
	}
	return strings.Join(parts, " AND ")
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
	case filter.FieldText:
		if i := e.Value.Int; e.Op == "" && i >= 0 && i < int64(len(c.scope.Near)) {
			return c.near(c.scope.Near[i]), nil
		}
	}
	return "", fmt.Errorf("the index does not know the field %s", e.Field)
}

// text compares a column of dictionary ids.
func (c *condition) text(column string, dim Dim, e *filter.Cond) (string, error) {
	there := column + " <> 0"
	if e.Op == filter.Has {
		return "(" + there + ")", nil
	}
	match, negated, err := match("text", e)
	if err != nil {
		return "", err
	}
	among, err := c.among(column, dim, e, negated, Statement{fmt.Sprintf("SELECT id FROM dict WHERE dim = %d AND %s", dim, match.SQL), match.Args})
	return fmt.Sprintf("(%s AND %s)", there, among), err
}

// mostIDs bounds the numbers that stand in a condition: each row is compared with
// them one after the other.
const mostIDs = 32

// among holds where a column is among the numbers that a statement gives, or not.
func (c *condition) among(column string, dim Dim, e *filter.Cond, negated bool, st Statement) (string, error) {
	not := ""
	if negated {
		not = "NOT "
	}
	ids, few, err := c.ids(dim, e, st)
	switch {
	case err != nil:
		return "", err
	case !few:
		c.args = append(c.args, st.Args...)
		return fmt.Sprintf("%s %sIN (%s)", column, not, st.SQL), nil
	case len(ids) == 0:
		return strings.ToUpper(strconv.FormatBool(negated)), nil
	case len(ids) <= 3: // which DuckDB compares with what it knows of a block of rows
		return fmt.Sprintf("%s %sIN (%s)", column, not, numbers(ids)), nil
	default: // IN would be a join again
		return fmt.Sprintf("%slist_contains([%s], %s)", not, numbers(ids), column), nil
	}
}

// ids are the numbers that a statement gives, if they may be had and are few.
func (c *condition) ids(dim Dim, e *filter.Cond, st Statement) (ids []uint32, few bool, err error) {
	if c.scope.Find == nil || c.scope.IDs == nil {
		return nil, false, nil
	}
	if dim != Tags && (e.Op == filter.Equal || e.Op == filter.Unequal) && e.Value.Text != "" {
		if id, ok := c.scope.Find(dim, e.Value.Text); ok {
			ids = []uint32{id}
		}
		return ids, true, nil
	}
	st.SQL += fmt.Sprintf(" LIMIT %d", mostIDs+1)
	ids, err = c.scope.IDs(st)
	return ids, len(ids) <= mostIDs, err
}

func numbers(ids []uint32) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatUint(uint64(id), 10)
	}
	return strings.Join(texts, ", ")
}

// match is a condition on a text, turned positive where it is a negation.
func match(column string, e *filter.Cond) (st Statement, negated bool, err error) {
	text := e.Value.Text
	switch e.Op {
	case filter.Equal, filter.Unequal:
		return Statement{column + " = ?", []any{text}}, e.Op == filter.Unequal, nil
	case filter.Match, filter.NoMatch:
		return Statement{"regexp_matches(" + column + ", ?)", []any{text}}, e.Op == filter.NoMatch, nil
	case filter.Words:
		return Statement{"regexp_matches(" + column + ", ?)", []any{token.NewPhrase(text).Pattern()}}, false, nil
	case filter.Less, filter.LessEqual, filter.Greater, filter.GreaterEqual:
		return Statement{column + " " + string(e.Op) + " ?", []any{text}}, false, nil
	}
	return Statement{}, false, fmt.Errorf("%s cannot be compared with %s", e.Field, e.Op)
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
	match, negated, err := match("tag", e)
	if err != nil {
		return "", err
	}
	among, err := c.among("tags_id", Tags, e, negated, Statement{fmt.Sprintf("SELECT DISTINCT id FROM %s WHERE %s", tagsets, match.SQL), match.Args})
	return fmt.Sprintf("(tags_id <> 0 AND %s)", among), err
}

// tagsets has a row for each tag of each set of tags. The text of a set that was
// erased is empty.
const tagsets = `(SELECT id, unnest(from_json(text, '["VARCHAR"]')) AS tag FROM dict WHERE dim = 14 AND text <> '')`

// near holds for what is in one of some groups, itself or by a log record.
func (c *condition) near(groups []Group) string {
	const among = group + " IN (SELECT unnest(?::UBIGINT[]))"
	numbers := make([]uint64, len(groups))
	for i, g := range groups {
		numbers[i] = uint64(g)
	}
	c.args = append(c.args, numbers)
	if !c.scope.Logs {
		return "(" + among + ")"
	}
	c.args = append(c.args, numbers)
	return fmt.Sprintf("(%s OR (hi, lo, span) IN (SELECT (hi, lo, span) FROM logs WHERE project = %d AND %s))", among, c.scope.Project, among)
}

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
